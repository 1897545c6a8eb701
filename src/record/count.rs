//! The counters that an exchange raises.

use super::buckets::{CONFIDENCE, DURATION, INFERENCE};
use super::key::{Class, Http, HttpQuantity, Key, ModelQuantity};
use super::observed::{Inference, Observed, Outcome};
use crate::platform::log;
use crate::platform::store::{Counters, Store};
use crate::serve::Exchange;
use anyhow::Result;
use std::collections::BTreeMap;

/// Counts an exchange in the host's store. If the store fails, the log says what is lost: answers
/// go on.
pub fn record(exchange: &Exchange, observed: &Observed) {
    let counted = Store::open().and_then(|store| count(&store, exchange, observed));
    if let Err(error) = counted {
        log::warn(&format!("a request was not counted: {error:#}"));
    }
}

/// Counts an exchange: six increments for a prediction of the usual kind, and one more for each
/// thing that is unusual.
pub fn count(counters: &impl Counters, exchange: &Exchange, observed: &Observed) -> Result<()> {
    // The labels and buckets.
    let duration = DURATION.duration_units(exchange.duration);
    let http = Http {
        handler: exchange.handler.into(),
        method: exchange.method.into(),
        status: usize::from(exchange.status / 100),
        duration_bucket: DURATION.index(duration),
    };
    // The count.
    match &observed.inference {
        Some(inference) => record_inference(counters, http, inference)?,
        None => add(counters, &Key::Exchange(http), 1)?,
    }
    // The sums.
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
    // One outcome is counted with its exchange, several are counted by kind.
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
    // The sums.
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
    for ((feature, reason), count) in &observed.violations.0 {
        let key = Key::Violation { feature: feature.as_str().into(), reason: (*reason).into() };
        add(counters, &key, *count)?;
    }
    let Some(inference) = &observed.inference else { return Ok(()) };
    for ((feature, bin), count) in &inference.bins {
        let (model, version) = inference.labels();
        let key = Key::Bin { model, version, feature: feature.as_str().into(), bin: *bin };
        add(counters, &key, *count)?;
    }
    Ok(())
}
