//! Compares the performance with the card's, and subgroups with each other, as the alerts on
//! outcomes do.

use crate::card::describe::Described;
use crate::card::outcome::FEWEST_PEOPLE;
use crate::verify::performance::Exact;
use predictor_contract::{Measure, OutputKind, Performance, Subgroup, measures};
use serde::Serialize;

/// The false alarms: one in so many files at most, for all comparisons together.
const FALSE_ALARMS: f64 = 20_000.0;

/// The smallest loss to speak of: of a part of 1, and of an error as a part of the other error.
const SMALLEST_LOSS: f64 = 0.02;
const SMALLEST_ERROR: f64 = 0.05;

/// The fewest people for the comparison of a mean error.
const FEWEST_ERRORS: usize = 100;

/// The least share in a logarithm.
const LEAST: f64 = 1e-9;

/// The largest difference by rounding in the card: of a part of 1, and as a part of an error.
const ROUNDING: f64 = 0.000_051;
const ROUNDING_OF_ERRORS: f64 = 0.000_51;

/// The most classes with a counter for each pair of answer and truth.
const MOST_PAIRED: usize = 10;

/// The value of a measure, for everyone or for a subgroup of at least ten people.
#[derive(Debug, Serialize)]
pub struct Value {
    /// The name of the measure in cards and metrics.
    pub measure: &'static str,
    /// The class that the measure is of.
    pub class: Option<String>,
    /// The feature of a subgroup.
    pub feature: Option<String>,
    /// The subgroup; none for everyone.
    pub group: Option<String>,
    /// The exact value.
    pub value: f64,
    /// The people that the value is of.
    pub people: usize,
    /// The value in the card, if it has one.
    pub card: Option<f64>,
    /// The comparison of the alerts; none for an AUC, and for less than ten people on either side.
    pub comparison: Option<Comparison>,
}

/// A comparison with other people.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Comparison {
    /// The other people.
    pub beside: Beside,
    /// Their value. For a subgroup it is corrected by the distance that the card has.
    pub value: f64,
    /// Their number.
    pub people: usize,
    /// The distance of the worse value from the better one; negative if it is better.
    pub loss: f64,
    /// The likelihood ratio statistic; none for a mean error of fewer than 100 people.
    pub deviance: Option<f64>,
    /// The bound of the statistic for all comparisons together.
    pub bound: f64,
    /// True if it is worse by more than chance, and by enough to speak of.
    pub is_worse: bool,
}

/// The other people of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Those of the card.
    Card,
    /// Those outside of the subgroup, with a value of its feature.
    Others,
}

impl Value {
    /// True if lower values are better.
    pub fn is_error(&self) -> bool {
        [Measure::BrierScore, Measure::MeanAbsoluteError]
            .map(measures::name)
            .contains(&self.measure)
    }

    /// Returns the distance below the card's value, or above it for an error.
    pub fn loss_to_card(&self) -> Option<f64> {
        self.card.map(|card| if self.is_error() { self.value - card } else { card - self.value })
    }

    /// True if the value is the card's, but for the rounding there.
    pub fn is_as_in_card(&self) -> bool {
        let rounding = match self.measure == measures::name(Measure::MeanAbsoluteError) {
            true => ROUNDING_OF_ERRORS * self.value,
            false => ROUNDING,
        };
        self.loss_to_card().is_some_and(|loss| loss.abs() <= rounding)
    }

    /// True if the alerts would find it worse.
    pub fn is_worse(&self) -> bool {
        self.comparison.is_some_and(|comparison| comparison.is_worse)
    }
}

/// Compares exact values. Subgroups come last. The worst class of everyone and the worst subgroup are
/// the first of their kind.
pub fn compare(described: &Described, values: &[Exact]) -> Vec<Value> {
    let known = Known::new(described);
    let compared: Vec<Option<Comparison>> =
        values.iter().map(|one| known.beside(one, values)).collect();
    // A bound for all comparisons of a kind, with those that are not shown.
    let count = |of: Beside| {
        let same = |one: &&Comparison| one.beside == of;
        compared.iter().flatten().filter(same).count()
    };
    let bounds = [Beside::Card, Beside::Others]
        .map(|of| 2.0 * (FALSE_ALARMS * count(of).max(1) as f64).ln());
    let mut found = Vec::new();
    for (one, comparison) in values.iter().zip(&compared) {
        let is_large = |people: usize| people >= FEWEST_PEOPLE as usize;
        let comparison = comparison.filter(|other| is_large(other.people)).map(|mut comparison| {
            comparison.bound = bounds[comparison.beside as usize];
            comparison.is_worse = is_worse(one.measure, &comparison);
            comparison
        });
        if is_large(one.people) && known.is_shown(one) {
            found.push(known.named(one, comparison));
        }
    }
    // Everyone first, by measure; then the subgroups, those first that an alert would name.
    found.sort_by(|a, b| {
        let is_group = a.group.is_some();
        let kind = match is_group {
            true => b.is_worse().cmp(&a.is_worse()),
            false => order(a).cmp(&order(b)),
        };
        is_group.cmp(&b.group.is_some()).then(kind).then(badness(b).total_cmp(&badness(a)))
    });
    found
}

/// Returns a number to sort values by, the largest one for the worst value. Differences by rounding
/// do not count.
fn badness(value: &Value) -> f64 {
    let others = value.comparison.map(|comparison| comparison.loss);
    let plain = if value.is_error() { value.value } else { -value.value };
    let loss = value.loss_to_card().or(others).unwrap_or(plain);
    if value.is_as_in_card() { 0.0 } else { loss }
}

fn order(value: &Value) -> Option<usize> {
    measures::MEASURES.iter().position(|(_, name)| *name == value.measure)
}

fn is_worse(measure: Measure, comparison: &Comparison) -> bool {
    let least = match measure {
        Measure::BrierScore | Measure::MeanAbsoluteError => SMALLEST_ERROR * comparison.value,
        _ => SMALLEST_LOSS,
    };
    comparison.loss > least && comparison.deviance.is_some_and(|one| one > comparison.bound)
}

/// The names of the model, and the values of its card.
struct Known<'m> {
    described: &'m Described,
    card: &'m [Performance],
    classes: usize,
    positive: Option<u32>,
}

impl<'m> Known<'m> {
    fn new(described: &'m Described) -> Self {
        let notes = &described.description.outputs[0];
        let classes = match &notes.kind {
            OutputKind::Classes(labels) => labels.len(),
            OutputKind::Quantity(_) => 0,
        };
        let outcome = described.description.outcome.as_ref();
        let card = outcome.map(|outcome| &outcome.performance[..]).unwrap_or_default();
        let positive = notes.positive.filter(|_| classes == 2);
        Self { described, card, classes, positive }
    }

    /// Returns the card's entry of a measure. That of a Brier score may have a class or none.
    fn entry(&self, one: &Exact, group: Option<Subgroup>) -> Option<&Performance> {
        self.card.iter().find(|entry| {
            let is_class = entry.class == one.class || one.measure == Measure::BrierScore;
            entry.output == 0 && entry.measure == one.measure && is_class && entry.group == group
        })
    }

    /// True for the measures of cards, and for what the card has beside them.
    fn is_shown(&self, one: &Exact) -> bool {
        let is_of_model = match one.measure {
            Measure::Specificity => self.positive.is_some(),
            Measure::Sensitivity => one.group.is_none() || self.classes <= MOST_PAIRED,
            _ => true,
        };
        one.value.is_finite() && (is_of_model || self.entry(one, one.group).is_some())
    }

    /// True if the service counts what the alerts need for the measure.
    fn is_counted(&self, one: &Exact) -> bool {
        let most = match (one.measure, one.group) {
            (Measure::Auc, _) => return false,
            (Measure::Sensitivity | Measure::Specificity, Some(_)) => 2,
            (Measure::Specificity, None) => MOST_PAIRED,
            _ => usize::MAX,
        };
        one.people > 0 && self.classes <= most
    }

    /// Compares a value with the card, or a subgroup with the others, without a bound.
    fn beside(&self, one: &Exact, values: &[Exact]) -> Option<Comparison> {
        if !self.is_counted(one) {
            return None;
        }
        let Some(group) = one.group else {
            let entry = self.entry(one, None)?;
            return Some(comparison(one, Beside::Card, entry.value, f64::from(entry.people)));
        };
        let same = values.iter().filter(|other| {
            other.group.is_some_and(|other| other.feature == group.feature)
                && (other.measure, other.class) == (one.measure, one.class)
                && other.people > 0
        });
        let own = (one.value, one.people as f64);
        let others = outside(same.map(|other| (other.value, other.people as f64)), own)?;
        let value = others.0 + self.gap(one, group).unwrap_or(0.0);
        Some(comparison(one, Beside::Others, value, others.1))
    }

    /// Returns the distance of a subgroup behind the others in the card; 0 if it is ahead. Negative
    /// unless it is of an error.
    fn gap(&self, one: &Exact, group: Subgroup) -> Option<f64> {
        let own = self.entry(one, Some(group))?;
        let groups = self.card.iter().filter_map(|entry| {
            let other = entry.group.filter(|other| other.feature == group.feature)?;
            let same = self.entry(one, Some(other))?;
            std::ptr::eq(same, entry).then_some((entry.value, f64::from(entry.people)))
        });
        let (others, _) = outside(groups, (own.value, f64::from(own.people)))?;
        let gap = own.value - others;
        let is_error = matches!(one.measure, Measure::BrierScore | Measure::MeanAbsoluteError);
        Some(if is_error { gap.max(0.0) } else { gap.min(0.0) })
    }

    fn named(&self, one: &Exact, comparison: Option<Comparison>) -> Value {
        let &Exact { measure, class, group, value, people, .. } = one;
        let named = Performance { output: 0, measure, class, group, value, people: 0 };
        let Described { signature, description, .. } = self.described;
        let names = measures::Names::of(&named, signature, description);
        let some = |name: String| Some(name).filter(|name| !name.is_empty());
        Value {
            measure: names.measure,
            class: some(names.class),
            feature: some(names.feature),
            group: some(names.group),
            value,
            people,
            card: self.entry(one, group).map(|entry| entry.value),
            comparison,
        }
    }
}

/// Returns the mean and the number of all people but the own ones; none if there are no others.
fn outside(
    groups: impl Iterator<Item = (f64, f64)>,
    (value, people): (f64, f64),
) -> Option<(f64, f64)> {
    let (mut sum, mut all) = (0.0, 0.0);
    groups.for_each(|(value, people)| {
        sum += value * people;
        all += people;
    });
    let others = all - people;
    (others > 0.0).then(|| ((sum - value * people) / others, others))
}

fn comparison(one: &Exact, beside: Beside, value: f64, people: f64) -> Comparison {
    let is_error = matches!(one.measure, Measure::BrierScore | Measure::MeanAbsoluteError);
    let loss = if is_error { one.value - value } else { value - one.value };
    let own = one.people as f64;
    let deviance = match one.measure {
        Measure::MeanAbsoluteError => (one.people >= FEWEST_ERRORS)
            .then(|| loss * loss / ((1.0 / people + 1.0 / own) * one.variance)),
        _ => Some(deviance((value, people), (one.value, own))),
    };
    let (people, bound) = (people as usize, f64::INFINITY);
    Comparison { beside, value, people, loss, deviance, bound, is_worse: false }
}

/// Returns the likelihood ratio statistic of two shares against one pooled share.
fn deviance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let likelihood = |(share, people): (f64, f64)| {
        let term = |part: f64| part * part.max(LEAST).ln();
        people * (term(share) + term(1.0 - share))
    };
    let people = a.1 + b.1;
    let pooled = (a.0 * a.1 + b.0 * b.1) / people;
    2.0 * (likelihood(a) + likelihood(b) - likelihood((pooled, people)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistic_is_that_of_a_table_of_four_numbers() {
        // Twice the sum of the observed numbers times the logarithm of observed over expected.
        let observed = [[263.0, 40.0], [140.0, 60.0]];
        let rows = observed.map(|[right, wrong]| right + wrong);
        let all: f64 = rows.iter().sum();
        let mut expected = 0.0;
        for (row, people) in observed.iter().zip(rows) {
            for (column, number) in row.iter().enumerate() {
                let share = (observed[0][column] + observed[1][column]) / all;
                expected += 2.0 * number * (number / (people * share)).ln();
            }
        }
        let share = |row: usize| (observed[row][0] / rows[row], rows[row]);
        assert!((deviance(share(0), share(1)) - expected).abs() < 1e-9, "{expected}");
        assert_eq!(deviance((1.0, 50.0), (1.0, 20.0)), 0.0);
        assert!(deviance((1.0, 50.0), (0.0, 20.0)).is_finite());
    }

    #[test]
    fn the_bounds_are_those_of_the_rules() {
        let path = "../k8s/components/alerts/prometheus-rule.yaml";
        let rules = std::fs::read_to_string(path).unwrap();
        for part in [
            format!("2 * ln({FALSE_ALARMS} * count by"),
            format!("loss7d{{measure!~\"brier_score|mean_absolute_error\"}} > {SMALLEST_LOSS}\n"),
            format!("> {SMALLEST_ERROR} * beside:model_performance:value7d"),
            format!("people7d >= {FEWEST_ERRORS})"),
        ] {
            assert!(rules.contains(&part), "{part}");
        }
    }
}
