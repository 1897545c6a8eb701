//! The call for the explanations of a request.

use super::{Answers, NoAnswer, contract, sorted};
use crate::model::{self, Description, Explanation, Signature, Value};
use crate::platform::clock::Stopwatch;
use crate::validate::Rows;
use std::time::Duration;

/// One call for explanations.
pub struct ExplanationCall {
    /// An explanation for each row. Its attributions are in the order of outputs and classes.
    pub explanations: Result<Vec<Explanation>, NoAnswer>,
    /// Time taken by the model.
    pub duration: Duration,
}

/// Asks the model to explain its answers to all rows at once.
pub fn call(
    rows: &Rows,
    answers: &Answers,
    signature: &Signature,
    description: &Description,
) -> ExplanationCall {
    let stopwatch = Stopwatch::start();
    let explanations = model::explain(&rows.values);
    let duration = stopwatch.elapsed();
    let explanations = sorted(explanations, rows.len, "explanations").and_then(|explanations| {
        check(explanations, answers, signature, description).map_err(NoAnswer::Broken)
    });
    ExplanationCall { explanations, duration }
}

/// Asks the model to explain its answer to one row of the model's own; none if it does not, or does
/// not keep its contract.
pub fn of_row(
    row: &[Value],
    signature: &Signature,
    description: &Description,
) -> Option<Explanation> {
    let explanation = model::explain(row).into_iter().next()?.ok()?;
    let no_predictions = Answers { predictions: Vec::new(), notes: Vec::new() };
    check(vec![explanation], &no_predictions, signature, description).ok()?.pop()
}

/// Checks answers and explanations against the description. An answered class must be described: its
/// explanation is found by its label.
fn check(
    mut explanations: Vec<Explanation>,
    answers: &Answers,
    signature: &Signature,
    description: &Description,
) -> Result<Vec<Explanation>, String> {
    let (features, outputs) = (signature.features.len(), &description.outputs[..]);
    for (row, prediction) in answers.predictions.iter().enumerate() {
        contract::check(prediction, Some(outputs))
            .map_err(|what| format!("the model answered row {row} with {what}"))?;
    }
    contract::check_notes(description)?;
    for (row, explanation) in explanations.iter_mut().enumerate() {
        contract::check_explanation(explanation, features, outputs)
            .map_err(|what| format!("the model explained row {row} with {what}"))?;
    }
    Ok(explanations)
}
