//! Evaluates the card's examples.

use crate::card::describe::Described;
use crate::card::{self, Card, Given};
use crate::ir::evaluate::Evaluator;
use crate::verify::answers::{answer, shown};
use crate::verify::rows;
use anyhow::{Context, Result, ensure};
use predictor_contract::{Example, MissingPolicy, Output, Value};
use std::collections::BTreeMap;

/// The relative tolerance of an example: the difference allowed between two runs of the same model.
const TOLERANCE: f64 = 1e-6;

/// The relative tolerance of an expected number in a card, since people round numbers.
const ROUNDING: f64 = 1e-3;

/// Evaluates the card's examples, and returns them with the model's answers.
///
/// # Errors
///
/// If the card has no example, or an example is invalid, or the model has no answer to it or
/// another answer than expected.
pub fn examples(evaluator: &Evaluator, described: &Described, card: &Card) -> Result<Vec<Example>> {
    ensure!(!card.examples.is_empty(), "the card has no example; give it an [[example]]");
    let answered = card.examples.iter().map(|example| {
        answered(evaluator, described, example)
            .with_context(|| format!("example {:?}", example.name))
    });
    answered.collect()
}

/// Returns the names of the card's examples without an answer or with an unexpected one.
pub fn unanswered(evaluator: &Evaluator, described: &Described, card: &Card) -> Vec<String> {
    let is_answered = |example: &&card::Example| answered(evaluator, described, example).is_ok();
    let others = card.examples.iter().filter(|example| !is_answered(example));
    others.map(|example| example.name.clone()).collect()
}

fn answered(
    evaluator: &Evaluator,
    described: &Described,
    example: &card::Example,
) -> Result<Example> {
    let row = rows::from_table(&described.signature, &example.row)?;
    for (feature, value) in described.signature.features.iter().zip(&row) {
        let is_there = *value != Value::Missing || feature.missing != MissingPolicy::Refuse;
        ensure!(is_there, "{} is missing", feature.name);
    }
    let outputs = answer(evaluator, described, &row)?;
    if let Some(expected) = &example.expected {
        compare(described, &outputs, expected)?;
    }
    let (name, tolerance) = (example.name.clone(), tolerance(&outputs));
    Ok(Example { name, row, tolerance, expected: Ok(outputs) })
}

fn tolerance(outputs: &[Output]) -> f64 {
    let size = |output: &Output| match output {
        Output::Quantity(number) => number.abs(),
        Output::Class(_) => 1.0,
    };
    TOLERANCE * outputs.iter().map(size).fold(1.0, f64::max)
}

fn compare(
    described: &Described,
    outputs: &[Output],
    expected: &BTreeMap<String, Given>,
) -> Result<()> {
    let notes = &described.description.outputs;
    for key in expected.keys() {
        ensure!(notes.iter().any(|notes| notes.name == *key), "{key:?} is no output");
    }
    for (notes, output) in notes.iter().zip(outputs) {
        let is_as_expected = match (expected.get(&notes.name), output) {
            (None, _) => true,
            (Some(Given::Text(label)), Output::Class(class)) => *label == class.label,
            (Some(Given::Number(number)), Output::Quantity(given)) => near(*number, *given),
            _ => false,
        };
        ensure!(
            is_as_expected,
            "the model answers {}, and the card expects {:?}",
            shown(output),
            expected[&notes.name]
        );
    }
    Ok(())
}

fn near(expected: f64, given: f64) -> bool {
    (expected - given).abs() <= ROUNDING * expected.abs().max(1.0)
}
