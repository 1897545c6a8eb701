//! The families of outcomes: how often, and how closely, answers were right.

use super::Context;
use super::histogram::Histogram;
use super::series::Series;
use crate::model::{OutputKind, OutputNotes, groups, measures};
use crate::record::buckets::{CONFIDENCE, DISTANCES, PROBABILITY};
use crate::record::key::{Comparison, Key, Model, OutcomeQuantity, People};
use crate::record::outcomes::{MOST_PAIRED_CLASSES, positive, spread};
use crate::record::scaled;
use crate::record::text::{Family, Kind, number};
use std::borrow::Cow;

/// The sums over all counters of outcomes.
pub struct OutcomeStats {
    /// The series of each of [`NUMBERS`].
    numbers: Vec<Series<f64>>,
    confidences: Series<Histogram>,
    distances: Series<Histogram>,
}

/// A family of plain numbers: its name, its help and its labels.
type Numbers = (&'static str, &'static str, &'static [&'static str]);

/// The counters, and then the gauges. The first four are everyone's, the next four those of
/// subgroups, in the same order.
static NUMBERS: [Numbers; 13] = [
    (
        "model_outcomes",
        "People whose outcome is known, by answer and outcome.",
        &["model", "version", "output", "prediction", "outcome", "correct", "positive"],
    ),
    (
        "model_outcome_expected_events",
        "Sums of the probabilities, by their bin.",
        &["model", "version", "output", "bin"],
    ),
    (
        "model_outcome_squared_error",
        "Sums of the squared errors, by the bin of the probability.",
        &["model", "version", "output", "bin"],
    ),
    (
        "model_outcome_error",
        "Sums of the distances of answers over and under the truth.",
        &["model", "version", "output", "direction"],
    ),
    (
        "model_group_outcomes",
        "People whose outcome is known, by subgroup.",
        &[
            "model",
            "version",
            "output",
            "feature",
            "group",
            "prediction",
            "outcome",
            "correct",
            "positive",
        ],
    ),
    (
        "model_group_expected_events",
        "Sums of the probabilities, by subgroup.",
        &["model", "version", "output", "feature", "group"],
    ),
    (
        "model_group_squared_error",
        "Sums of the squared errors, by subgroup.",
        &["model", "version", "output", "feature", "group"],
    ),
    (
        "model_group_error",
        "Sums of the distances of answers over and under the truth, by subgroup.",
        &["model", "version", "output", "feature", "group", "direction"],
    ),
    (
        "model_outcome_events",
        "People by the bin of their probability, and by whether the event came: the positive class \
         of two, or else the answered class.",
        &["model", "version", "output", "bin", "event"],
    ),
    ("model_invalid_outcomes", "Violations in outcomes that were refused.", &["reason"]),
    ("model_outcome_horizon_days", "The days from an answer to its truth.", &["model", "version"]),
    (
        "model_reference_people",
        "The people that model_reference_performance is of.",
        &["model", "version", "output", "measure", "class", "feature", "group"],
    ),
    (
        "model_reference_performance",
        "The performance in the data that the model's card names.",
        &["model", "version", "output", "measure", "class", "feature", "group"],
    ),
];

const OUTCOMES: usize = 0;
const EXPECTED: usize = 1;
const SQUARED: usize = 2;
const ERRORS: usize = 3;
/// The distance from everyone's family to that of subgroups.
const SUBGROUPS: usize = 4;
const EVENTS: usize = 8;
const INVALID: usize = 9;
const HORIZON: usize = 10;
const PEOPLE: usize = 11;
const PERFORMANCE: usize = 12;

const fn flag(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

impl OutcomeStats {
    /// Makes empty sums, without a series.
    pub fn new() -> Self {
        Self {
            numbers: NUMBERS.iter().map(|(_, _, labels)| Series::new(labels)).collect(),
            confidences: Series::new(&["model", "version", "output", "correct"]),
            distances: Series::new(&["model", "version", "output"]),
        }
    }

    /// Sets the gauges, and creates every possible counter of the model's outcomes at 0: of its own
    /// version, and of those in its description.
    pub fn begin(&mut self, context: &Context) {
        let name = &context.signature.name;
        for version in versions(context) {
            for output in &context.description.outputs {
                let model = Model::new(name, version);
                let everyone = People::all(model, &output.name);
                self.begin_people(&everyone, output);
                for feature in &context.signature.features {
                    for group in groups::names(feature).into_iter().flatten() {
                        let (feature, group) = (feature.name.as_str().into(), group.into());
                        self.begin_people(&People { feature, group, ..everyone.clone() }, output);
                    }
                }
            }
            let days = context.description.outcome.as_ref().map_or(0, |notes| notes.horizon_days);
            if days > 0 {
                *self.numbers[HORIZON].at(&[name, version]) = days.into();
            }
        }
        let listed = context.description.outcome.iter().flat_map(|notes| &notes.performance);
        for performance in listed {
            let of = measures::Names::of(performance, context.signature, context.description);
            let version = &context.signature.version;
            let labels = [name, version, &of.output, of.measure, &of.class, &of.feature, &of.group];
            *self.numbers[PEOPLE].at(&labels) = performance.people.into();
            *self.numbers[PERFORMANCE].at(&labels) = performance.value;
        }
    }

    fn begin_people(&mut self, people: &People, output: &OutputNotes) {
        let OutputKind::Classes(labels) = &output.kind else {
            self.add_outcomes(people, &Comparison::default(), output, 0);
            for quantity in
                [OutcomeQuantity::Over, OutcomeQuantity::Under, OutcomeQuantity::Squared]
            {
                self.add_sum(people, quantity, 0, 0);
            }
            return;
        };
        let is_group = people.is_group();
        if !is_group {
            for correct in [true, false] {
                self.confidences.at(&self::labels(people, &[flag(correct)]));
            }
        }
        for comparison in comparisons(labels, is_group) {
            self.add_outcomes(people, &comparison, output, 0);
        }
        for bin in 0..if is_group { 1 } else { PROBABILITY.bounds.len() } {
            self.add_sum(people, OutcomeQuantity::Probability, bin, 0);
            self.add_sum(people, OutcomeQuantity::SquaredProbability, bin, 0);
            if !is_group {
                self.add_events(people, bin, true, 0);
                self.add_events(people, bin, false, 0);
            }
        }
    }

    /// Adds the number of a counter, if it belongs to outcomes of the served model.
    pub fn add(&mut self, key: &Key, number: u64, context: &Context) {
        match key {
            Key::Outcome { people, comparison } => {
                if let Some(output) = output(people, context) {
                    self.add_outcomes(people, comparison, output, number);
                }
            }
            Key::OutcomeSum { people, quantity, unit } if output(people, context).is_some() => {
                self.add_sum(people, *quantity, *unit, number);
            }
            Key::InvalidOutcome { reason } => {
                *self.numbers[INVALID].at(&[reason]) += number as f64;
            }
            _ => {}
        }
    }

    fn add_outcomes(
        &mut self,
        people: &People,
        comparison: &Comparison,
        output: &OutputNotes,
        number: u64,
    ) {
        let Comparison { prediction, outcome, is_correct, confidence_bucket, bin } = comparison;
        let correct = is_correct.map_or("", flag);
        let is_positive = positive_label(output).filter(|_| !outcome.is_empty());
        let is_positive = is_positive.map(|label| label == outcome);
        let rest = [&**prediction, outcome, correct, is_positive.map_or("", flag)];
        self.add_number(OUTCOMES, people, &rest, number as f64);
        if let Some(bucket) = confidence_bucket {
            self.confidences.at(&labels(people, &[correct])).add(*bucket, number);
        }
        if let Some(bin) = bin {
            let came = if positive(output).is_some() { is_positive } else { *is_correct };
            self.add_events(people, *bin, came == Some(true), number);
        }
    }

    fn add_events(&mut self, people: &People, bin: usize, came: bool, number: u64) {
        self.add_number(EVENTS, people, &[&bound(bin), flag(came)], number as f64);
    }

    fn add_sum(&mut self, people: &People, quantity: OutcomeQuantity, unit: usize, number: u64) {
        // Subgroups have no bins.
        let bin = if people.is_group() { None } else { Some(bound(unit)) };
        let no_bin = if people.is_group() { None } else { Some("") };
        let (family, rest, amount) = match quantity {
            OutcomeQuantity::Confidence => {
                let correct = flag(unit == 1);
                self.confidences.at(&labels(people, &[correct])).sum += number;
                return;
            }
            OutcomeQuantity::Distance => {
                return self.distances.at(&labels(people, &[])).add(unit, number);
            }
            OutcomeQuantity::Probability => (EXPECTED, bin.as_deref(), PROBABILITY.value(number)),
            OutcomeQuantity::SquaredProbability => (SQUARED, bin.as_deref(), number as f64 / 1e9),
            OutcomeQuantity::Over => (ERRORS, Some("over"), scaled::value(unit, number)),
            OutcomeQuantity::Under => (ERRORS, Some("under"), scaled::value(unit, number)),
            OutcomeQuantity::Squared => (SQUARED, no_bin, scaled::value(unit, number)),
        };
        self.add_number(family, people, rest.as_slice(), amount);
    }

    /// Adds to the series of a family: everyone's, or that of subgroups.
    // Inlining it would add code.
    #[inline(never)]
    fn add_number(&mut self, family: usize, people: &People, rest: &[&str], amount: f64) {
        let family = if people.is_group() { family + SUBGROUPS } else { family };
        *self.numbers[family].at(&labels(people, rest)) += amount;
    }

    /// Returns the families.
    pub fn families(&self, context: &Context) -> Vec<Family> {
        let mut families = Vec::new();
        for (index, (name, help, _)) in NUMBERS.iter().enumerate() {
            let (kind, suffix) = match index {
                HORIZON.. => (Kind::Gauge, ""),
                _ => (Kind::Counter, "_total"),
            };
            families.push(Family {
                name,
                kind,
                help,
                samples: self.numbers[index].samples(suffix),
            });
        }
        families.push(Family {
            name: "model_outcome_confidence",
            kind: Kind::Histogram,
            help: "How sure the model was of right and of wrong answers.",
            samples: self.confidences.samples(&CONFIDENCE),
        });
        families.push(self.absolute_errors(context));
        families
    }

    /// Makes the histograms of absolute errors. Their sums and counts are those of all errors.
    fn absolute_errors(&self, context: &Context) -> Family {
        let mut samples = Vec::new();
        for version in versions(context) {
            for notes in &context.description.outputs {
                if let OutputKind::Classes(_) = notes.kind {
                    continue;
                }
                let model = Model::new(&context.signature.name, version);
                let people = People::all(model, &notes.name);
                let number = |family: usize, rest: &[&str]| {
                    self.numbers[family].get(&labels(&people, rest)).copied().unwrap_or_default()
                };
                let spread = spread(notes);
                let histogram = self.distances.get(&labels(&people, &[]));
                let mut histogram = histogram.cloned().unwrap_or_default();
                if spread.is_none() {
                    histogram.add(0, number(OUTCOMES, &[""; 4]) as u64);
                }
                let sum = number(ERRORS, &["over"]) + number(ERRORS, &["under"]);
                let bounds = spread.iter().flat_map(|spread| DISTANCES.map(|part| part * spread));
                let labels = [
                    ("model", context.signature.name.clone()),
                    ("version", version.to_owned()),
                    ("output", notes.name.clone()),
                ];
                samples.extend(histogram.samples_within(bounds, sum, &labels));
            }
        }
        Family {
            name: "model_outcome_absolute_error",
            kind: Kind::Histogram,
            help: "The distances of answers from the truth.",
            samples,
        }
    }
}

/// Lists the versions whose outcomes are taken.
fn versions<'a>(context: &'a Context) -> Vec<&'a str> {
    let mut versions = vec![context.signature.version.as_str()];
    if let Some(notes) = &context.description.outcome {
        versions.extend(notes.versions.iter().map(String::as_str));
    }
    versions
}

/// Finds the output of people, if they belong to the served model.
fn output<'a>(people: &People, context: &'a Context) -> Option<&'a OutputNotes> {
    let Model { name, version } = &people.model;
    let is_served = *name == context.signature.name && versions(context).contains(&&**version);
    let mut outputs = context.description.outputs.iter();
    outputs.find(|output| is_served && output.name == people.output)
}

/// Returns the positive class of two.
fn positive_label(output: &OutputNotes) -> Option<&String> {
    let OutputKind::Classes(labels) = &output.kind else { return None };
    labels.get(positive(output)?)
}

/// Lists all pairs of classes, as they are counted.
fn comparisons(classes: &[String], is_group: bool) -> Vec<Comparison<'_>> {
    let most = if is_group { 2 } else { MOST_PAIRED_CLASSES };
    let classes = classes.iter().map(String::as_str);
    let mut comparisons = Vec::new();
    let mut push = |prediction, outcome, is_correct| {
        let (prediction, outcome) = (Cow::Borrowed(prediction), Cow::Borrowed(outcome));
        let is_correct = Some(is_correct);
        comparisons.push(Comparison { prediction, outcome, is_correct, ..Comparison::default() });
    };
    if classes.len() <= most {
        for prediction in classes.clone() {
            for outcome in classes.clone() {
                push(prediction, outcome, prediction == outcome);
            }
        }
    } else {
        for outcome in classes.chain([""]).filter(|outcome| outcome.is_empty() == is_group) {
            push("", outcome, true);
            push("", outcome, false);
        }
    }
    comparisons
}

/// Returns the `bin` label of a probability: the upper bound of its bin.
fn bound(bin: usize) -> String {
    let last = PROBABILITY.bounds.len() - 1;
    number(PROBABILITY.value(PROBABILITY.bounds[bin.min(last)]))
}

/// Returns the values of labels: those of the people, and the rest.
fn labels<'a>(people: &'a People, rest: &[&'a str]) -> Vec<&'a str> {
    let mut labels: Vec<&str> = vec![&people.model.name, &people.model.version, &people.output];
    if people.is_group() {
        labels.extend([&*people.feature, &*people.group]);
    }
    labels.extend(rest);
    labels
}
