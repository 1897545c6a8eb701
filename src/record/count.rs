//! What happened, and which counters that raises.

use super::buckets::{CONFIDENCE, DURATION, INFERENCE};
use super::counter::Counters;
use super::key::{Class, Http, HttpQuantity, Key, ModelQuantity};
use anyhow::Result;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// One HTTP request and its response.
pub struct Exchange {
    /// The route's path, or that of no route; never what the client sent.
    pub handler: &'static str,
    pub method: &'static str,
    pub status: u16,
    pub duration: Duration,
    pub request_bytes: usize,
    pub response_bytes: usize,
}

/// What the exchange shows of the model and its inputs.
#[derive(Debug, Default)]
pub struct Observed {
    pub inference: Option<Inference>,
    pub invalid: Invalid,
    /// How many keys were no feature of the model.
    pub unknown_features: u64,
}

/// How many values were refused or unusual, by feature and reason.
#[derive(Clone, Debug, Default)]
pub struct Invalid(BTreeMap<(String, &'static str), u64>);

impl Invalid {
    /// The feature's name is the model's, or [`NO_FEATURE`].
    pub fn add(&mut self, feature: &str, reason: &'static str, count: u64) {
        *self.0.entry((feature.to_owned(), reason)).or_default() += count;
    }

    pub fn merge(&mut self, other: Self) {
        for ((feature, reason), count) in other.0 {
            *self.0.entry((feature, reason)).or_default() += count;
        }
    }
}

/// The `feature` label of what is wrong with more than one feature.
pub const NO_FEATURE: &str = "none";

/// One call into the model.
#[derive(Debug)]
pub struct Inference {
    pub model: String,
    pub version: String,
    pub duration: Duration,
    /// Those of all rows; none if the call gave no answer.
    pub outcomes: Vec<Outcome>,
    /// The bins of the values of those rows that are in the sample.
    pub bins: Bins,
}

impl Inference {
    /// The labels `model` and `version`.
    fn labels(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        (self.model.as_str().into(), self.version.as_str().into())
    }
}

#[derive(Debug)]
pub struct Outcome {
    /// A class's label, or the name of a quantity.
    pub prediction: String,
    pub confidence: Option<f64>,
}

/// How many values fell into a bin of the model's reference, by feature and place of the bin.
pub type Bins = BTreeMap<(String, usize), u64>;

/// The labels of a key that is no feature.
const UNKNOWN: (&str, &str) = ("other", "unknown_feature");

/// Counts an exchange: six increments for a prediction of the usual kind, and one more for each
/// thing that is unusual.
pub fn record(counters: &impl Counters, exchange: &Exchange, observed: &Observed) -> Result<()> {
    let duration = DURATION.duration_units(exchange.duration);
    let http = Http {
        handler: exchange.handler.into(),
        method: exchange.method.into(),
        status: usize::from(exchange.status / 100),
        duration_bucket: DURATION.index(duration),
    };
    match &observed.inference {
        Some(inference) => record_inference(counters, http, inference)?,
        None => add(counters, &Key::Exchange(http), 1)?,
    }
    for (quantity, amount) in [
        (HttpQuantity::RequestSize, exchange.request_bytes as u64),
        (HttpQuantity::ResponseSize, exchange.response_bytes as u64),
        (HttpQuantity::Duration, duration),
    ] {
        let (handler, method) = (exchange.handler.into(), exchange.method.into());
        add(counters, &Key::HttpSum { quantity, handler, method }, amount)?;
    }
    record_inputs(counters, observed)
}

fn add(counters: &impl Counters, key: &Key, amount: u64) -> Result<()> {
    if amount == 0 { Ok(()) } else { counters.add(&key.encode(), amount) }
}

fn record_inference(counters: &impl Counters, http: Http, inference: &Inference) -> Result<()> {
    let duration = INFERENCE.duration_units(inference.duration);
    let inference_bucket = INFERENCE.index(duration);
    let confidence = if let [outcome] = &inference.outcomes[..] {
        let (class, confidence) = class(inference, outcome);
        add(counters, &Key::Prediction { http, class, inference_bucket }, 1)?;
        confidence
    } else {
        add(counters, &Key::Exchange(http), 1)?;
        let (model, version) = inference.labels();
        add(counters, &Key::Call { model, version, inference_bucket }, 1)?;
        record_outcomes(counters, inference)?
    };
    for (quantity, amount) in
        [(ModelQuantity::Inference, duration), (ModelQuantity::Confidence, confidence)]
    {
        let (model, version) = inference.labels();
        add(counters, &Key::ModelSum { quantity, model, version }, amount)?;
    }
    Ok(())
}

/// Counts the outcomes of a batch, which are many of few kinds. Returns the sum of their
/// confidences, in units.
fn record_outcomes(counters: &impl Counters, inference: &Inference) -> Result<u64> {
    let mut confidences = 0;
    let mut counts = BTreeMap::<_, u64>::new();
    for outcome in &inference.outcomes {
        let (class, confidence) = class(inference, outcome);
        confidences += confidence;
        *counts.entry((&outcome.prediction, class.confidence_bucket)).or_default() += 1;
    }
    for ((prediction, confidence_bucket), count) in counts {
        let (model, version) = inference.labels();
        let prediction = prediction.as_str().into();
        let class = Class { model, version, prediction, confidence_bucket };
        add(counters, &Key::Outcome(class), count)?;
    }
    Ok(confidences)
}

/// Returns the labels of an outcome, and its confidence in units.
fn class<'a>(inference: &'a Inference, outcome: &'a Outcome) -> (Class<'a>, u64) {
    let confidence = outcome.confidence.map(|confidence| CONFIDENCE.fraction_units(confidence));
    let (model, version) = inference.labels();
    let class = Class {
        model,
        version,
        prediction: outcome.prediction.as_str().into(),
        confidence_bucket: confidence.map(|units| CONFIDENCE.index(units)),
    };
    (class, confidence.unwrap_or(0))
}

fn record_inputs(counters: &impl Counters, observed: &Observed) -> Result<()> {
    for ((feature, reason), count) in &observed.invalid.0 {
        let key = Key::Invalid { feature: feature.as_str().into(), reason: (*reason).into() };
        add(counters, &key, *count)?;
    }
    let key = Key::Invalid { feature: UNKNOWN.0.into(), reason: UNKNOWN.1.into() };
    add(counters, &key, observed.unknown_features)?;
    let Some(inference) = &observed.inference else { return Ok(()) };
    for ((feature, bin), count) in &inference.bins {
        let (model, version) = inference.labels();
        let key = Key::Bin { model, version, feature: feature.as_str().into(), bin: *bin };
        add(counters, &key, *count)?;
    }
    Ok(())
}
