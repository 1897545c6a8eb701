//! Measures a model's answers against the truth: for everyone, and by subgroup.

use crate::card::cells::is_missing;
use crate::card::describe::Described;
use crate::card::outcome::{COMPUTED, FEWEST_PEOPLE};
use crate::verify::agreement::{is_same_label, number};
use crate::verify::answers::Asked;
use crate::verify::rows;
use predictor_contract::{
    CalibrationBin, Classification, Measure, Output, OutputKind, Performance, Subgroup, groups,
};

/// The most classes with a sensitivity by subgroup.
const MOST_CLASSES: usize = 10;

/// The number of equal bins of the probability.
const BINS: u32 = 10;

/// The certain probability, in millionths. Probabilities are rounded to millionths, as the service
/// rounds them.
const CERTAIN: u32 = 1_000_000;

/// The most events to keep before they are counted.
const MOST_LOOSE: usize = 1 << 16;

/// The length of a line of the report, with its margin in the terminal.
const LINE: usize = 76;

/// The longest name in the report.
const NAME: usize = 28;

/// The values of all measures.
#[derive(Debug, Default)]
pub struct Measured {
    /// The number of rows with an answer and a truth.
    pub people: usize,
    /// For everyone, then by subgroup.
    pub performance: Vec<Performance>,
    /// The bins of the probability.
    pub calibration: Vec<CalibrationBin>,
    left_out: LeftOut,
}

/// The number of rows left out, by reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeftOut {
    /// The service would refuse the row, or the model has no answer.
    pub refused: usize,
    /// The target is missing.
    pub untold: usize,
    /// The target is no class of the model, or no number.
    pub unknown: usize,
}

/// The exact value of a measure; NaN for no people.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    /// The measure.
    pub measure: Measure,
    /// The class that the measure is of, by its index.
    pub class: Option<u32>,
    /// None for everyone.
    pub group: Option<Subgroup>,
    /// The value.
    pub value: f64,
    /// The people that the value is of.
    pub people: usize,
    /// The variance of the distances, for a mean absolute error.
    pub variance: f64,
}

impl Exact {
    /// Rounds the value for a card; none if it is of fewer than ten people.
    fn rounded(self) -> Option<Performance> {
        let Self { measure, class, group, value, people, .. } = self;
        let people = u32::try_from(people).unwrap_or(u32::MAX);
        let value = rounded(measure, value);
        let is_shown = people >= FEWEST_PEOPLE && value.is_finite();
        is_shown.then_some(Performance { output: 0, measure, class, group, value, people })
    }
}

/// The answers and truths of the first output.
pub struct Measuring<'m> {
    described: &'m Described,
    /// The labels of the classes; empty for a number.
    labels: &'m [String],
    /// The positive class of two.
    positive: Option<usize>,
    everyone: Tally,
    /// The features with subgroups, by their index, with a tally of each subgroup.
    features: Vec<(usize, Vec<Tally>)>,
    left_out: LeftOut,
}

/// An answer beside its truth.
enum Case {
    Class {
        answer: usize,
        truth: usize,
        /// The probability of an event, in millionths, and true if the event came.
        event: Option<(u32, bool)>,
    },
    /// The distance of an answer from the truth.
    Number(f64),
}

impl<'m> Measuring<'m> {
    /// Begins to count.
    pub fn new(described: &'m Described) -> Self {
        let notes = &described.description.outputs[0];
        let labels = match &notes.kind {
            OutputKind::Classes(labels) => &labels[..],
            OutputKind::Quantity(_) => &[],
        };
        let tally = || Tally::new(labels.len());
        let features = described.signature.features.iter().enumerate();
        let features = features.filter_map(|(index, feature)| {
            Some((index, groups::names(feature)?.iter().map(|_| tally()).collect()))
        });
        Self {
            described,
            labels,
            positive: notes.positive.filter(|_| labels.len() == 2).map(|index| index as usize),
            everyone: tally(),
            features: features.collect(),
            left_out: LeftOut::default(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, asked: &Asked) {
        let Some(case) = self.case(asked) else { return };
        self.everyone.add(&case);
        for (index, tallies) in &mut self.features {
            let feature = &self.described.signature.features[*index];
            if let Some(place) = groups::place(&asked.values[*index], feature) {
                tallies[place].add(&case);
            }
        }
    }

    /// Reads an answer and its truth. Counts a row without them as left out.
    fn case(&mut self, asked: &Asked) -> Option<Case> {
        let is_refused = rows::is_refused(&self.described.signature, asked.values);
        let Some(outputs) = asked.outputs.filter(|_| !is_refused) else {
            self.left_out.refused += 1;
            return None;
        };
        let text = asked.cells.target.as_deref().unwrap_or_default();
        let case = match &outputs[0] {
            Output::Class(class) => self.class(class, text),
            Output::Quantity(answer) => {
                let truth = number(text).filter(|truth| truth.is_finite());
                truth.map(|truth| Case::Number((answer - truth).abs()))
            }
        };
        match case {
            Some(_) => {}
            None if is_missing(text) => self.left_out.untold += 1,
            None => self.left_out.unknown += 1,
        }
        case
    }

    fn class(&self, class: &Classification, text: &str) -> Option<Case> {
        let truth = self.labels.iter().position(|label| is_same_label(label, text))?;
        let answer = self.labels.iter().position(|label| *label == class.label)?;
        let event = class.confidence.map(|confidence| {
            let sure = (confidence.clamp(0.0, 1.0) * f64::from(CERTAIN)).round() as u32;
            match self.positive {
                None => (sure, truth == answer),
                Some(positive) if positive == answer => (sure, truth == positive),
                Some(positive) => (CERTAIN - sure, truth == positive),
            }
        });
        Some(Case::Class { answer, truth, event })
    }

    /// Computes the values of all measures for the card.
    pub fn finish(mut self) -> Measured {
        let shape = Shape { classes: self.labels.len(), positive: self.positive };
        let mut performance = Vec::new();
        self.each_tally(|tally, group| performance.extend(tally.performance(shape, group)));
        let calibration = self.everyone.calibration();
        Measured { people: self.everyone.people, performance, calibration, left_out: self.left_out }
    }

    /// Computes the exact values of all measures of the alerts, and the AUC. They may be of few
    /// people, and are not to be shown then.
    pub fn exact(mut self) -> (Vec<Exact>, LeftOut) {
        let shape = Shape { classes: self.labels.len(), positive: self.positive };
        let mut values = Vec::new();
        self.each_tally(|tally, group| values.extend(tally.values(shape, group)));
        (values, self.left_out)
    }

    /// Visits the people of all rows, then those of each subgroup.
    fn each_tally(&mut self, mut visit: impl FnMut(&Tally, Option<Subgroup>)) {
        self.everyone.events.settle();
        visit(&self.everyone, None);
        for (feature, tallies) in &mut self.features {
            for (place, tally) in tallies.iter_mut().enumerate() {
                tally.events.settle();
                let group = Subgroup { feature: *feature as u32, place: place as u32 };
                visit(tally, Some(group));
            }
        }
    }
}

/// The classes of an output: none for a number.
#[derive(Clone, Copy)]
struct Shape {
    classes: usize,
    /// The positive class of two.
    positive: Option<usize>,
}

/// The counts of some people.
struct Tally {
    people: usize,
    right: usize,
    /// By class: the people with this truth, with this answer, and with both.
    truths: Vec<usize>,
    answers: Vec<usize>,
    both: Vec<usize>,
    events: Events,
    /// The sums of the distances from the truth, and of their squares.
    distances: f64,
    squares: f64,
}

impl Tally {
    fn new(classes: usize) -> Self {
        let counts = vec![0; classes];
        Self {
            people: 0,
            right: 0,
            truths: counts.clone(),
            answers: counts.clone(),
            both: counts,
            events: Events::default(),
            distances: 0.0,
            squares: 0.0,
        }
    }

    fn add(&mut self, case: &Case) {
        self.people += 1;
        match *case {
            Case::Number(distance) => {
                self.distances += distance;
                self.squares += distance * distance;
            }
            Case::Class { answer, truth, event } => {
                self.truths[truth] += 1;
                self.answers[answer] += 1;
                if answer == truth {
                    self.right += 1;
                    self.both[truth] += 1;
                }
                if let Some((chance, came)) = event {
                    self.events.push(chance * 2 + u32::from(came));
                }
            }
        }
    }

    /// Returns the values of the card's measures, of at least ten people each.
    fn performance(&self, shape: Shape, group: Option<Subgroup>) -> Vec<Performance> {
        let of_card = |one: &Exact| match one.measure {
            Measure::Specificity => shape.positive.is_some(),
            Measure::Sensitivity => group.is_none() || shape.classes <= MOST_CLASSES,
            _ => true,
        };
        let values = self.values(shape, group).into_iter().filter(of_card);
        values.filter_map(Exact::rounded).collect()
    }

    /// Returns the values of all measures.
    fn values(&self, shape: Shape, group: Option<Subgroup>) -> Vec<Exact> {
        let mut found = Vec::new();
        let mut add = |measure, class: Option<usize>, value: f64, people: usize| {
            let class = class.map(|class| class as u32);
            found.push(Exact { measure, class, group, value, people, variance: 0.0 });
        };
        let part = |some: usize, all: usize| some as f64 / all as f64;
        if shape.classes == 0 {
            let mean = self.distances / self.people as f64;
            add(Measure::MeanAbsoluteError, None, mean, self.people);
            found[0].variance = self.squares / self.people as f64 - mean * mean;
            return found;
        }
        add(Measure::Accuracy, None, part(self.right, self.people), self.people);
        for class in
            (0..shape.classes).filter(|class| shape.positive.is_none_or(|own| own == *class))
        {
            let others = self.people - self.truths[class];
            let wrong = self.answers[class] - self.both[class];
            let sensitivity = part(self.both[class], self.truths[class]);
            add(Measure::Sensitivity, Some(class), sensitivity, self.truths[class]);
            add(Measure::Specificity, Some(class), part(others - wrong, others), others);
        }
        let events = self.events.len();
        if let Some(auc) = shape.positive.and_then(|_| self.auc()) {
            add(Measure::Auc, shape.positive, auc, events);
        }
        add(Measure::BrierScore, shape.positive, self.brier_score(), events);
        found
    }

    /// Returns the area under the ROC curve; none if fewer than ten people have the event, or fewer
    /// than ten have none. A tie counts one half. The events are sorted.
    fn auc(&self) -> Option<f64> {
        let (mut with, mut without) = (0_u64, 0_u64);
        // Twice the number of pairs in the right order.
        let mut pairs = 0_u64;
        for tied in self.events.counts.chunk_by(|a, b| a.0 / 2 == b.0 / 2) {
            let came = came(tied) as u64;
            let rest = people(tied) as u64 - came;
            pairs += came * (2 * without + rest);
            with += came;
            without += rest;
        }
        let is_large = with.min(without) >= u64::from(FEWEST_PEOPLE);
        is_large.then(|| pairs as f64 / 2.0 / with as f64 / without as f64)
    }

    fn brier_score(&self) -> f64 {
        let squares = self.events.counts.iter().map(|(event, count)| {
            let distance = chance(*event) - f64::from(event % 2);
            distance * distance * f64::from(*count)
        });
        squares.sum::<f64>() / self.events.len() as f64
    }

    /// Returns the bins with at least ten people. The events are sorted.
    fn calibration(&self) -> Vec<CalibrationBin> {
        let bins = self.events.counts.chunk_by(|a, b| bin(a.0) == bin(b.0));
        let bins = bins.filter(|events| people(events) >= FEWEST_PEOPLE as usize);
        let bins = bins.map(|events| {
            let (people, came) = (people(events), came(events));
            let chances = events.iter().map(|(event, count)| chance(*event) * f64::from(*count));
            CalibrationBin {
                output: 0,
                upper: f64::from(bin(events[0].0) + 1) / f64::from(BINS),
                expected: rounded_to_part(chances.sum::<f64>() / people as f64),
                observed: rounded_to_part(came as f64 / people as f64),
                people: u32::try_from(people).unwrap_or(u32::MAX),
            }
        });
        bins.collect()
    }
}

/// The probabilities of events. Their memory grows with the different ones, and not with the rows.
#[derive(Default)]
struct Events {
    /// Twice the millionths of a probability, and one more if the event came; with their number. They
    /// are sorted after [`Events::settle`].
    counts: Vec<(u32, u32)>,
    /// The newest ones, in no order.
    loose: Vec<u32>,
}

impl Events {
    fn push(&mut self, event: u32) {
        self.loose.push(event);
        if self.loose.len() >= self.counts.len().max(MOST_LOOSE) {
            self.settle();
        }
    }

    fn len(&self) -> usize {
        people(&self.counts) + self.loose.len()
    }

    /// Counts the newest events with the others.
    fn settle(&mut self) {
        self.loose.sort_unstable();
        let same = self.loose.chunk_by(|a, b| a == b);
        self.counts.extend(same.map(|same| (same[0], same.len() as u32)));
        self.counts.sort_by_key(|(event, _)| *event);
        self.counts.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            kept.1 += if is_same { later.1 } else { 0 };
            is_same
        });
        self.loose.clear();
    }
}

/// Returns the number of people with these events.
fn people(events: &[(u32, u32)]) -> usize {
    events.iter().map(|(_, count)| *count as usize).sum()
}

/// Returns the number of people for whom the event came.
fn came(events: &[(u32, u32)]) -> usize {
    events.iter().filter(|(event, _)| event % 2 == 1).map(|(_, count)| *count as usize).sum()
}

/// Returns the probability of an event.
fn chance(event: u32) -> f64 {
    f64::from(event / 2) / f64::from(CERTAIN)
}

/// Returns the index of an event's bin. A bin has its upper bound, and the first one zero too.
fn bin(event: u32) -> u32 {
    (event / 2).saturating_sub(1) / (CERTAIN / BINS)
}

/// Rounds a value: a part of 1 to four decimals, a distance to four digits.
fn rounded(measure: Measure, value: f64) -> f64 {
    match measure {
        Measure::MeanAbsoluteError => {
            format!("{value:.3e}").parse().expect("a formatted number is one")
        }
        _ => rounded_to_part(value),
    }
}

fn rounded_to_part(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl Measured {
    /// Returns the sentence of the card about the rows.
    pub fn data(&self, is_held_out: bool) -> String {
        let people = self.people;
        match is_held_out {
            true => format!("{COMPUTED} {people} held-out rows: the model was not made from them."),
            false => {
                format!("{COMPUTED} {people} rows that the model was made from, so it flatters.")
            }
        }
    }

    /// Returns the lines of a report.
    pub fn report(&self, described: &Described, is_held_out: bool) -> Vec<String> {
        let people = self.people;
        if self.performance.is_empty() {
            let mut lines = vec![format!(
                "no performance: {people} rows have an answer and a target, and {FEWEST_PEOPLE} are \
                 needed"
            )];
            lines.extend(self.left_out.report());
            return lines;
        }
        let mut lines = vec![match is_held_out {
            true => format!("performance of {people} held-out rows:"),
            false => {
                format!(
                    "performance of {people} rows that the model was made from, so it flatters:"
                )
            }
        }];
        lines.extend(wrapped(self.of_everyone(described)));
        lines.extend(self.worst(described));
        lines.extend(self.left_out.report());
        lines
    }

    /// Lists the values of everyone. Of several sensitivities it has the lowest.
    fn of_everyone(&self, described: &Described) -> Vec<String> {
        let everyone = || self.performance.iter().filter(|one| one.group.is_none());
        let lowest = everyone()
            .filter(|one| one.measure == Measure::Sensitivity)
            .min_by(|a, b| a.value.total_cmp(&b.value));
        let is_other = |one: &&Performance| one.measure != Measure::Sensitivity;
        let mut found: Vec<String> = everyone().filter(is_other).map(shown).collect();
        if let Some(one) = lowest {
            found.insert(1.min(found.len()), sensitivity(described, one));
        }
        found
    }

    /// Names the subgroups with the worst values, a line for each measure.
    fn worst(&self, described: &Described) -> Vec<String> {
        let worst =
            [Measure::Accuracy, Measure::Sensitivity, Measure::MeanAbsoluteError].map(|of| {
                let groups = self.performance.iter().filter(|one| one.group.is_some());
                let values = groups.filter(|one| one.measure == of);
                match of {
                    Measure::MeanAbsoluteError => values.max_by(|a, b| a.value.total_cmp(&b.value)),
                    _ => values.min_by(|a, b| a.value.total_cmp(&b.value)),
                }
            });
        let lines = worst.into_iter().flatten().filter_map(|one| of_subgroup(described, one));
        lines.flat_map(wrapped).collect()
    }
}

impl LeftOut {
    fn report(self) -> Vec<String> {
        let reasons = [
            (self.untold, "without a target"),
            (self.unknown, "with a target that the model cannot answer"),
            (self.refused, "without an answer"),
        ];
        let reasons = reasons.into_iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<String> = reasons.map(|(count, why)| format!("{count} {why}")).collect();
        let Some((first, rest)) = reasons.split_first() else { return Vec::new() };
        let items = [format!("rows left out: {first}")].into_iter().chain(rest.iter().cloned());
        wrapped(items)
    }
}

/// Formats a sensitivity, with its class unless the class is the positive one of two.
fn sensitivity(described: &Described, one: &Performance) -> String {
    let notes = &described.description.outputs[0];
    let OutputKind::Classes(labels) = &notes.kind else { return shown(one) };
    match one.class {
        Some(class) if labels.len() > 2 || notes.positive.is_none() => {
            format!("lowest {} of {:?}", shown(one), clipped(&labels[class as usize]))
        }
        _ => shown(one),
    }
}

/// Formats the value of a subgroup, in parts of a line.
fn of_subgroup(described: &Described, one: &Performance) -> Option<[String; 3]> {
    let group = one.group?;
    let feature = &described.signature.features[group.feature as usize];
    let name = groups::names(feature)?.swap_remove(group.place as usize);
    let value = match one.measure {
        Measure::Sensitivity => sensitivity(described, one),
        _ => shown(one),
    };
    Some([
        format!("worst subgroup: {}", value.trim_start_matches("lowest ")),
        format!("{} {}", clipped(&feature.name), clipped(&name)),
        format!("{} people", one.people),
    ])
}

/// Formats a value for people.
fn shown(one: &Performance) -> String {
    let name = match one.measure {
        Measure::Accuracy => "accuracy",
        Measure::Sensitivity => "sensitivity",
        Measure::Specificity => "specificity",
        Measure::Auc => "AUC",
        Measure::BrierScore => "Brier score",
        Measure::MeanAbsoluteError => "mean absolute error",
    };
    // As in the card, without an exponent in usual units.
    match one.value.abs() {
        0.0 | 1e-6..1e12 => format!("{name} {}", one.value),
        _ => format!("{name} {:e}", one.value),
    }
}

/// Shortens a long name.
fn clipped(name: &str) -> String {
    match name.chars().count() {
        0..=NAME => name.to_owned(),
        _ => name.chars().take(NAME - 1).chain(['…']).collect(),
    }
}

/// Joins items into lines for a terminal.
fn wrapped(items: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + item.chars().count() <= LINE => {
                *line += &format!(", {item}");
            }
            last => {
                last.into_iter().for_each(|line| line.push(','));
                lines.push(format!("  {item}"));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tallies people with probabilities in millionths.
    fn tally(people: impl IntoIterator<Item = (u32, bool)>) -> Tally {
        let mut tally = Tally::new(2);
        for (chance, came) in people {
            let event = Some((chance, came));
            tally.add(&Case::Class { answer: 1, truth: usize::from(came), event });
        }
        tally.events.settle();
        tally
    }

    #[test]
    fn a_bin_has_its_upper_bound_and_the_first_one_has_zero() {
        for (chance, expected) in
            [(0, 0), (1, 0), (100_000, 0), (100_001, 1), (900_000, 8), (900_001, 9), (CERTAIN, 9)]
        {
            assert_eq!(bin(chance * 2 + 1), expected, "{chance}");
        }
        let people = (0..10).map(|person| (CERTAIN, person > 0)).chain([(0, false); 10]);
        let bins = tally(people).calibration();
        let bins: Vec<_> = bins.iter().map(|bin| (bin.upper, bin.expected, bin.observed)).collect();
        assert_eq!(bins, [(0.1, 0.0, 0.0), (1.0, 1.0, 0.9)]);
    }

    #[test]
    fn auc_is_one_for_the_right_order_one_half_for_ties_and_absent_for_few() {
        let people = |with: u32, without: u32, count: usize| {
            let each = [(with, true), (without, false)];
            tally(each.into_iter().cycle().take(2 * count)).auc()
        };
        assert_eq!(people(600_000, 400_000, 10), Some(1.0));
        assert_eq!(people(400_000, 600_000, 10), Some(0.0));
        assert_eq!(people(500_000, 500_000, 10), Some(0.5));
        assert_eq!(people(600_000, 400_000, 9), None);
    }

    #[test]
    fn equal_probabilities_take_memory_once_and_are_all_counted() {
        let mut events = Events::default();
        (0..300_000).for_each(|row| events.push(row % 3));
        assert!(events.loose.len() < MOST_LOOSE && events.counts.len() == 3);
        events.settle();
        assert_eq!(events.counts, [(0, 100_000), (1, 100_000), (2, 100_000)]);
        assert_eq!((events.len(), came(&events.counts)), (300_000, 100_000));
    }

    #[test]
    fn a_long_line_is_wrapped_between_its_items() {
        let items = (0..8).map(|index| format!("sensitivity 0.123{index}"));
        let lines = wrapped(items);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= LINE + 1), "{lines:?}");
        assert!(lines[0].ends_with("0.1232,") && lines[1].starts_with("  sens"), "{lines:?}");
    }

    #[test]
    fn a_long_name_is_shortened() {
        assert_eq!(clipped("größe"), "größe");
        assert_eq!(clipped(&"é".repeat(40)).chars().count(), NAME);
    }
}
