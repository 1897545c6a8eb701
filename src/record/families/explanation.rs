//! The families of explanations.

use super::Context;
use super::histogram::{Count, Histogram};
use super::series::Series;
use crate::model::{Description, Signature};
use crate::record::buckets::{CONFIDENCE, INFERENCE};
use crate::record::key::{self, ExplanationResult, Key, ModelQuantity};
use crate::record::text::{Family, Kind, Sample};

/// The sums over all counters of explanations.
pub struct ExplanationStats {
    started: Series<Count>,
    durations: Series<Histogram>,
    results: Series<Count>,
    /// The proportions by feature, of the served model only.
    shares: Series<Count>,
}

impl ExplanationStats {
    /// Makes empty sums, without a series.
    pub const fn new() -> Self {
        Self {
            started: Series::new(&["model", "version"]),
            durations: Series::new(&["model", "version"]),
            results: Series::new(&["model", "version", "result"]),
            shares: Series::new(&["feature"]),
        }
    }

    /// Creates the counters of a model with explanations, at 0.
    pub fn begin(&mut self, signature: &Signature, description: &Description) {
        if description.explanation.is_none() {
            return;
        }
        let Signature { name, version, .. } = signature;
        self.started.at(&[name, version]);
        for result in ExplanationResult::ALL {
            self.results.at(&[name, version, result.as_str()]);
        }
    }

    /// Adds the number of a counter, if it belongs to explanations. `signature` is the served
    /// model's.
    pub fn add(&mut self, key: &Key, number: u64, signature: &Signature) {
        match key {
            Key::ExplanationStarted(model) => {
                *self.started.at(&[&model.name, &model.version]) += number;
            }
            Key::ExplanationCall { model, inference_bucket } => {
                self.durations.at(&[&model.name, &model.version]).add(*inference_bucket, number);
            }
            Key::ModelSum { quantity: ModelQuantity::Explanation, model } => {
                self.durations.at(&[&model.name, &model.version]).sum += number;
            }
            Key::Explanation { model, result } => {
                *self.results.at(&[&model.name, &model.version, result.as_str()]) += number;
            }
            Key::Contribution { model, feature }
                if *model == key::Model::new(&signature.name, &signature.version) =>
            {
                *self.shares.at(&[feature]) += number;
            }
            _ => {}
        }
    }

    /// Returns the families.
    pub fn families(&self, context: &Context) -> [Family; 5] {
        [
            Family {
                name: "model_explanation_duration_seconds",
                kind: Kind::Histogram,
                help: "Time of a call for explanations, which may explain several rows.",
                samples: self.durations.samples(&INFERENCE),
            },
            Family {
                name: "model_explanation_started",
                kind: Kind::Counter,
                help: "Calls for explanations, counted before they are made. Those that \
                       model_explanation_duration_seconds_count lacks gave no answer.",
                samples: self.started.samples("_total"),
            },
            Family {
                name: "model_explanations",
                kind: Kind::Counter,
                help: "Rows to explain: ok, refused by the model, or failed since the model broke \
                       its contract.",
                samples: self.results.samples("_total"),
            },
            Family {
                name: "model_feature_contribution_ratio",
                kind: Kind::Summary,
                help: "The share of each feature in the absolute contributions to each explained \
                       row.",
                samples: self.shares(context),
            },
            Family {
                name: "model_feature_contribution_reference_ratio",
                kind: Kind::Gauge,
                help: "The share of each feature in the contributions to the data that the model \
                       was made from.",
                samples: reference_shares(context),
            },
        ]
    }

    /// Makes the sum and the count of each feature of a model with explanations.
    fn shares(&self, context: &Context) -> Vec<Sample> {
        let Signature { name, version, features } = context.signature;
        if context.description.explanation.is_none() {
            return Vec::new();
        }
        let explained = self.results.get(&[name, version, ExplanationResult::Ok.as_str()]);
        let explained = explained.copied().unwrap_or_default().0 as f64;
        let samples = features.iter().flat_map(|feature| {
            let units = self.shares.get(&[&feature.name]).copied().unwrap_or_default().0;
            let sum = sample(context, &feature.name, "_sum", CONFIDENCE.value(units));
            [sum, sample(context, &feature.name, "_count", explained)]
        });
        samples.collect()
    }
}

/// Makes the share of each feature in the model's description, if it has them.
fn reference_shares(context: &Context) -> Vec<Sample> {
    let shares = context.description.explanation.iter().flat_map(|notes| &notes.shares);
    let shares = context.signature.features.iter().zip(shares);
    shares.map(|(feature, share)| sample(context, &feature.name, "", *share)).collect()
}

fn sample(context: &Context, feature: &str, suffix: &'static str, value: f64) -> Sample {
    let Signature { name, version, .. } = context.signature;
    Sample::new(suffix, &[("model", name), ("version", version), ("feature", feature)], value)
}
