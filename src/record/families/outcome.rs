//! The families of outcomes: how often, and how closely, answers were right.

use super::Context;
use super::histogram::Histogram;
use super::series::Series;
use crate::model::{OutputKind, OutputNotes, groups, measures, versions};
use crate::record::buckets::{CONFIDENCE, DISTANCES, PROBABILITY};
use crate::record::key::Key;
use crate::record::outcomes::{OVER, Pair, UNDER, bin, family, flag, spread};
use crate::record::scaled;
use crate::record::text::{Family, Kind, Sample};

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

/// The index of the first gauge.
const HORIZON: usize = 10;
const PEOPLE: usize = 11;
const PERFORMANCE: usize = 12;

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
        for version in versions(context.signature, context.description) {
            for output in &context.description.outputs {
                self.begin_everyone(&[name, version, &output.name], output);
                for feature in &context.signature.features {
                    for group in groups::names(feature).into_iter().flatten() {
                        let people = [name, version, &output.name, &feature.name, &group];
                        self.begin_group(&people, output);
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

    fn begin_everyone(&mut self, people: &[&str; 3], output: &OutputNotes) {
        for pair in pairs(output) {
            self.begin_at(family::OUTCOMES, people, &pair.labels());
        }
        if let OutputKind::Quantity(_) = output.kind {
            self.begin_errors(0, people, &[""]);
            return;
        }
        for bound in PROBABILITY.bounds {
            let bin = bin(*bound);
            self.begin_at(family::EXPECTED, people, &[&bin]);
            self.begin_at(family::SQUARED, people, &[&bin]);
            for came in [true, false] {
                self.begin_at(family::EVENTS, people, &[&bin, flag(came)]);
            }
        }
        let [model, version, output] = people;
        for correct in [true, false] {
            self.confidences.at(&[model, version, output, flag(correct)]);
        }
    }

    fn begin_group(&mut self, people: &[&str; 5], output: &OutputNotes) {
        for pair in pairs(output) {
            self.begin_at(family::OUTCOMES + family::SUBGROUPS, people, &pair.labels_of_group());
        }
        if let OutputKind::Quantity(_) = output.kind {
            self.begin_errors(family::SUBGROUPS, people, &[]);
            return;
        }
        self.begin_at(family::EXPECTED + family::SUBGROUPS, people, &[]);
        self.begin_at(family::SQUARED + family::SUBGROUPS, people, &[]);
    }

    /// Creates the sums of a quantity's errors. `shift` is the distance to the families of the people.
    fn begin_errors(&mut self, shift: usize, people: &[&str], no_bin: &[&str]) {
        self.begin_at(family::OUTCOMES + shift, people, &[""; 4]);
        self.begin_at(family::ERRORS + shift, people, &[OVER]);
        self.begin_at(family::ERRORS + shift, people, &[UNDER]);
        self.begin_at(family::SQUARED + shift, people, no_bin);
    }

    // Inlining it for each family would add code.
    #[inline(never)]
    fn begin_at(&mut self, family: usize, people: &[&str], own: &[&str]) {
        self.numbers[family].at(&[people, own].concat());
    }

    /// Adds the number of a counter, if it belongs to outcomes of the served model.
    pub fn add(&mut self, key: &Key, number: u64, context: &Context) {
        let Key::Outcome { family, unit, labels } = key else { return };
        let labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
        if *family != family::INVALID && !is_served(&labels, context) {
            return;
        }
        match (*family, &labels[..]) {
            (family::CONFIDENCES, [_, _, _, _]) => {
                self.confidences.at(&labels).add((*unit).min(CONFIDENCE.bounds.len()), number);
            }
            (family::CONFIDENCE_SUMS, [_, _, _, _]) => self.confidences.at(&labels).sum += number,
            (family::DISTANCES, [_, _, _]) => {
                self.distances.at(&labels).add((*unit).min(DISTANCES.len()), number);
            }
            (family, labels) if family < HORIZON && labels.len() == NUMBERS[family].2.len() => {
                *self.numbers[family].at(labels) += value(family, *unit, number);
            }
            _ => {}
        }
    }

    /// Returns the families.
    pub fn families(&self, context: &Context) -> Vec<Family> {
        let mut families = Vec::new();
        for (index, (name, help, _)) in NUMBERS.iter().enumerate() {
            let (kind, suffix) = match index {
                HORIZON.. => (Kind::Gauge, ""),
                _ => (Kind::Counter, "_total"),
            };
            let samples = self.numbers[index].samples(suffix);
            families.push(Family { name, kind, help, samples });
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
        for version in versions(context.signature, context.description) {
            for notes in &context.description.outputs {
                if let OutputKind::Quantity(_) = notes.kind {
                    let people = [&context.signature.name, version, &notes.name];
                    samples.extend(self.absolute_errors_of(people, spread(notes)));
                }
            }
        }
        Family {
            name: "model_outcome_absolute_error",
            kind: Kind::Histogram,
            help: "The distances of answers from the truth.",
            samples,
        }
    }

    fn absolute_errors_of(&self, people: [&str; 3], spread: Option<f64>) -> Vec<Sample> {
        let number = |family: usize, own: &[&str]| {
            self.numbers[family].get(&[&people[..], own].concat()).copied().unwrap_or_default()
        };
        let mut histogram = self.distances.get(&people).cloned().unwrap_or_default();
        if spread.is_none() {
            histogram.add(0, number(family::OUTCOMES, &[""; 4]) as u64);
        }
        let sum = number(family::ERRORS, &[OVER]) + number(family::ERRORS, &[UNDER]);
        let bounds = spread.iter().flat_map(|spread| DISTANCES.map(|part| part * spread));
        let [model, version, output] = people.map(str::to_owned);
        let labels = [("model", model), ("version", version), ("output", output)];
        histogram.samples_within(bounds, sum, &labels)
    }
}

/// Returns the value of a number of units.
fn value(family: usize, unit: usize, number: u64) -> f64 {
    let of_people = if family < family::EVENTS { family % family::SUBGROUPS } else { family };
    match of_people {
        family::EXPECTED => PROBABILITY.value(number),
        family::SQUARED if unit == 0 => number as f64 / 1e9,
        family::SQUARED | family::ERRORS => scaled::value(unit, number),
        _ => number as f64,
    }
}

/// Lists all pairs of an answer and a truth; none for a quantity.
fn pairs(notes: &OutputNotes) -> impl Iterator<Item = Pair<'_>> {
    let classes = match &notes.kind {
        OutputKind::Classes(labels) => labels.len(),
        OutputKind::Quantity(_) => 0,
    };
    let pair = move |index| Pair { notes, answered: index / classes, truth: index % classes };
    (0..classes * classes).map(pair)
}

/// Returns true for people with an answer of the served model.
fn is_served(people: &[&str], context: &Context) -> bool {
    let [model, version, output, ..] = people else { return false };
    *model == context.signature.name
        && versions(context.signature, context.description).contains(version)
        && context.description.outputs.iter().any(|notes| notes.name == *output)
}
