//! Counts exchanges: turns an exchange into increments of the host's counters.

use super::buckets::{CONFIDENCE, DURATION, INFERENCE};
use super::explained::Explained;
use super::key::{COUNTED_RESPONSE_BYTES, Class, Http, HttpQuantity, Key, Model, ModelQuantity};
use super::observed::{Inference, Observed, Predicted};
use super::sample::MARK;
use crate::model::Signature;
use crate::platform::log;
use crate::platform::store::{Counters, Store};
use crate::serve::Exchange;
use anyhow::Result;
use std::collections::BTreeMap;

/// Counts an exchange in the host's store. If the store fails, logs a warning; the client still
/// gets its answer.
pub fn record(exchange: &Exchange, observed: &Observed) {
    let counted = Store::open().and_then(|store| count(store, exchange, observed));
    if let Err(error) = counted {
        log::warn(&format!("a request was not counted: {error:#}"));
    }
}

/// Counts a call into the model before the call is made. A trap or a time-out ends this instance,
/// so nothing could count the call later. Returns the counter of calls so far, or 0 if the store
/// fails.
pub fn started(signature: &Signature) -> u64 {
    count_call(&Key::Started(model(signature)))
}

/// Counts a call for explanations before the call is made, for the same reason.
pub fn explanation_started(signature: &Signature) {
    count_call(&Key::ExplanationStarted(model(signature)));
}

fn model(signature: &Signature) -> Model<'_> {
    Model::new(&signature.name, &signature.version)
}

fn count_call(key: &Key) -> u64 {
    let counted = Store::open().and_then(|store| store.add(&key.encode(), 1));
    counted.unwrap_or_else(|error| {
        log::warn(&format!("a call into the model was not counted: {error:#}"));
        0
    })
}

/// Adds the increments of an exchange to the counters, in order.
///
/// # Errors
///
/// If the store fails. The increments before the failure are counted.
pub fn count(counters: &impl Counters, exchange: &Exchange, observed: &Observed) -> Result<()> {
    for (key, amount) in Increments::of(exchange, observed).0 {
        counters.add(&key, amount)?;
    }
    Ok(())
}

/// The increments of an exchange, each with its key: four or five for a usual prediction, and one
/// more for each unusual fact.
struct Increments(Vec<(String, u64)>);

impl Increments {
    fn of(exchange: &Exchange, observed: &Observed) -> Self {
        let mut increments = Self(Vec::with_capacity(8));
        // The labels and buckets.
        let duration = DURATION.duration_units(exchange.duration);
        let http = Http {
            handler: exchange.handler.into(),
            method: exchange.method.into(),
            status: usize::from(exchange.status / 100),
            duration_bucket: DURATION.index(duration),
        };
        // The count. It includes the size of the response if few different sizes are possible.
        let response_bytes = counted_bytes(exchange, observed);
        match &observed.inference {
            Some(inference) => increments.push_inference(http, inference, response_bytes),
            None => increments.push(&Key::Exchange(http), 1),
        }
        // The sums.
        let summed_bytes = exchange.response_bytes - response_bytes.unwrap_or(0);
        for (quantity, amount) in [
            (HttpQuantity::RequestSize, exchange.request_bytes as u64),
            (HttpQuantity::ResponseSize, summed_bytes as u64),
            (HttpQuantity::Duration, duration),
        ] {
            let (handler, method) = (exchange.handler.into(), exchange.method.into());
            increments.push(&Key::HttpSum { quantity, handler, method }, amount);
        }
        increments.push_inputs(observed);
        if let Some(inference) = &observed.inference
            && let Some(explained) = &inference.explained
        {
            increments.push_explained(&inference.labels(), explained);
        }
        increments
    }

    fn push(&mut self, key: &Key, amount: u64) {
        if amount > 0 {
            self.0.push((key.encode(), amount));
        }
    }

    fn push_inference(&mut self, http: Http, inference: &Inference, response_bytes: Option<usize>) {
        let duration = INFERENCE.duration_units(inference.duration);
        let inference_bucket = INFERENCE.index(duration);
        // A single prediction is counted with its exchange, several are counted by kind.
        let confidence = if let [predicted] = &inference.predicted[..] {
            let (class, confidence) = class(inference, predicted);
            let percent = predicted.confidence.and_then(whole_percent);
            let prediction =
                Key::Prediction { http, class, inference_bucket, response_bytes, percent };
            self.push(&prediction, 1);
            if percent.is_some() { 0 } else { confidence }
        } else {
            self.push(&Key::Exchange(http), 1);
            self.push(&Key::Call { model: inference.labels(), inference_bucket }, 1);
            self.push_predicted(inference)
        };
        // The sums.
        for (quantity, amount) in
            [(ModelQuantity::Inference, duration), (ModelQuantity::Confidence, confidence)]
        {
            self.push(&Key::ModelSum { quantity, model: inference.labels() }, amount);
        }
    }

    /// Counts the predictions of a batch by class: a batch has many of few kinds. Returns the
    /// sum of their confidences, in units of `buckets::CONFIDENCE`.
    fn push_predicted(&mut self, inference: &Inference) -> u64 {
        let mut confidences = 0;
        let mut counts = BTreeMap::<_, u64>::new();
        for predicted in &inference.predicted {
            let (class, confidence) = class(inference, predicted);
            confidences += confidence;
            *counts.entry(class).or_default() += 1;
        }
        for (class, count) in counts {
            self.push(&Key::Predicted(class), count);
        }
        confidences
    }

    fn push_inputs(&mut self, observed: &Observed) {
        for ((feature, reason), count) in &observed.violations.0 {
            let (feature, reason) = (feature.as_str().into(), (*reason).into());
            self.push(&Key::Violation { feature, reason }, *count);
        }
        let Some(inference) = &observed.inference else { return };
        if observed.needs_mark {
            self.push(&Key::Started(inference.labels()), MARK);
        }
        for ((feature, bin), count) in &inference.bins {
            let (model, feature) = (inference.labels(), feature.as_str().into());
            self.push(&Key::Bin { model, feature, bin: *bin }, *count);
        }
        for ((output, bin), count) in &inference.answer_bins {
            let (model, output) = (inference.labels(), output.as_str().into());
            self.push(&Key::AnswerBin { model, output, bin: *bin }, *count);
        }
    }

    /// Counts a call for explanations, its rows by result, and the proportions of the features.
    fn push_explained(&mut self, model: &Model, explained: &Explained) {
        let model = || model.clone();
        let duration = INFERENCE.duration_units(explained.duration);
        let inference_bucket = INFERENCE.index(duration);
        self.push(&Key::ExplanationCall { model: model(), inference_bucket }, 1);
        let quantity = ModelQuantity::Explanation;
        self.push(&Key::ModelSum { quantity, model: model() }, duration);
        self.push(&Key::Explanation { model: model(), result: explained.result }, explained.rows);
        for (feature, units) in &explained.shares {
            let feature = feature.as_str().into();
            self.push(&Key::Contribution { model: model(), feature }, *units);
        }
    }
}

/// Returns the size of the response, in bytes, if it belongs in the counter of the exchange. Each
/// size adds another set of such counters, so clients must have no influence on it.
fn counted_bytes(exchange: &Exchange, observed: &Observed) -> Option<usize> {
    let inference = observed.inference.as_ref()?;
    let is_counted = observed.has_few_sizes
        && inference.predicted.len() == 1
        && exchange.response_bytes <= COUNTED_RESPONSE_BYTES;
    is_counted.then_some(exchange.response_bytes)
}

/// Returns a confidence in percent if it is a whole number. Rules and forests often have whole
/// percent, other models almost never, so this adds few counters for them.
fn whole_percent(confidence: f64) -> Option<usize> {
    let percent = (confidence * 100.0).round();
    let is_whole = (0.0..=100.0).contains(&percent) && percent / 100.0 == confidence;
    is_whole.then_some(percent as usize)
}

/// Returns the labels of a prediction, and its confidence in units of `buckets::CONFIDENCE`; 0 if it
/// has none.
fn class<'a>(inference: &'a Inference, predicted: &'a Predicted) -> (Class<'a>, u64) {
    let confidence = predicted.confidence.map(|confidence| CONFIDENCE.fraction_units(confidence));
    let class = Class {
        model: inference.labels(),
        prediction: predicted.prediction.as_str().into(),
        confidence_bucket: confidence.map(|units| CONFIDENCE.index(units)),
    };
    (class, confidence.unwrap_or(0))
}
