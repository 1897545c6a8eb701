//! The facts of a prediction that are recorded.

use super::drift::{self, Bins};
use super::key;
use crate::model::{self, Output, Signature};
use crate::platform::settings;
use crate::predict::{Answers, Call};
use crate::validate::{Counts, Input, Rows};
use std::time::Duration;

/// The facts of an exchange that are of the model and its inputs.
#[derive(Debug, Default)]
pub struct Observed {
    pub inference: Option<Inference>,
    /// Values that were refused or unusual, and keys that are no feature.
    pub violations: Counts,
}

/// One call into the model.
#[derive(Debug)]
pub struct Inference {
    pub model: String,
    pub version: String,
    pub duration: Duration,
    /// The outcomes of all rows; none if the call gave no answer.
    pub outcomes: Vec<Outcome>,
    /// The bins of the values of those rows that are in the sample.
    pub bins: Bins,
}

impl Inference {
    /// Returns the labels `model` and `version`.
    pub fn labels(&self) -> key::Model<'_> {
        key::Model::new(&self.model, &self.version)
    }
}

/// One output of the model for one row.
#[derive(Debug)]
pub struct Outcome {
    /// A class's label, or the name of a quantity.
    pub prediction: String,
    pub confidence: Option<f64>,
}

impl Observed {
    /// Takes the facts of a call for `input`. `seed` decides which rows are in the sample for
    /// drift.
    pub fn of_call(call: &Call, input: &Input, signature: &Signature, seed: u64) -> Self {
        let (outcomes, bins) = match &call.answers {
            Ok(answers) => (outcomes(answers), sampled_bins(&input.rows, signature, seed)),
            Err(_) => Default::default(),
        };
        Self {
            inference: Some(Inference {
                model: signature.name.clone(),
                version: signature.version.clone(),
                duration: call.duration,
                outcomes,
                bins,
            }),
            violations: input.accepted.counts.clone(),
        }
    }
}

/// Lists the outcomes of all rows.
fn outcomes(answers: &Answers) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(answers.predictions.len());
    for prediction in &answers.predictions {
        for (index, output) in prediction.iter().enumerate() {
            outcomes.push(outcome(output, answers.names.get(index)));
        }
    }
    outcomes
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

/// Counts the values of the sampled rows by bin. Rows are sampled at random, from the seed.
fn sampled_bins(rows: &Rows, signature: &Signature, seed: u64) -> Bins {
    let interval = settings::drift_sample_interval();
    if interval == 0 || signature.features.is_empty() {
        return Bins::new();
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let all = rows.values.chunks_exact(signature.features.len());
    let mut sampled = all.filter(|_| random.u64(..interval) == 0).peekable();
    if sampled.peek().is_none() {
        return Bins::new();
    }
    drift::bins(signature, &model::describe(), sampled)
}
