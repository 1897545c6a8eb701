//! The families of the model: its answers, their confidence, and the drift of its inputs.

use super::Context;
use super::histogram::{Count, Histogram};
use super::series::Series;
use crate::model::{Description, OutputKind, OutputNotes, Signature, bins};
use crate::record::buckets::{CONFIDENCE, INFERENCE};
use crate::record::key::{self, Class, Key, Model, ModelQuantity};
use crate::record::sample;
use crate::record::text::{Family, Kind, Sample};
use std::num::Saturating;

/// The sums over all counters of the model.
pub struct ModelStats {
    predictions: Series<Count>,
    confidences: Series<Histogram>,
    inferences: Series<Histogram>,
    started: Series<Count>,
    invalid: Series<Count>,
    /// The counts by feature and index of the bin, of the served model only.
    bins: Series<Count>,
    /// The counts by output and index of the bin, of the served model only.
    answer_bins: Series<Count>,
}

impl ModelStats {
    /// Makes empty sums, without a series.
    pub const fn new() -> Self {
        Self {
            predictions: Series::new(&["model", "version", "prediction"]),
            confidences: Series::new(&["model", "version"]),
            inferences: Series::new(&["model", "version"]),
            started: Series::new(&["model", "version"]),
            invalid: Series::new(&["feature", "reason"]),
            bins: Series::new(&["feature", "bin"]),
            answer_bins: Series::new(&["output", "bin"]),
        }
    }

    /// Creates a series at 0 for every possible label of the model.
    pub fn begin(&mut self, signature: &Signature, description: &Description) {
        self.started.at(&[&signature.name, &signature.version]);
        self.inferences.at(&[&signature.name, &signature.version]);
        for prediction in described(description) {
            self.predictions.at(&[&signature.name, &signature.version, prediction]);
        }
    }

    /// Returns true if the model has given an answer missing from its description.
    pub fn has_unknown_predictions(
        &self,
        signature: &Signature,
        description: &Description,
    ) -> bool {
        self.predictions.labels().any(|labels| {
            let [model, version, prediction] = labels else { return false };
            (model, version) == (&signature.name, &signature.version)
                && !described(description).any(|known| known == prediction)
        })
    }

    /// Adds the number of a counter, if it belongs to a model. `signature` is the served model's.
    pub fn add(&mut self, key: &Key, number: u64, signature: &Signature) {
        match key {
            Key::Prediction { class, inference_bucket, percent, .. } => {
                self.add_predicted(class, number);
                if let Some(percent) = percent {
                    let Model { name, version } = &class.model;
                    let units = CONFIDENCE.fraction_units(*percent as f64 / 100.0);
                    self.confidences.at(&[name, version]).sum +=
                        Saturating(units) * Saturating(number);
                }
                self.add_calls(&class.model, *inference_bucket, number);
            }
            Key::Predicted(class) => self.add_predicted(class, number),
            Key::Started(model) => {
                *self.started.at(&[&model.name, &model.version]) += sample::calls(number);
            }
            Key::Call { model, inference_bucket } => {
                self.add_calls(model, *inference_bucket, number);
            }
            Key::ModelSum { quantity, model } => {
                let histograms = match quantity {
                    ModelQuantity::Inference => &mut self.inferences,
                    ModelQuantity::Confidence => &mut self.confidences,
                    ModelQuantity::Explanation => return,
                };
                histograms.at(&[&model.name, &model.version]).sum += number;
            }
            Key::Violation { feature, reason } => *self.invalid.at(&[feature, reason]) += number,
            // Bins of another model, or of an older version, have other bounds.
            Key::Bin { model, feature, bin }
                if *model == key::Model::new(&signature.name, &signature.version) =>
            {
                *self.bins.at(&[feature, &bin.to_string()]) += number;
            }
            Key::AnswerBin { model, output, bin }
                if *model == key::Model::new(&signature.name, &signature.version) =>
            {
                *self.answer_bins.at(&[output, &bin.to_string()]) += number;
            }
            _ => {}
        }
    }

    /// Adds predictions with the same labels and bucket.
    fn add_predicted(&mut self, class: &Class, count: u64) {
        let Class { model, prediction, confidence_bucket } = class;
        *self.predictions.at(&[&model.name, &model.version, prediction]) += count;
        if let Some(bucket) = confidence_bucket {
            self.confidences.at(&[&model.name, &model.version]).add(*bucket, count);
        }
    }

    /// Adds calls with durations in the same bucket.
    fn add_calls(&mut self, model: &key::Model, bucket: usize, count: u64) {
        self.inferences.at(&[&model.name, &model.version]).add(bucket, count);
    }

    /// Returns the families, sorted by name.
    pub fn families(&self, context: &Context) -> Vec<Family> {
        let mut families = Vec::from(self.drift_families(context));
        families.extend([
            Family {
                name: "model_inference_duration_seconds",
                kind: Kind::Histogram,
                help: "Time of a call into the model, which may answer several rows.",
                samples: self.inferences.samples(&INFERENCE),
            },
            Family {
                name: "model_inference_started",
                kind: Kind::Counter,
                help: "Calls into the model, counted before they are made. Those that \
                       model_inference_duration_seconds_count lacks gave no answer: they ended in a \
                       trap or a time-out, or their client left.",
                samples: self.started.samples("_total"),
            },
            info(context.signature, context.description),
            Family {
                name: "model_invalid_inputs",
                kind: Kind::Counter,
                help: "Values that were refused, or that were unusual or unknown and let through.",
                samples: self.invalid.samples("_total"),
            },
            self.answer_bins(context),
            Family {
                name: "model_prediction_confidence",
                kind: Kind::Histogram,
                help: "How sure the model was of the class it answered.",
                samples: self.confidences.samples(&CONFIDENCE),
            },
            answer_reference(context),
            Family {
                name: "model_predictions",
                kind: Kind::Counter,
                help: "Answers of the model: a class by its label, a quantity by its name.",
                samples: self.predictions.samples("_total"),
            },
        ]);
        families
    }

    fn answer_bins(&self, context: &Context) -> Family {
        let Context { signature, description, .. } = context;
        let is_single = description.outputs.len() == 1;
        let counted = |notes: &OutputNotes, index: usize, label: &str| match notes.kind {
            // The answers of a single class have no other counter.
            OutputKind::Classes(_) if is_single => {
                self.predictions.get(&[&signature.name, &signature.version, label])
            }
            _ => self.answer_bins.get(&[&notes.name, &index.to_string()]),
        };
        Family {
            name: "model_prediction_bin",
            kind: Kind::Counter,
            help: "Answers by the bin of the output's reference that they fall into. Not cumulative.",
            samples: of_answer_bins(context, "_total", &|notes, index, label, _| {
                counted(notes, index, label).copied().unwrap_or_default().0 as f64
            }),
        }
    }

    fn drift_families(&self, context: &Context) -> [Family; 3] {
        // Every bin of the reference is a series, at 0 until a value falls into it.
        let bins = reference_bins(context.signature, context.description);
        // Another version has other bounds: its expected ratios do not apply.
        let Signature { name, version, .. } = context.signature;
        let sample = |suffix, bin: &ReferenceBin, value| {
            let (feature, bin) = (&bin.feature[..], &bin.label[..]);
            let labels =
                [("model", &name[..]), ("version", version), ("feature", feature), ("bin", bin)];
            Sample::new(suffix, &labels, value)
        };
        let counted = |bin: &ReferenceBin| {
            let counted = self.bins.get(&[&bin.feature, &bin.index.to_string()]);
            sample("_total", bin, counted.copied().unwrap_or_default().0 as f64)
        };
        [
            Family {
                name: "model_feature_bin",
                kind: Kind::Counter,
                help: "Values in a sample of the predictions, by the bin of the model's reference \
                       that they fall into. Not cumulative.",
                samples: bins.iter().map(counted).collect(),
            },
            Family {
                name: "model_feature_reference_ratio",
                kind: Kind::Gauge,
                help: "The share of each bin in the data that the model was made from.",
                samples: bins.iter().map(|bin| sample("", bin, bin.share)).collect(),
            },
            Family {
                name: "model_feature_sample_ratio",
                kind: Kind::Gauge,
                help: "The part of the predictions that model_feature_bin_total counts.",
                samples: vec![Sample::new("", &[], sample_ratio(context.drift_sample_interval))],
            },
        ]
    }
}

/// Returns the predictions in the model's description, by their label in the counters: a class by
/// its label, a quantity by its name.
fn described(description: &Description) -> impl Iterator<Item = &String> {
    description.outputs.iter().flat_map(|output| match &output.kind {
        OutputKind::Classes(labels) => labels.as_slice(),
        OutputKind::Quantity(_) => std::slice::from_ref(&output.name),
    })
}

/// Makes the family of the expected proportions of answers.
fn answer_reference(context: &Context) -> Family {
    Family {
        name: "model_prediction_reference_ratio",
        kind: Kind::Gauge,
        help: "The share of each bin in the answers to the data that the model was made from.",
        samples: of_answer_bins(context, "", &|_, _, _, share| share),
    }
}

/// Makes a sample of each bin of each output with a reference. `value` gets the output, the index of
/// the bin, its label and its proportion.
fn of_answer_bins(
    context: &Context,
    suffix: &'static str,
    value: &dyn Fn(&OutputNotes, usize, &str, f64) -> f64,
) -> Vec<Sample> {
    let Signature { name, version, .. } = context.signature;
    let mut samples = Vec::new();
    for notes in &context.description.outputs {
        for (index, (label, share)) in bins::answer_shares(notes).into_iter().enumerate() {
            let value = value(notes, index, &label, share);
            let labels = [
                ("model", &name[..]),
                ("version", version),
                ("output", &notes.name),
                ("bin", &label),
            ];
            samples.push(Sample::new(suffix, &labels, value));
        }
    }
    samples
}

/// A bin of a feature's reference.
struct ReferenceBin {
    feature: String,
    index: usize,
    /// The `bin` label. Prometheus keeps `le` for histograms.
    label: String,
    share: f64,
}

fn reference_bins(signature: &Signature, description: &Description) -> Vec<ReferenceBin> {
    let mut bins = Vec::new();
    for (feature, notes) in signature.features.iter().zip(&description.features) {
        let Some(reference) = &notes.reference else { continue };
        let shares = bins::shares(feature, &reference.bins, reference.missing);
        bins.extend(shares.into_iter().enumerate().map(|(index, (label, share))| ReferenceBin {
            feature: feature.name.clone(),
            index,
            label,
            share,
        }));
    }
    bins
}

fn sample_ratio(interval: u64) -> f64 {
    if interval == 0 { 0.0 } else { 1.0 / interval as f64 }
}

/// Makes the family of the model's own labels. It is complete before the first request.
fn info(signature: &Signature, description: &Description) -> Family {
    let labels = [
        ("model", &signature.name[..]),
        ("version", &signature.version),
        ("license", &description.license),
        ("precision", &description.precision),
        ("digest", &description.digest),
    ];
    Family {
        name: "model",
        kind: Kind::Info,
        help: "The model that is served.",
        samples: vec![Sample::new("_info", &labels, 1.0)],
    }
}
