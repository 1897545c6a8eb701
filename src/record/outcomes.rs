//! Counts outcomes: turns answers and their truths into increments of the host's counters.

use super::buckets::{CONFIDENCE, DISTANCES, PROBABILITY};
use super::key::{Comparison, Key, Model, OutcomeQuantity, People};
use super::scaled;
use crate::model::{OutputKind, OutputNotes, ReferenceBins};
use crate::platform::store::{Counters, Store};
use crate::validate::Counts;
use crate::validate::outcomes::{Outcome, Truth};
use anyhow::Result;

/// The largest number of classes with a counter for each pair of an answer and a truth.
pub const MOST_PAIRED_CLASSES: usize = 10;

/// Counts outcomes of a model in the host's store.
///
/// # Errors
///
/// If the store fails. Then some of the outcomes may be counted.
pub fn count_outcomes(model: &str, outcomes: &[Outcome]) -> Result<()> {
    add(Store::open()?, model, outcomes)
}

/// Counts the violations in outcomes by their reason.
///
/// # Errors
///
/// If the store fails.
pub fn count_invalid_outcomes(violations: &Counts) -> Result<()> {
    let mut increments = Increments::default();
    for ((_, reason), count) in &violations.0 {
        increments.add(&Key::InvalidOutcome { reason: (*reason).into() }, *count);
    }
    increments.count(Store::open()?)
}

/// Adds the increments of outcomes to the counters.
fn add(counters: &impl Counters, model: &str, outcomes: &[Outcome]) -> Result<()> {
    let mut increments = Increments::default();
    for outcome in outcomes {
        increments.push(model, outcome);
    }
    increments.count(counters)
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

    fn push(&mut self, model: &str, outcome: &Outcome) {
        let everyone = People::all(Model::new(model, outcome.version), &outcome.output.name);
        let groups = outcome.groups.iter().map(|(feature, group)| People {
            feature: (*feature).into(),
            group: group.as_str().into(),
            ..everyone.clone()
        });
        for people in std::iter::once(everyone.clone()).chain(groups) {
            match outcome.truth {
                Truth::Class { answered, outcome: truth, confidence } => {
                    let pair = Pair { notes: outcome.output, answered, truth, confidence };
                    self.push_pair(&people, &pair);
                }
                Truth::Quantity { answered, outcome: truth } => {
                    self.push_quantity(&people, outcome.output, answered, truth);
                }
            }
        }
    }

    fn push_pair(&mut self, people: &People, pair: &Pair) {
        let is_group = people.is_group();
        let confidence = pair.confidence.map(|confidence| CONFIDENCE.fraction_units(confidence));
        let event = confidence.map(|confidence| pair.event(confidence));
        let comparison = pair.comparison(confidence.zip(event.as_ref()), is_group);
        self.add(&Key::Outcome { people: people.clone(), comparison }, 1);
        let (Some(confidence), Some(event)) = (confidence, event) else { return };
        let bin = if is_group { 0 } else { event.bin() };
        self.sum(people, OutcomeQuantity::Probability, bin, event.probability);
        self.sum(people, OutcomeQuantity::SquaredProbability, bin, event.squared_error());
        if !is_group {
            let is_correct = usize::from(pair.answered == pair.truth);
            self.sum(people, OutcomeQuantity::Confidence, is_correct, confidence);
        }
    }

    fn push_quantity(&mut self, people: &People, notes: &OutputNotes, answered: f64, truth: f64) {
        let is_group = people.is_group();
        let comparison = Comparison::default();
        self.add(&Key::Outcome { people: people.clone(), comparison }, 1);
        let error = answered - truth;
        let direction = if error > 0.0 { OutcomeQuantity::Over } else { OutcomeQuantity::Under };
        for (quantity, number) in
            [(direction, error.abs()), (OutcomeQuantity::Squared, error * error)]
        {
            if let Some((unit, units)) = scaled::split(number) {
                self.sum(people, quantity, unit, units);
            }
        }
        if !is_group && let Some(spread) = spread(notes) {
            let bucket = DISTANCES.partition_point(|part| part * spread < error.abs());
            self.sum(people, OutcomeQuantity::Distance, bucket, 1);
        }
    }

    fn sum(&mut self, people: &People, quantity: OutcomeQuantity, unit: usize, amount: u64) {
        self.add(&Key::OutcomeSum { people: people.clone(), quantity, unit }, amount);
    }

    // Inlining it for each kind of key would add code.
    #[inline(never)]
    fn add(&mut self, key: &Key, amount: u64) {
        if amount == 0 {
            return;
        }
        let key = key.encode();
        match self.0.binary_search_by(|(own, _)| own.cmp(&key)) {
            Ok(place) => self.0[place].1 += amount,
            Err(place) => self.0.insert(place, (key, amount)),
        }
    }
}

/// Returns the distance from the first to the last bound of the answers' reference; none without a
/// reference.
pub fn spread(notes: &OutputNotes) -> Option<f64> {
    let Some(ReferenceBins::Number(bins)) = &notes.reference else { return None };
    let bounds = || bins.iter().map(|bin| bin.upper).filter(|upper| upper.is_finite());
    let spread = bounds().next_back()? - bounds().next()?;
    (spread > 0.0 && spread.is_finite()).then_some(spread)
}

/// The answered and the true class of an output.
struct Pair<'a> {
    notes: &'a OutputNotes,
    answered: usize,
    truth: usize,
    confidence: Option<f64>,
}

impl<'a> Pair<'a> {
    fn labels(&self) -> &'a [String] {
        match &self.notes.kind {
            OutputKind::Classes(labels) => labels,
            OutputKind::Quantity(_) => &[],
        }
    }

    /// Returns what the probability is of: the positive class of two, or the answered class.
    fn event(&self, confidence: u64) -> Event {
        match positive(self.notes) {
            Some(positive) => {
                let is_positive = self.answered == positive;
                let probability =
                    if is_positive { confidence } else { PROBABILITY.scale - confidence };
                Event { probability, came: self.truth == positive }
            }
            None => Event { probability: confidence, came: self.answered == self.truth },
        }
    }

    fn comparison(&self, event: Option<(u64, &Event)>, is_group: bool) -> Comparison<'a> {
        let labels = self.labels();
        let label = |index: usize, most: usize| match labels.get(index) {
            Some(label) if labels.len() <= most => label.as_str().into(),
            _ => "".into(),
        };
        let event = event.filter(|_| !is_group);
        let (most, most_true) = if is_group { (2, 2) } else { (MOST_PAIRED_CLASSES, usize::MAX) };
        Comparison {
            prediction: label(self.answered, most),
            outcome: label(self.truth, most_true),
            is_correct: Some(self.answered == self.truth),
            confidence_bucket: event.map(|(confidence, _)| CONFIDENCE.index(confidence)),
            bin: event.map(|(_, event)| event.bin()),
        }
    }
}

/// Returns the index of the positive class of two.
pub fn positive(notes: &OutputNotes) -> Option<usize> {
    match &notes.kind {
        OutputKind::Classes(labels) if labels.len() == 2 => {
            notes.positive.map(|class| class as usize).filter(|class| *class < 2)
        }
        _ => None,
    }
}

/// Something with a probability, and whether it came.
struct Event {
    /// The probability, in units of `buckets::PROBABILITY`.
    probability: u64,
    came: bool,
}

impl Event {
    fn bin(&self) -> usize {
        PROBABILITY.index(self.probability)
    }

    /// Returns the squared error in thousand millionths, rounded. So a counter has room for nine
    /// thousand million people, and a mean of ten thousand is exact to a part in 10^11.
    fn squared_error(&self) -> u64 {
        let truth = if self.came { PROBABILITY.scale } else { 0 };
        let error = self.probability.abs_diff(truth);
        (error * error + 500) / 1000
    }
}
