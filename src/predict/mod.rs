//! Calls of the model.

mod contract;
pub mod explanation;
pub mod self_check;

use crate::model::{self, Output, OutputNotes, Prediction, Refusal};
use crate::platform::clock::Stopwatch;
use crate::validate::Rows;
use std::time::Duration;

/// One call into the model.
pub struct Call {
    pub answers: Result<Answers, NoAnswer>,
    /// Time taken by the model.
    pub duration: Duration,
}

/// A prediction for each row.
pub struct Answers {
    pub predictions: Vec<Prediction>,
    /// The notes of the outputs; empty for a single class, the usual case: it needs none.
    pub notes: Vec<OutputNotes>,
}

/// The reason why there is no prediction.
pub enum NoAnswer {
    /// Rows refused by the model, each with its index in the batch.
    Refused(Vec<(usize, Refusal)>),
    /// The model's breach of its contract, as a sentence.
    Broken(String),
}

/// Calls the model for all rows at once.
pub fn call(rows: &Rows) -> Call {
    let stopwatch = Stopwatch::start();
    let answers = model::predict(&rows.values);
    let duration = stopwatch.elapsed();
    Call { answers: check(answers, rows.len), duration }
}

/// Returns all predictions, or the reason why there are none.
fn check(answers: Vec<Result<Prediction, Refusal>>, rows: usize) -> Result<Answers, NoAnswer> {
    let predictions = sorted(answers, rows, "answers")?;
    let described = described_outputs(&predictions);
    check_contract(&predictions, described.as_deref())?;
    Ok(Answers { predictions, notes: described.unwrap_or_default() })
}

/// Returns the answers to all rows, or the refused rows. A batch is answered whole or not at all.
/// `what` names the answers.
fn sorted<T>(
    answers: Vec<Result<T, Refusal>>,
    rows: usize,
    what: &str,
) -> Result<Vec<T>, NoAnswer> {
    if answers.len() != rows {
        let message = format!("the model gave {} {what} for {rows} rows", answers.len());
        return Err(NoAnswer::Broken(message));
    }
    let mut taken = Vec::with_capacity(rows);
    let mut refused = Vec::new();
    for (row, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(answer) => taken.push(answer),
            Err(refusal) => refused.push((row, refusal)),
        }
    }
    if refused.is_empty() { Ok(taken) } else { Err(NoAnswer::Refused(refused)) }
}

/// Returns the outputs in the model's description; none if each prediction is a single class. This
/// is the usual case, and not worth the time that the description takes.
fn described_outputs(predictions: &[Prediction]) -> Option<Vec<OutputNotes>> {
    let is_class = |outputs: &Prediction| matches!(&outputs[..], [Output::Class(_)]);
    (!predictions.iter().all(is_class)).then(|| model::describe().outputs)
}

fn check_contract(
    predictions: &[Prediction],
    described: Option<&[OutputNotes]>,
) -> Result<(), NoAnswer> {
    for (row, prediction) in predictions.iter().enumerate() {
        contract::check(prediction, described).map_err(|what| {
            NoAnswer::Broken(format!("the model answered row {row} with {what}"))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RefusalReason;

    #[test]
    fn a_batch_has_an_answer_to_each_row_or_none() {
        let refusal =
            Refusal { reason: RefusalReason::Missing, feature: None, message: String::new() };
        assert_eq!(sorted(vec![Ok(1), Ok(2)], 2, "answers").ok(), Some(vec![1, 2]));
        let refused = sorted(vec![Ok(1), Err(refusal)], 2, "answers");
        let Err(NoAnswer::Refused(rows)) = refused else { panic!("it is no refusal") };
        assert_eq!(rows.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1]);
        for answers in [vec![], vec![Ok(1)], vec![Ok(1); 3]] {
            let given = answers.len();
            let Err(NoAnswer::Broken(how)) = sorted(answers, 2, "explanations") else {
                panic!("{given} are taken")
            };
            assert_eq!(how, format!("the model gave {given} explanations for 2 rows"));
        }
    }
}
