//! The model card of the Coalition for Health AI, version 0.2, as XML:
//! <https://github.com/coalition-for-health-ai/mc-schema>.

use super::facts::{Facts, NOT_STATED};
use serde_json::Value;

const START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <AppliedModelCard xmlns=\"https://mc.chai.org/v0.2/schema.xsd\">";
const END: &str = "</AppliedModelCard>\n";

/// An element of the card.
enum Part {
    /// Other elements.
    Group(&'static str, &'static [Part]),
    /// The statements of these attributes, one after another.
    Text(&'static str, &'static [&'static str]),
    /// A statement; the element is left out without it.
    Optional(&'static str, &'static str),
    /// Statements separated by commas, each in an inner element.
    List(&'static str, &'static str, &'static str),
    /// The same; the element is left out without any.
    OptionalList(&'static str, &'static str, &'static str),
    /// The results of a test: the statements of these attributes.
    Results(&'static [&'static str]),
}

use Part::{Group, List, Optional, OptionalList, Results, Text};

/// The elements in the order of the schema.
static CARD: &[Part] = &[
    Group(
        "BasicInfo",
        &[
            Text("ModelName", &["name"]),
            Text("ModelDeveloper", &["developer"]),
            Text("DeveloperContact", &["contact"]),
        ],
    ),
    Group(
        "ReleaseInfo",
        &[
            Text("ReleaseStage", &["release-stage"]),
            Text("ReleaseDate", &["release-date"]),
            Text("ReleaseVersion", &["version"]),
            Text("GlobalAvailability", &["availability"]),
            OptionalList("EHRCompatibility", "EHR", "ehr"),
            Optional("RegulatoryApproval", "approval"),
        ],
    ),
    Group(
        "ModelSummary",
        &[Text("Summary", &["summary"]), List("Keywords", "Keyword", "keywords")],
    ),
    Group(
        "UsesAndDirections",
        &[
            Text("IntendedUseAndWorkflow", &["intended-use", "decision-role"]),
            Text("PrimaryIntendedUsers", &["intended-users"]),
            Text("HowToUse", &["directions"]),
            Text("TargetedPatientPopulation", &["intended-population"]),
            Text("CautionedOutOfScopeSettings", &["cautioned-uses"]),
        ],
    ),
    Group(
        "Warnings",
        &[
            Text("KnownRisksAndLimitations", &["known-risks"]),
            Text("KnownBiasesOrEthicalConsiderations", &["known-biases", "sensitive-inputs"]),
            Text("ClinicalRiskLevel", &["risk-level"]),
        ],
    ),
    Group(
        "TrustIngredients",
        &[
            Group(
                "AISystemFacts",
                &[
                    Text("OutcomesAndOutputs", &["output", "output-type"]),
                    Text("ModelType", &["model-type"]),
                    Optional("FoundationModels", "foundation-models"),
                    Text("InputDataSource", &["input-source"]),
                    Text("OutputAndInputDataTypes", &["data-types"]),
                    Text(
                        "DevelopmentDataCharacterization",
                        &["training-criteria", "training-demographics", "training-relevance"],
                    ),
                    Text("BiasMitigationApproaches", &["fairness-approach", "bias-management"]),
                    Text(
                        "OngoingMaintenance",
                        &[
                            "validity-monitoring",
                            "fairness-monitoring",
                            "update-process",
                            "risk-correction",
                        ],
                    ),
                    Optional("Security", "security"),
                ],
            ),
            Group(
                "TransparencyInformation",
                &[
                    Text("FundingSource", &["funding"]),
                    Optional("ThirdPartyInformation", "third-parties"),
                    Text("StakeholdersConsulted", &["stakeholders"]),
                ],
            ),
        ],
    ),
    Group(
        "KeyMetrics",
        &[
            Group(
                "UsefulnessUsabilityEfficacy",
                &[
                    Text("MetricGoal", &["usefulness-goal"]),
                    Results(&["validity-test", "validity-external", "validity-local"]),
                    Text("Interpretation", &["usefulness-interpretation"]),
                    Text("TestType", &["usefulness-test"]),
                    Text("TestingDataDescription", &["usefulness-data", "external-data"]),
                    Text("ValidationProcessAndJustification", EXTERNAL_VALIDATION),
                ],
            ),
            Group(
                "FairnessEquity",
                &[
                    Text("MetricGoal", &["fairness-goal"]),
                    Results(&["fairness-test", "fairness-external", "fairness-local"]),
                    Text("Interpretation", &["fairness-interpretation"]),
                    Text("TestType", &["fairness-test-type"]),
                    Text("TestingDataDescription", &["fairness-data", "external-demographics"]),
                    Text("ValidationProcessAndJustification", EXTERNAL_VALIDATION),
                ],
            ),
            Group(
                "SafetyReliability",
                &[
                    Text("MetricGoal", &["safety-goal"]),
                    Results(&["safety-result"]),
                    Text("Interpretation", &["safety-interpretation"]),
                    Text("TestType", &["safety-test"]),
                    Text("TestingDataDescription", &["safety-data"]),
                    Text("ValidationProcessAndJustification", EXTERNAL_VALIDATION),
                ],
            ),
        ],
    ),
    Group(
        "Resources",
        &[
            Optional("EvaluationReferences", "outcome-references"),
            Optional("ClinicalTrial", "clinical-trials"),
            Text("PeerReviewedPublications", &["publications"]),
            Optional("ReimbursementStatus", "reimbursement"),
            Text("PatientConsentOrDisclosure", &["consent"]),
        ],
    ),
    Text("Bibliography", &["bibliography"]),
];

const EXTERNAL_VALIDATION: &[&str] = &["external-party", "external-process"];

/// Writes the card.
pub fn card(facts: &Facts) -> String {
    let mut xml = START.to_owned();
    write_all(&mut xml, CARD, facts);
    xml + END
}

fn write_all(xml: &mut String, parts: &[Part], facts: &Facts) {
    for part in parts {
        write(xml, part, facts);
    }
}

fn write(xml: &mut String, part: &Part, facts: &Facts) {
    match *part {
        Group(name, parts) => {
            open(xml, name);
            write_all(xml, parts, facts);
            close(xml, name);
        }
        Text(name, attributes) => {
            let stated: Vec<_> =
                attributes.iter().filter_map(|attribute| facts.statement(attribute)).collect();
            let text = if stated.is_empty() { NOT_STATED } else { &stated.join(" ") };
            element(xml, name, text);
        }
        Optional(name, attribute) => {
            if let Some(text) = facts.statement(attribute) {
                element(xml, name, &text);
            }
        }
        OptionalList(.., attribute) if facts.statement(attribute).is_none() => {}
        List(name, inner, attribute) | OptionalList(name, inner, attribute) => {
            open(xml, name);
            let text = facts.statement(attribute).unwrap_or_default();
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.for_each(|item| element(xml, inner, item));
            close(xml, name);
        }
        Results(attributes) => results(xml, attributes, facts),
    }
}

/// Writes the results of a test. The schema wants one at least.
fn results(xml: &mut String, attributes: &[&'static str], facts: &Facts) {
    open(xml, "Results");
    let stated = attributes.iter().filter_map(|own| Some((*own, facts.statement(own)?)));
    let mut stated: Vec<_> = stated.collect();
    if stated.is_empty() {
        stated.extend(attributes.first().map(|own| (*own, NOT_STATED.into())));
    }
    for (label, text) in stated {
        open(xml, "MetricResult");
        element(xml, "Label", label);
        // Its value is JSON.
        let json = serde_json::to_vec(&Value::String(text.into_owned())).unwrap_or_default();
        element(xml, "ValueJson", &String::from_utf8_lossy(&json));
        close(xml, "MetricResult");
    }
    close(xml, "Results");
}

fn element(xml: &mut String, name: &str, text: &str) {
    open(xml, name);
    escape(xml, text);
    close(xml, name);
}

fn open(xml: &mut String, name: &str) {
    xml.extend(["<", name, ">"]);
}

fn close(xml: &mut String, name: &str) {
    xml.extend(["</", name, ">"]);
}

/// Adds a text. XML 1.0 has no control characters but tabs and line breaks, and neither U+FFFE nor
/// U+FFFF.
fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\t' | '\n' | '\r' => xml.push(character),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_escaped_and_has_no_character_that_xml_has_not() {
        let mut xml = String::new();
        super::escape(&mut xml, "a<b & c]]>\u{1}\u{ffff}\n");
        assert_eq!(xml, "a&lt;b &amp; c]]&gt;\u{fffd}\u{fffd}\n");
    }
}
