//! Counts outcomes: turns answers and their truths into increments of the host's counters.
//!
//! A number of [`family`] has the labels of its people first (model, version and output, and for a
//! subgroup its feature and its name), then its own.

use super::buckets::{CONFIDENCE, DISTANCES, PROBABILITY};
use super::key::Key;
use super::scaled;
use crate::model::bins::number;
use crate::model::{OutputKind, OutputNotes, ReferenceBins};
use crate::platform::store::{Counters, Store};
use crate::validate::Counts;
use crate::validate::outcomes::{Outcome, Truth};
use anyhow::Result;

/// The families by their numbers in keys.
pub mod family {
    /// People; labels: answer, truth, correct, positive.
    pub const OUTCOMES: usize = 0;
    /// Probabilities, in units of `buckets::PROBABILITY`; label: the bin, for everyone.
    pub const EXPECTED: usize = 1;
    /// Squared errors: of probabilities in thousand millionths, the unit being 0, or of quantities in a
    /// unit of `scaled`; label: the bin, for everyone.
    pub const SQUARED: usize = 2;
    /// Distances of answers from the truth, in a unit of `scaled`; label: the direction.
    pub const ERRORS: usize = 3;
    /// The distance from everyone's family to that of subgroups.
    pub const SUBGROUPS: usize = 4;
    /// People; labels: the bin, and whether the event came.
    pub const EVENTS: usize = 8;
    /// Violations; label: the reason, without people.
    pub const INVALID: usize = 9;
    /// People by confidence, the unit being the bucket; label: correct.
    pub const CONFIDENCES: usize = 10;
    /// Confidences, in units of `buckets::CONFIDENCE`; label: correct.
    pub const CONFIDENCE_SUMS: usize = 11;
    /// People by absolute error, the unit being the bucket.
    pub const DISTANCES: usize = 12;
}

/// Counts outcomes of a model in the host's store.
///
/// # Errors
///
/// If the store fails. Then some of the outcomes may be counted.
pub fn count_outcomes(model: &str, outcomes: &[Outcome]) -> Result<()> {
    let mut increments = Increments::default();
    for outcome in outcomes {
        increments.push(model, outcome);
    }
    increments.count(Store::open()?)
}

/// Counts the violations in outcomes by their reason.
///
/// # Errors
///
/// If the store fails.
pub fn count_invalid_outcomes(violations: &Counts) -> Result<()> {
    let mut increments = Increments::default();
    for ((_, reason), count) in &violations.0 {
        increments.add(family::INVALID, 0, &[reason], &[], *count);
    }
    increments.count(Store::open()?)
}

/// The increments of a batch, sorted by key: it has many outcomes of few kinds. A map would add 6 KB
/// of code.
#[derive(Default)]
struct Increments(Vec<(String, u64)>);

impl Increments {
    fn count(self, counters: &impl Counters) -> Result<()> {
        for (key, amount) in self.0 {
            counters.add(&key, amount)?;
        }
        Ok(())
    }

    fn push(&mut self, model: &str, Outcome { version, output, truth, groups }: &Outcome) {
        let everyone = [model, version, &output.name];
        match *truth {
            Truth::Class { answered, outcome, confidence } => {
                let pair = Pair { notes: output, answered, truth: outcome };
                let event =
                    confidence.map(|confidence| pair.event(CONFIDENCE.fraction_units(confidence)));
                self.push_pair(&everyone, &pair, event.as_ref());
                for (feature, group) in groups {
                    let people = [model, version, &output.name, feature, group];
                    self.push_pair_of_group(&people, &pair, event.as_ref());
                }
            }
            Truth::Quantity { answered, outcome } => {
                self.push_error(0, &everyone, answered - outcome);
                for (feature, group) in groups {
                    let people = [model, version, &output.name, feature, group];
                    self.push_error(family::SUBGROUPS, &people, answered - outcome);
                }
                if let Some(spread) = spread(output) {
                    let error = (answered - outcome).abs();
                    let bucket = DISTANCES.partition_point(|part| part * spread < error);
                    self.add(family::DISTANCES, bucket, &everyone, &[], 1);
                }
            }
        }
    }

    fn push_pair(&mut self, people: &[&str], pair: &Pair, event: Option<&Event>) {
        self.add(family::OUTCOMES, 0, people, &pair.labels(), 1);
        let Some(event) = event else { return };
        let Event { confidence, probability, came } = *event;
        let (bin, correct) = (bin(probability), flag(pair.is_correct()));
        self.add(family::EVENTS, 0, people, &[&bin, flag(came)], 1);
        self.add(family::EXPECTED, 0, people, &[&bin], probability);
        self.add(family::SQUARED, 0, people, &[&bin], event.squared_error());
        self.add(family::CONFIDENCES, CONFIDENCE.index(confidence), people, &[correct], 1);
        self.add(family::CONFIDENCE_SUMS, 0, people, &[correct], confidence);
    }

    fn push_pair_of_group(&mut self, people: &[&str], pair: &Pair, event: Option<&Event>) {
        self.add(family::OUTCOMES + family::SUBGROUPS, 0, people, &pair.labels_of_group(), 1);
        let Some(event) = event else { return };
        self.add(family::EXPECTED + family::SUBGROUPS, 0, people, &[], event.probability);
        self.add(family::SQUARED + family::SUBGROUPS, 0, people, &[], event.squared_error());
    }

    /// Adds the error of a quantity. `shift` is the distance to the families of the people.
    fn push_error(&mut self, shift: usize, people: &[&str], error: f64) {
        self.add(family::OUTCOMES + shift, 0, people, &[""; 4], 1);
        if let Some((unit, units)) = scaled::split(error.abs()) {
            let direction = if error > 0.0 { OVER } else { UNDER };
            self.add(family::ERRORS + shift, unit, people, &[direction], units);
        }
        if let Some((unit, units)) = scaled::split(error * error) {
            let no_bin = if shift == 0 { &[""][..] } else { &[] };
            self.add(family::SQUARED + shift, unit, people, no_bin, units);
        }
    }

    // Inlining it for each family would add code.
    #[inline(never)]
    fn add(&mut self, family: usize, unit: usize, people: &[&str], own: &[&str], amount: u64) {
        if amount == 0 {
            return;
        }
        let labels = people.iter().chain(own).map(|label| (*label).into()).collect();
        let key = Key::Outcome { family, unit, labels }.encode();
        match self.0.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(place) => self.0[place].1 += amount,
            Err(place) => self.0.insert(place, (key, amount)),
        }
    }
}

/// The label of an answer above the truth.
pub const OVER: &str = "over";
/// The label of an answer below the truth.
pub const UNDER: &str = "under";

/// Returns the label of a flag.
pub const fn flag(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// Returns the `bin` label of a probability, in units of `buckets::PROBABILITY`: the upper bound.
pub fn bin(probability: u64) -> String {
    let last = PROBABILITY.bounds.len() - 1;
    let bound = PROBABILITY.bounds[PROBABILITY.index(probability).min(last)];
    number(PROBABILITY.value(bound))
}

/// Returns the distance from the first to the last bound of the answers' reference; none without a
/// reference.
pub fn spread(notes: &OutputNotes) -> Option<f64> {
    let Some(ReferenceBins::Number(bins)) = &notes.reference else { return None };
    let bounds = || bins.iter().map(|bin| bin.upper).filter(|upper| upper.is_finite());
    let spread = bounds().next_back()? - bounds().next()?;
    (spread > 0.0 && spread.is_finite()).then_some(spread)
}

/// The largest number of classes with a counter for each pair of an answer and a truth.
const MOST_PAIRED_CLASSES: usize = 10;

/// The answered and the true class of an output, by their indices.
pub struct Pair<'a> {
    pub notes: &'a OutputNotes,
    pub answered: usize,
    pub truth: usize,
}

impl<'a> Pair<'a> {
    fn is_correct(&self) -> bool {
        self.answered == self.truth
    }

    /// Returns the label of a class, if there are at most so many.
    fn class(&self, index: usize, most: usize) -> &'a str {
        match &self.notes.kind {
            OutputKind::Classes(labels) if labels.len() <= most => &labels[index],
            _ => "",
        }
    }

    /// Returns everyone's labels: answer, truth, correct, positive.
    pub fn labels(&self) -> [&'a str; 4] {
        let answer = self.class(self.answered, MOST_PAIRED_CLASSES);
        let truth = self.class(self.truth, usize::MAX);
        [answer, truth, flag(self.is_correct()), self.is_positive()]
    }

    /// Returns the same labels of a subgroup.
    pub fn labels_of_group(&self) -> [&'a str; 4] {
        let (answer, truth) = (self.class(self.answered, 2), self.class(self.truth, 2));
        [answer, truth, flag(self.is_correct()), self.is_positive()]
    }

    fn is_positive(&self) -> &'static str {
        positive(self.notes).map_or("", |positive| flag(self.truth == positive))
    }

    /// Returns what the probability is of: the positive class of two, or the answered class.
    fn event(&self, confidence: u64) -> Event {
        let (probability, came) = match positive(self.notes) {
            Some(positive) if self.answered == positive => (confidence, self.truth == positive),
            Some(positive) => (PROBABILITY.scale - confidence, self.truth == positive),
            None => (confidence, self.is_correct()),
        };
        Event { confidence, probability, came }
    }
}

/// Returns the index of the positive class of two.
fn positive(notes: &OutputNotes) -> Option<usize> {
    match &notes.kind {
        OutputKind::Classes(labels) if labels.len() == 2 => {
            notes.positive.map(|class| class as usize).filter(|class| *class < 2)
        }
        _ => None,
    }
}

/// Something with a probability, and whether it came.
struct Event {
    /// The confidence in the answer, in units of `buckets::CONFIDENCE`.
    confidence: u64,
    /// The probability, in units of `buckets::PROBABILITY`.
    probability: u64,
    came: bool,
}

impl Event {
    /// Returns the squared error in thousand millionths, rounded. So a counter has room for nine
    /// thousand million people, and a mean of ten thousand is exact to a part in 10^11.
    fn squared_error(&self) -> u64 {
        let truth = if self.came { PROBABILITY.scale } else { 0 };
        let error = self.probability.abs_diff(truth);
        (error * error + 500) / 1000
    }
}
