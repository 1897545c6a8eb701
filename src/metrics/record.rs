//! What happened, and which counters that raises.

use super::buckets::{CONFIDENCE, DURATION, INFERENCE};
use super::counter::{Counters, add};
use super::key::{Class, Http, Key};
use super::word::Amounts;
use anyhow::Result;
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

/// Counts an exchange: two increments for a prediction of the usual kind, and one more for each
/// thing that is unusual.
pub fn record(store: &impl Counters, exchange: &Exchange, observed: &Observed) -> Result<()> {
    let count = |key: Key, amounts: Amounts| add(store, &key.encode(), key.layout(), &amounts);
    let duration = DURATION.duration_units(exchange.duration);
    let http = Http {
        handler: exchange.handler.into(),
        method: exchange.method.into(),
        status: usize::from(exchange.status / 100),
        duration: DURATION.index(duration),
    };
    match &observed.inference {
        Some(inference) => record_inference(count, http, inference)?,
        None => count(Key::Exchange(http), [1, 0, 0])?,
    }
    let sums = Key::Sums { handler: exchange.handler.into(), method: exchange.method.into() };
    count(sums, [exchange.request_bytes as u64, exchange.response_bytes as u64, duration])?;
    record_inputs(count, observed)
}

fn record_inference(
    count: impl Fn(Key, Amounts) -> Result<()>,
    http: Http,
    inference: &Inference,
) -> Result<()> {
    let duration = INFERENCE.duration_units(inference.duration);
    let bucket = INFERENCE.index(duration);
    if let [outcome] = &inference.outcomes[..] {
        let (class, confidence) = class(inference, outcome);
        let key = Key::Prediction { http, class, inference: bucket };
        return count(key, [confidence, 1, duration]);
    }
    count(Key::Exchange(http), [1, 0, 0])?;
    let (model, version) = (inference.model.as_str().into(), inference.version.as_str().into());
    count(Key::Call { model, version, inference: bucket }, [duration, 1, 0])?;
    // A batch has many outcomes of few kinds.
    let mut outcomes = BTreeMap::<_, Amounts>::new();
    for outcome in &inference.outcomes {
        let (class, confidence) = class(inference, outcome);
        let amounts = outcomes.entry((&outcome.prediction, class.confidence)).or_default();
        amounts[0] += confidence;
        amounts[1] += 1;
    }
    for ((prediction, bucket), amounts) in outcomes {
        let (model, version) = (inference.model.as_str().into(), inference.version.as_str().into());
        let prediction = prediction.as_str().into();
        count(Key::Outcome(Class { model, version, prediction, confidence: bucket }), amounts)?;
    }
    Ok(())
}

/// The labels of an outcome, and its confidence in units.
fn class<'a>(inference: &'a Inference, outcome: &'a Outcome) -> (Class<'a>, u64) {
    let confidence = outcome.confidence.map(|confidence| CONFIDENCE.fraction_units(confidence));
    let class = Class {
        model: inference.model.as_str().into(),
        version: inference.version.as_str().into(),
        prediction: outcome.prediction.as_str().into(),
        confidence: confidence.map(|units| CONFIDENCE.index(units)),
    };
    (class, confidence.unwrap_or(0))
}

fn record_inputs(count: impl Fn(Key, Amounts) -> Result<()>, observed: &Observed) -> Result<()> {
    for ((feature, reason), amount) in &observed.invalid.0 {
        let key = Key::Invalid { feature: feature.as_str().into(), reason: (*reason).into() };
        count(key, [*amount, 0, 0])?;
    }
    if observed.unknown_features > 0 {
        let key = Key::Invalid { feature: UNKNOWN.0.into(), reason: UNKNOWN.1.into() };
        count(key, [observed.unknown_features, 0, 0])?;
    }
    let Some(Inference { model, version, bins, .. }) = &observed.inference else { return Ok(()) };
    for ((feature, bin), amount) in bins {
        let (model, version) = (model.as_str().into(), version.as_str().into());
        let key = Key::Bin { model, version, feature: feature.as_str().into(), bin: *bin };
        count(key, [*amount, 0, 0])?;
    }
    Ok(())
}
