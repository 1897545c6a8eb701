//! Makes a model's answers from the numbers of its program.

use crate::card::describe::Described;
use crate::ir::evaluate::Evaluator;
use crate::ir::program::Output as Wanted;
use crate::verify::rows;
use anyhow::{Result, bail};
use predictor_contract::{Classification, Output, OutputKind, Value};

/// Answers rows, in order; none for a row without an answer.
///
/// `values` has the rows one after another, each with a value for each feature.
pub fn answers(
    evaluator: &Evaluator,
    described: &Described,
    values: &[Value],
) -> Vec<Option<Vec<Output>>> {
    let features = described.signature.features.len().max(1);
    let rows = values.len() / features;
    let values = rows::to_runner(values);
    match evaluator.numbers(&values) {
        Ok(numbers) => {
            let width = numbers.len() / rows.max(1);
            numbers.chunks(width.max(1)).map(|numbers| outputs(described, numbers)).collect()
        }
        // One bad row does not fail the others.
        Err(_) if rows > 1 => values
            .chunks(features)
            .map(|row| outputs(described, &evaluator.numbers(row).ok()?))
            .collect(),
        Err(_) => vec![None; rows],
    }
}

/// Answers one row.
///
/// # Errors
///
/// If the model has no answer. The error names the node at fault, if there is one.
pub fn answer(evaluator: &Evaluator, described: &Described, row: &[Value]) -> Result<Vec<Output>> {
    match answers(evaluator, described, row).pop().flatten() {
        Some(outputs) => Ok(outputs),
        None => match evaluator.numbers(&rows::to_runner(row)) {
            Ok(_) => bail!("the model has no finite answer for it"),
            Err(error) => Err(error),
        },
    }
}

/// Makes a row's outputs from its numbers, as the runner does; none if a number is invalid.
fn outputs(described: &Described, numbers: &[f64]) -> Option<Vec<Output>> {
    let mut rest = numbers;
    let notes = &described.description.outputs;
    let outputs = described.outputs.iter().zip(notes).map(|(wanted, notes)| {
        let (first, behind) = rest.split_first()?;
        rest = behind;
        let OutputKind::Classes(labels) = &notes.kind else {
            return Some(Output::Quantity(*first)).filter(|_| first.is_finite());
        };
        let count = match wanted {
            Wanted::Class { probabilities: Some(_), .. } => labels.len(),
            _ => 0,
        };
        let (probabilities, behind) = rest.split_at_checked(count)?;
        rest = behind;
        // NaN is no index.
        let index = Some(*first).filter(|index| *index >= 0.0)? as usize;
        let label = labels.get(index)?.clone();
        if probabilities.iter().any(|probability| !probability.is_finite()) {
            return None;
        }
        let confidence = probabilities.get(index).copied();
        let probabilities = probabilities.to_vec();
        Some(Output::Class(Classification { label, confidence, probabilities }))
    });
    outputs.collect()
}

/// Formats an answer for people: a number, or a label with its confidence.
pub fn shown(output: &Output) -> String {
    match output {
        Output::Quantity(number) => format!("{number}"),
        Output::Class(Classification { label, confidence: Some(confidence), .. }) => {
            format!("{label:?} ({confidence:.3})")
        }
        Output::Class(class) => format!("{:?}", class.label),
    }
}
