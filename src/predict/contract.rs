//! The contract's demands on an answer. The error of a check names the forbidden part of the
//! answer.

use crate::model::{Attribution, Description, Output, OutputKind, OutputNotes, QuantityRange};
use crate::validate::is_within;
use std::iter::repeat;

/// Checks an answer to one row: its numbers, and its outputs by the model's description, if given.
pub fn check(prediction: &[Output], described: Option<&[OutputNotes]>) -> Result<(), String> {
    check_numbers(prediction)?;
    described.map_or(Ok(()), |described| check_outputs(prediction, described))
}

/// Checks the confidences and probabilities: this needs no description.
fn check_numbers(prediction: &[Output]) -> Result<(), String> {
    for output in prediction {
        let Output::Class(class) = output else { continue };
        let mut shares = class.confidence.iter().chain(&class.probabilities);
        if let Some(share) = shares.find(|share| !is_within(**share, 0.0, 1.0)) {
            return Err(format!("a confidence or probability of {share}"));
        }
    }
    Ok(())
}

fn check_outputs(prediction: &[Output], described: &[OutputNotes]) -> Result<(), String> {
    let (count, described_count) = (prediction.len(), described.len());
    if count != described_count {
        return Err(format!("{count} outputs, and its description has {described_count}"));
    }
    prediction.iter().zip(described).try_for_each(|(output, notes)| {
        let may_not = |what| format!("{what} for its output {:?}", notes.name);
        check_kind(output, &notes.kind).map_err(may_not)
    })
}

fn check_kind(output: &Output, kind: &OutputKind) -> Result<(), String> {
    match (output, kind) {
        // The label itself may be text of a client, and is not for the log.
        (Output::Class(class), OutputKind::Classes(labels)) if !labels.contains(&class.label) => {
            Err("a class that is not in its description".to_owned())
        }
        (Output::Class(class), OutputKind::Classes(labels)) => {
            let count = class.probabilities.len();
            match count == 0 || count == labels.len() {
                true => Ok(()),
                false => Err(format!("{count} probabilities of {} classes", labels.len())),
            }
        }
        (Output::Quantity(quantity), OutputKind::Quantity(range)) => check_range(*quantity, range),
        _ => Err("another kind of output".to_owned()),
    }
}

fn check_range(quantity: f64, range: &QuantityRange) -> Result<(), String> {
    let QuantityRange { minimum, maximum, .. } = range;
    match is_within(quantity, *minimum, *maximum) {
        true => Ok(()),
        false => Err(format!("{quantity}, and not from {minimum} to {maximum},")),
    }
}

/// Checks that a description with explanations has a scale for each output.
pub fn check_notes(description: &Description) -> Result<(), String> {
    let scales = description.explanation.as_ref().map_or(0, |notes| notes.scales.len());
    match description.outputs.len() {
        outputs if outputs == scales => Ok(()),
        outputs => Err(format!("the model describes {scales} scales of {outputs} outputs")),
    }
}

/// Checks the explanation of one row, and puts its attributions into the order of outputs and
/// classes.
pub fn check_explanation(
    explanation: &mut [Attribution],
    features: usize,
    described: &[OutputNotes],
) -> Result<(), String> {
    for attribution in &*explanation {
        check_numbers_of(attribution, features)?;
    }
    let expected = described.iter().enumerate().flat_map(|(index, output)| targets(index, output));
    let mut placed = 0;
    for target in expected {
        let is_target = |one: &Attribution| (one.output, one.class) == target;
        let found = explanation[placed..].iter().position(is_target).ok_or(OTHER_TARGETS)?;
        explanation.swap(placed, placed + found);
        placed += 1;
    }
    if placed == explanation.len() { Ok(()) } else { Err(OTHER_TARGETS.to_owned()) }
}

/// The message for attributions that are too few, too many or not in the description.
const OTHER_TARGETS: &str = "attributions to other outputs or classes than its description has";

/// Checks the numbers of an attribution: each is finite, as is their sum, and each feature has one.
fn check_numbers_of(attribution: &Attribution, features: usize) -> Result<(), String> {
    let Attribution { base, contributions, deviations, .. } = attribution;
    if contributions.len() != features {
        return Err(format!("{} contributions of {features} features", contributions.len()));
    }
    if ![0, features].contains(&deviations.len()) {
        return Err(format!("{} deviations of {features} features", deviations.len()));
    }
    let total = base + contributions.iter().sum::<f64>();
    let mut numbers = [base, &total].into_iter().chain(contributions).chain(deviations);
    match numbers.find(|number| !number.is_finite()) {
        Some(number) => Err(format!("a base, contribution or deviation of {number}")),
        None => Ok(()),
    }
}

/// Returns the index of an output with each of its classes that has an attribution: the positive
/// one of two, or else the second; each of more; none for a quantity.
fn targets(index: usize, output: &OutputNotes) -> impl Iterator<Item = (u32, Option<u32>)> {
    let classes = match &output.kind {
        OutputKind::Classes(labels) if labels.len() == 2 => {
            let positive = output.positive.filter(|class| *class < 2).unwrap_or(1);
            Some(positive..positive + 1)
        }
        OutputKind::Classes(labels) => Some(0..labels.len() as u32),
        OutputKind::Quantity(_) => None,
    };
    let quantity = classes.is_none().then_some(None);
    let classes = classes.into_iter().flatten().map(Some);
    repeat(index as u32).zip(classes.chain(quantity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Classification;

    #[test]
    fn an_explanation_has_finite_numbers_for_every_feature_output_and_class() {
        let attribution = |output, class| Attribution {
            output,
            class,
            base: 0.5,
            contributions: vec![0.25, 0.0],
            deviations: Vec::new(),
        };
        let check = |explanation: &[Attribution]| -> Result<(), String> {
            let mut explanation = explanation.to_vec();
            check_explanation(&mut explanation, 2, &described())?;
            let order: Vec<_> = explanation.iter().map(|one| one.output).collect();
            assert_eq!(order, [0, 1]);
            Ok(())
        };
        let (risk, wait) = (attribution(0, Some(1)), attribution(1, None));
        let deviations = vec![0.0, 0.125];
        assert_eq!(check(&[risk.clone(), wait.clone()]), Ok(()));
        assert_eq!(check(&[wait.clone(), risk.clone()]), Ok(()));
        assert_eq!(check(&[Attribution { deviations, ..risk.clone() }, wait.clone()]), Ok(()));
        for (changed, expected) in [
            (Attribution { contributions: vec![0.25], ..risk.clone() }, "1 contributions of 2"),
            (Attribution { deviations: vec![0.25; 3], ..risk.clone() }, "3 deviations of 2"),
            (Attribution { base: f64::NAN, ..risk.clone() }, "deviation of NaN"),
            (Attribution { contributions: vec![0.0, f64::INFINITY], ..risk.clone() }, "of inf"),
            (Attribution { contributions: vec![f64::MAX, f64::MAX], ..risk.clone() }, "of inf"),
            (Attribution { deviations: vec![f64::NAN, 0.0], ..risk.clone() }, "of NaN"),
            (attribution(0, Some(0)), "other outputs or classes"),
            (attribution(0, None), "other outputs or classes"),
            (attribution(2, Some(1)), "other outputs or classes"),
        ] {
            let error = check(&[changed, wait.clone()]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(check(&[]).is_err() && check(std::slice::from_ref(&risk)).is_err());
        assert!(check(&[risk.clone(), risk, wait]).is_err());
    }

    fn class(label: &str, confidence: Option<f64>, probabilities: &[f64]) -> Output {
        let probabilities = probabilities.to_vec();
        Output::Class(Classification { label: label.into(), confidence, probabilities })
    }

    fn described() -> Vec<OutputNotes> {
        let range = QuantityRange { unit: String::new(), minimum: 0.0, maximum: f64::INFINITY };
        let kinds = [
            ("risk", OutputKind::Classes(vec!["low".into(), "high".into()])),
            ("wait", OutputKind::Quantity(range)),
        ];
        let notes = |(name, kind): (&str, _)| OutputNotes {
            name: name.into(),
            description: String::new(),
            kind,
            positive: None,
            reference: None,
        };
        kinds.map(notes).into()
    }

    #[test]
    fn a_share_is_a_number_from_0_to_1_but_for_rounding() {
        for share in [0.0, 1.0, 1.000_001, -0.000_001] {
            assert_eq!(check_numbers(&[class("low", Some(share), &[share])]), Ok(()), "{share}");
        }
        for share in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.01, -0.01, 100.0] {
            assert!(check_numbers(&[class("low", Some(share), &[])]).is_err(), "{share}");
            assert!(check_numbers(&[class("low", None, &[0.5, share])]).is_err(), "{share}");
        }
    }

    #[test]
    fn an_answer_that_is_not_in_the_description_is_named() {
        let (low, wait) = (class("low", None, &[]), Output::Quantity(5.0));
        let check = |outputs: &[&Output]| {
            let outputs: Vec<_> = outputs.iter().map(|output| (*output).clone()).collect();
            check_outputs(&outputs, &described())
        };
        assert_eq!(check(&[&low, &wait]), Ok(()));
        assert_eq!(check(&[&class("high", None, &[0.5, 0.5]), &wait]), Ok(()));
        for (outputs, expected) in [
            ([&class("other", None, &[]), &wait], "a class that is not in its description for"),
            ([&class("low", None, &[1.0]), &wait], "1 probabilities of 2 classes for"),
            ([&low, &Output::Quantity(-1.0)], "-1, and not from 0 to inf, for its output \"wait\""),
            ([&low, &Output::Quantity(f64::NAN)], "NaN, and not"),
            ([&wait, &low], "another kind of output for its output \"risk\""),
        ] {
            let error = check(&outputs).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(check(&[&low]), Err("1 outputs, and its description has 2".to_owned()));
        assert!(check(&[&low, &wait, &wait]).is_err());
    }
}
