//! Asks the model, and says what metrics learn from its answers.

use crate::edge::clock::Stopwatch;
use crate::edge::log;
use crate::edge::model::{self, Output, Prediction, Refusal, Signature};
use crate::http::{ErrorForm, Response};
use crate::input::Rows;
use crate::limits;
use crate::metrics::{Bins, Inference, Invalid, Observed, Outcome, drift};
use std::time::Duration;

/// One call into the model.
pub struct Call {
    pub answers: Result<Answers, NoAnswer>,
    duration: Duration,
}

/// A prediction for each row.
pub struct Answers {
    pub predictions: Vec<Prediction>,
    /// The names of the outputs; empty if there is one class, the usual case, which needs none.
    pub names: Vec<String>,
}

pub enum NoAnswer {
    /// Why the model refused rows, with their places in the batch.
    Refused(Vec<(usize, Refusal)>),
    /// The model does not keep its contract, and how.
    Broken(String),
}

/// What a client is told of a model that does not keep its contract; the log says how.
pub fn broken(how: &str, errors: ErrorForm) -> Response {
    log::warn(how);
    errors.response(500, "The model gave no answer")
}

/// Asks the model for all rows at once.
pub fn call(rows: &Rows) -> Call {
    let stopwatch = Stopwatch::start();
    let answers = model::predict(&rows.values);
    let duration = stopwatch.elapsed();
    Call { answers: sort(answers, rows.len), duration }
}

/// All predictions, or what stands in their way.
fn sort(answers: Vec<Result<Prediction, Refusal>>, rows: usize) -> Result<Answers, NoAnswer> {
    if answers.len() != rows {
        let message = format!("the model gave {} answers for {rows} rows", answers.len());
        return Err(NoAnswer::Broken(message));
    }
    let mut predictions = Vec::with_capacity(rows);
    let mut refused = Vec::new();
    for (row, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(prediction) => predictions.push(prediction),
            Err(refusal) => refused.push((row, refusal)),
        }
    }
    if !refused.is_empty() {
        return Err(NoAnswer::Refused(refused));
    }
    let names = output_names(&predictions);
    Ok(Answers { predictions, names })
}

fn output_names(predictions: &[Prediction]) -> Vec<String> {
    if predictions.iter().all(|outputs| matches!(&outputs[..], [Output::Class(_)])) {
        return Vec::new();
    }
    model::describe().outputs.into_iter().map(|output| output.name).collect()
}

impl Call {
    /// What metrics learn. `refused` has the reasons for which the model refused rows; whether a
    /// row is in the sample for drift follows from `chance`.
    pub fn observed(
        &self,
        rows: &Rows,
        refused: Invalid,
        signature: &Signature,
        chance: u64,
    ) -> Observed {
        let (outcomes, bins) = match &self.answers {
            Ok(answers) => (answers.outcomes(), sampled_bins(rows, signature, chance)),
            Err(_) => Default::default(),
        };
        let mut invalid = rows.invalid.clone();
        invalid.merge(refused);
        Observed {
            inference: Some(Inference {
                model: signature.name.clone(),
                version: signature.version.clone(),
                duration: self.duration,
                outcomes,
                bins,
            }),
            invalid,
            unknown_features: rows.unknown_features,
        }
    }
}

impl Answers {
    fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(self.predictions.len());
        for prediction in &self.predictions {
            for (index, output) in prediction.iter().enumerate() {
                outcomes.push(outcome(output, self.names.get(index)));
            }
        }
        outcomes
    }
}

fn outcome(output: &Output, name: Option<&String>) -> Outcome {
    match output {
        Output::Class(class) => {
            Outcome { prediction: class.label.clone(), confidence: class.confidence }
        }
        Output::Quantity(_) => {
            Outcome { prediction: name.cloned().unwrap_or_default(), confidence: None }
        }
    }
}

/// The bins of the values of those rows that chance takes into the sample.
fn sampled_bins(rows: &Rows, signature: &Signature, chance: u64) -> Bins {
    let interval = limits::drift_sample_interval();
    if interval == 0 || signature.features.is_empty() {
        return Bins::new();
    }
    let mut random = fastrand::Rng::with_seed(chance);
    let all = rows.values.chunks_exact(signature.features.len());
    let mut sampled = all.filter(|_| random.u64(..interval) == 0).peekable();
    if sampled.peek().is_none() {
        return Bins::new();
    }
    drift::bins(signature, &model::describe(), sampled)
}
