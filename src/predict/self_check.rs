//! A check of the model before it is served: it keeps its contract, and answers its own examples
//! as promised.

use super::contract;
use crate::model::{
    self, Description, FeatureNotes, Kind, OtherUnit, Output, Prediction, ReferenceBins, Refusal,
    Signature, Value,
};

/// The model's answer to one row.
type RowAnswer = Result<Prediction, Refusal>;

/// Checks the model.
///
/// # Errors
///
/// A description of the first fault.
pub fn run() -> Result<(), String> {
    let (signature, description) = (model::get_signature(), model::describe());
    check_shape(&signature, &description)?;
    let rows = description.examples.iter().flat_map(|example| example.row.iter().cloned());
    let answers = model::predict(&rows.collect::<Vec<Value>>());
    check_answers(&description, &answers)
}

fn check_shape(signature: &Signature, description: &Description) -> Result<(), String> {
    // Every feature has notes, and there is something to check.
    let features = signature.features.len();
    if features == 0 || description.features.len() != features {
        let notes = description.features.len();
        return Err(format!("it has {features} features and notes on {notes}"));
    }
    if description.outputs.is_empty() || description.examples.is_empty() {
        return Err("it has no output or no example".to_owned());
    }
    // Every example is a row.
    for example in &description.examples {
        if example.row.len() != features {
            return Err(format!("its example {:?} has not {features} values", example.name));
        }
    }
    // Every other unit is a conversion of numbers with fractions.
    for (feature, notes) in signature.features.iter().zip(&description.features) {
        if !are_conversions(&feature.kind, notes) {
            return Err(format!("the other units of {:?} are no conversions", feature.name));
        }
    }
    // Every reference has bins.
    for (feature, notes) in signature.features.iter().zip(&description.features) {
        let Some(reference) = &notes.reference else { continue };
        if matches!(&reference.bins, ReferenceBins::Number(bins) if bins.len() < 2) {
            return Err(format!("the reference of {:?} has fewer than two bins", feature.name));
        }
    }
    Ok(())
}

/// Returns true if a feature has no other units, or each converts to its own unit.
fn are_conversions(kind: &Kind, notes: &FeatureNotes) -> bool {
    let takes_units = matches!(kind, Kind::Number(range) if !range.whole) && !notes.unit.is_empty();
    notes.other_units.iter().all(|OtherUnit { factor, offset, .. }| {
        takes_units && factor.is_finite() && *factor != 0.0 && offset.is_finite()
    })
}

fn check_answers(description: &Description, answers: &[RowAnswer]) -> Result<(), String> {
    if answers.len() != description.examples.len() {
        return Err(format!(
            "it gave {} answers for its {} examples",
            answers.len(),
            description.examples.len()
        ));
    }
    for (example, answer) in description.examples.iter().zip(answers) {
        let checked = example
            .expected
            .as_ref()
            .map_or(Ok(()), |expected| contract::check(expected, Some(&description.outputs)));
        checked.map_err(|what| format!("its example {:?} promises {what}", example.name))?;
        if !agree(&example.expected, answer, example.tolerance) {
            return Err(format!("it does not answer its example {:?} as promised", example.name));
        }
    }
    Ok(())
}

fn agree(expected: &RowAnswer, given: &RowAnswer, tolerance: f64) -> bool {
    match (expected, given) {
        (Ok(expected), Ok(given)) => {
            let mut pairs = expected.iter().zip(given);
            expected.len() == given.len()
                && pairs.all(|(expected, given)| same(expected, given, tolerance))
        }
        (Err(expected), Err(given)) => {
            (expected.reason, expected.feature) == (given.reason, given.feature)
        }
        _ => false,
    }
}

fn same(expected: &Output, given: &Output, tolerance: f64) -> bool {
    let near = |expected: f64, given: f64| (expected - given).abs() <= tolerance;
    match (expected, given) {
        (Output::Quantity(expected), Output::Quantity(given)) => near(*expected, *given),
        (Output::Class(expected), Output::Class(given)) => {
            let mut pairs = expected.probabilities.iter().zip(&given.probabilities);
            expected.label == given.label
                && expected.probabilities.len() == given.probabilities.len()
                && pairs.all(|(expected, given)| near(*expected, *given))
                && match (expected.confidence, given.confidence) {
                    (Some(expected), Some(given)) => near(expected, given),
                    (expected, given) => expected == given,
                }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Classification, NumberRange, RefusalReason};

    fn class(label: &str, confidence: f64, probabilities: &[f64]) -> RowAnswer {
        Ok(vec![Output::Class(Classification {
            label: label.into(),
            confidence: Some(confidence),
            probabilities: probabilities.to_vec(),
        })])
    }

    fn refusal(feature: u32, message: &str) -> RowAnswer {
        let reason = RefusalReason::OutOfRange;
        Err(Refusal { reason, feature: Some(feature), message: message.into() })
    }

    #[test]
    fn an_answer_is_as_promised_within_the_tolerance() {
        let expected = class("a", 0.5, &[0.5, 0.5]);
        assert!(agree(&expected, &class("a", 0.5625, &[0.5, 0.4375]), 0.0625));
        for other in [
            class("b", 0.5, &[0.5, 0.5]),
            class("a", 0.5625, &[0.5, 0.5]),
            class("a", 0.5, &[0.5, 0.4375]),
            class("a", 0.5, &[]),
            Ok(vec![Output::Quantity(0.5)]),
            Ok(Vec::new()),
            refusal(0, "no"),
        ] {
            assert!(!agree(&expected, &other, 0.0), "{other:?}");
        }
    }

    #[test]
    fn only_numbers_with_fractions_and_a_unit_have_other_units() {
        let number = |whole| {
            let missing_values = Vec::new();
            Kind::Number(NumberRange { minimum: 0.0, maximum: 1.0, whole, missing_values })
        };
        let notes = |unit: &str, factor| FeatureNotes {
            description: String::new(),
            unit: unit.into(),
            other_units: vec![OtherUnit { code: "x".into(), factor, offset: 0.0 }],
            missing: String::new(),
            reference: None,
        };
        assert!(are_conversions(&number(false), &notes("m", 2.0)));
        assert!(!are_conversions(&number(true), &notes("m", 2.0)));
        assert!(!are_conversions(&Kind::Flag, &notes("m", 2.0)));
        assert!(!are_conversions(&number(false), &notes("", 2.0)));
        for factor in [0.0, f64::NAN, f64::INFINITY] {
            assert!(!are_conversions(&number(false), &notes("m", factor)));
        }
    }

    #[test]
    fn two_refusals_agree_if_only_their_words_differ() {
        assert!(agree(&refusal(0, "a"), &refusal(0, "b"), 0.0));
        assert!(!agree(&refusal(0, "a"), &refusal(1, "a"), 0.0));
    }
}
