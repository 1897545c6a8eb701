//! The recorded facts of a prediction.

use super::drift::{self, Bins};
use super::explained::Explained;
use super::key;
use super::sample::Sample;
use crate::model::{self, Output, OutputNotes, Signature};
use crate::platform::settings::{self, Logging};
use crate::predict::explanation::ExplanationCall;
use crate::predict::{Answers, Call};
use crate::validate::{Counts, Input, Rows};
use std::time::Duration;

/// The facts of an exchange about the model and its inputs.
#[derive(Debug, Default)]
pub struct Observed {
    /// True if the call into the model has a row in the sample, so settings are read for it.
    pub is_sampled: bool,
    /// True if the settings ask for all calls, and the counter of calls has no mark yet.
    pub needs_mark: bool,
    /// True if the size of the response depends on the model's answer alone, so few sizes are
    /// possible.
    pub has_few_sizes: bool,
    /// The call into the model, if there was one.
    pub inference: Option<Inference>,
    /// Counts of refused or unusual values, and of keys that name no feature.
    pub violations: Counts,
}

/// One call into the model.
#[derive(Debug)]
pub struct Inference {
    pub model: String,
    pub version: String,
    pub duration: Duration,
    /// The predictions of all rows; none if the call gave no answer.
    pub predicted: Vec<Predicted>,
    /// Counts of the sampled rows' values by bin.
    pub bins: Bins,
    /// Counts of all answers by bin, for outputs with a name. The bins of a single class are in
    /// `predicted`.
    pub answer_bins: Bins,
    /// The call for explanations, if there was one.
    pub explained: Option<Explained>,
}

impl Inference {
    /// Returns the labels `model` and `version`.
    pub fn labels(&self) -> key::Model<'_> {
        key::Model::new(&self.model, &self.version)
    }
}

/// One output of the model for one row.
#[derive(Debug)]
pub struct Predicted {
    /// The label of a class, or the name of a quantity.
    pub prediction: String,
    /// The confidence, from 0 to 1, if the model states one.
    pub confidence: Option<f64>,
}

impl Observed {
    /// Collects the facts of a call for `input`. `sample` was drawn from the rows of `input`.
    /// `logging` has the lines of the log that the settings ask for.
    pub fn of_call(
        call: &Call,
        input: &Input,
        signature: &Signature,
        sample: Sample,
        logging: Logging,
    ) -> Self {
        let is_sampled = !sample.is_empty();
        let interval = if is_sampled { settings::drift_sample_interval() } else { 0 };
        let needs_mark = is_sampled && sample.needs_mark(interval, logging != Logging::Off);
        let (predicted, bins, answer_bins) = match &call.answers {
            Ok(answers) => {
                let bins = bins(&input.rows, signature, &sample.for_drift(interval));
                (predicted(answers), bins, drift::answer_bins(answers))
            }
            Err(_) => Default::default(),
        };
        Self {
            is_sampled,
            needs_mark,
            has_few_sizes: false,
            inference: Some(Inference {
                model: signature.name.clone(),
                version: signature.version.clone(),
                duration: call.duration,
                predicted,
                bins,
                answer_bins,
                explained: None,
            }),
            violations: input.accepted.counts.clone(),
        }
    }

    /// Adds the facts of a call for the explanations of `rows` rows. Without explanations the client
    /// gets no answer, so its predictions are not counted.
    pub fn add_explanations(&mut self, call: &ExplanationCall, rows: usize, signature: &Signature) {
        // The client's values are in the response.
        self.has_few_sizes = false;
        let Some(inference) = &mut self.inference else { return };
        inference.explained = Some(Explained::of_call(call, rows, signature));
        if call.explanations.is_err() {
            inference.predicted.clear();
            inference.bins.clear();
            inference.answer_bins.clear();
        }
    }
}

/// Lists the predictions of all rows.
fn predicted(answers: &Answers) -> Vec<Predicted> {
    let mut predicted = Vec::with_capacity(answers.predictions.len());
    for prediction in &answers.predictions {
        for (index, output) in prediction.iter().enumerate() {
            predicted.push(of_output(output, answers.notes.get(index)));
        }
    }
    predicted
}

fn of_output(output: &Output, notes: Option<&OutputNotes>) -> Predicted {
    match output {
        Output::Class(class) => {
            Predicted { prediction: class.label.clone(), confidence: class.confidence }
        }
        Output::Quantity(_) => Predicted {
            prediction: notes.map(|notes| notes.name.clone()).unwrap_or_default(),
            confidence: None,
        },
    }
}

/// Counts the values of the sampled rows by bin.
fn bins(rows: &Rows, signature: &Signature, sampled: &[usize]) -> Bins {
    if sampled.is_empty() {
        return Bins::new();
    }
    let features = signature.features.len();
    let values = |row: &usize| &rows.values[row * features..][..features];
    drift::bins(signature, &model::describe(), sampled.iter().map(values))
}
