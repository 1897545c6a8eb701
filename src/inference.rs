//! Asks the model, and says what metrics learn from its answers.

use crate::edge::clock::Stopwatch;
use crate::edge::model::{self, Output, Prediction, Refusal, Signature};
use crate::input::Rows;
use crate::limits;
use crate::metrics::{Bin, Inference, Observed, Outcome, drift};
use std::time::Duration;

/// What the model answered: a prediction for each row.
pub struct Answers {
    pub predictions: Vec<Prediction>,
    /// The names of the outputs; empty if there is one class, the usual case, which needs none.
    pub names: Vec<String>,
    duration: Duration,
}

pub enum NoAnswer {
    /// Why the model refused rows, with their places in the batch.
    Refused(Vec<(usize, Refusal)>),
    /// The model does not keep its contract, and how.
    Broken(String),
}

/// Answers all rows with one call into the model.
pub fn predict(rows: &Rows) -> Result<Answers, NoAnswer> {
    let stopwatch = Stopwatch::start();
    let answers = model::predict(&rows.values);
    let duration = stopwatch.elapsed();
    if answers.len() != rows.len {
        let message = format!("the model gave {} answers for {} rows", answers.len(), rows.len);
        return Err(NoAnswer::Broken(message));
    }
    let mut predictions = Vec::with_capacity(answers.len());
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
    Ok(Answers { predictions, names, duration })
}

fn output_names(predictions: &[Prediction]) -> Vec<String> {
    if predictions.iter().all(|outputs| matches!(&outputs[..], [Output::Class(_)])) {
        return Vec::new();
    }
    model::describe().outputs.into_iter().map(|output| output.name).collect()
}

/// What metrics learn. Whether a row is in the sample for drift follows from `chance`.
pub fn observe(answers: &Answers, rows: &Rows, signature: &Signature, chance: u64) -> Observed {
    let mut outcomes = Vec::with_capacity(answers.predictions.len());
    for prediction in &answers.predictions {
        for (index, output) in prediction.iter().enumerate() {
            outcomes.push(outcome(output, answers.names.get(index)));
        }
    }
    Observed {
        inference: Some(Inference {
            model: signature.name.clone(),
            version: signature.version.clone(),
            duration: answers.duration,
            outcomes,
        }),
        invalid: rows.invalid.clone(),
        unknown_features: rows.unknown_features,
        bins: sampled_bins(rows, signature, chance),
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
fn sampled_bins(rows: &Rows, signature: &Signature, chance: u64) -> Vec<Bin> {
    let interval = limits::drift_sample_interval();
    if interval == 0 || signature.features.is_empty() {
        return Vec::new();
    }
    let mut random = fastrand::Rng::with_seed(chance);
    let all = rows.values.chunks_exact(signature.features.len());
    let sampled: Vec<_> = all.filter(|_| random.u64(..interval) == 0).collect();
    if sampled.is_empty() {
        return Vec::new();
    }
    let description = model::describe();
    sampled.into_iter().flat_map(|row| drift::bins(signature, &description, row)).collect()
}
