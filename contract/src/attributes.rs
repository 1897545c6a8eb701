//! The attributes of a model's card: the ones named by the rule HTI-1 of the United States, and those of
//! CHAI's model card.

/// An attribute of a model's card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute {
    /// The key in a [`Statement`](crate::Statement) and in an importer's card.
    pub key: &'static str,
    /// The question behind a statement.
    pub title: &'static str,
}

const fn attribute(key: &'static str, title: &'static str) -> Attribute {
    Attribute { key, title }
}

/// The 31 source attributes of predictive models in HTI-1, in its order: 45 CFR
/// 170.315(b)(11)(iv)(B). The number of an attribute is its index plus 1.
pub const SOURCE_ATTRIBUTES: [Attribute; 31] = [
    attribute("developer", "Name and contact of the developer"),
    attribute("funding", "Funding of the development"),
    attribute("output", "Value that the model gives"),
    attribute("output-type", "Prediction, classification, recommendation, evaluation or analysis"),
    attribute("intended-use", "Intended use"),
    attribute("intended-population", "Intended patients"),
    attribute("intended-users", "Intended users"),
    attribute("decision-role", "Role in decisions: informs, augments or replaces them"),
    attribute("cautioned-uses", "Tasks, situations and patients to be cautious with"),
    attribute("known-risks", "Known risks, inappropriate settings and uses, limits"),
    attribute("training-criteria", "Who was in the training data, and who was left out"),
    attribute(
        "sensitive-inputs",
        "Race, ethnicity, language, sexual orientation, gender identity, sex, date of birth, social \
         determinants or health status as inputs",
    ),
    attribute("training-demographics", "Representativeness of the training data"),
    attribute("training-relevance", "Relevance of the training data to the setting of use"),
    attribute("fairness-approach", "Approach to fair answers"),
    attribute("bias-management", "Approach to manage bias"),
    attribute("external-data", "External validation: data and setting"),
    attribute("external-party", "External validation: who did it"),
    attribute("external-demographics", "External validation: representativeness of the data"),
    attribute("external-process", "External validation: process"),
    attribute("validity-test", "Validity in test data of the same source"),
    attribute("fairness-test", "Fairness in test data of the same source"),
    attribute("validity-external", "Validity in external data"),
    attribute("fairness-external", "Fairness in external data"),
    attribute("outcome-references", "References on the outcomes of its use"),
    attribute("validity-monitoring", "Monitoring of validity: process and frequency"),
    attribute("validity-local", "Validity in local data"),
    attribute("fairness-monitoring", "Monitoring of fairness: process and frequency"),
    attribute("fairness-local", "Fairness in local data"),
    attribute("update-process", "Updates: process and frequency"),
    attribute("risk-correction", "Correction of risks that are found"),
];

/// The attributes of CHAI's model card, version 0.2, beside the source attributes.
pub const MORE_ATTRIBUTES: [Attribute; 35] = [
    attribute("contact", "Contact of the developer"),
    attribute("release-stage", "Stage of the release"),
    attribute("release-date", "Date of the release"),
    attribute("availability", "Countries where it is available"),
    attribute("ehr", "Electronic records that it works with"),
    attribute("approval", "Approval by regulators"),
    attribute("keywords", "Keywords"),
    attribute("directions", "Directions for use"),
    attribute("known-biases", "Known biases and ethical considerations"),
    attribute("risk-level", "Level of clinical risk"),
    attribute("model-type", "Type of the model"),
    attribute("foundation-models", "Foundation models in it"),
    attribute("input-source", "Source of the inputs"),
    attribute("data-types", "Types and ranges of inputs and outputs"),
    attribute("security", "Security"),
    attribute("third-parties", "Information on third parties"),
    attribute("stakeholders", "Stakeholders consulted"),
    attribute("usefulness-goal", "Usefulness: goal"),
    attribute("usefulness-interpretation", "Usefulness: interpretation of the result"),
    attribute("usefulness-test", "Usefulness: type of the test"),
    attribute("usefulness-data", "Usefulness: data of the test"),
    attribute("fairness-goal", "Fairness: goal"),
    attribute("fairness-interpretation", "Fairness: interpretation of the result"),
    attribute("fairness-test-type", "Fairness: type of the test"),
    attribute("fairness-data", "Fairness: data of the test"),
    attribute("safety-goal", "Safety: goal"),
    attribute("safety-result", "Safety: result"),
    attribute("safety-interpretation", "Safety: interpretation of the result"),
    attribute("safety-test", "Safety: type of the test"),
    attribute("safety-data", "Safety: data of the test"),
    attribute("clinical-trials", "Clinical trials"),
    attribute("publications", "Publications with peer review"),
    attribute("reimbursement", "Reimbursement"),
    attribute("consent", "Consent of patients, or what they are told"),
    attribute("bibliography", "Bibliography"),
];

/// Returns true if a card may state an attribute of this key.
pub fn is_attribute(key: &str) -> bool {
    SOURCE_ATTRIBUTES.iter().chain(&MORE_ATTRIBUTES).any(|attribute| attribute.key == key)
}
