//! Compares a model's answers with the target and the predictions in the data.

use crate::card::cells::{flag, is_missing};
use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::table::Table;
use crate::verify::answers::Asked;
use anyhow::{Result, bail};
use predictor_contract::{Output, OutputKind};
use serde::Serialize;
use std::collections::HashMap;

/// The fewest rows for a comparison with chance.
const FEWEST: usize = 20;

/// The most labels of a column to count. A column with more has other contents, such as numbers of
/// rows.
const MOST_LABELS: usize = 1000;

/// The number of standard deviations above chance for an agreement to count.
const DEVIATIONS: f64 = 2.0;

/// The agreement of a model's answers with a table.
pub struct Agreement {
    /// The comparison with the predictions, and with the target.
    compared: [Option<Compared>; 2],
    answered: usize,
    rows: usize,
}

impl Agreement {
    /// Prepares the comparison of the first output.
    pub fn new(described: &Described, table: &Table, columns: &Columns) -> Self {
        let kind = &described.description.outputs[0].kind;
        let predictions = columns.prediction.map(|_| "the column \"prediction\"".to_owned());
        let target = columns.target.map(|column| format!("the target {:?}", table.columns[column]));
        let compared = [predictions, target].map(|name| Some(Compared::new(name?, kind)));
        Self { compared, answered: 0, rows: 0 }
    }

    /// Compares the answer to one more row.
    pub fn add(&mut self, asked: &Asked) {
        self.rows += 1;
        let Some(outputs) = asked.outputs else { return };
        self.answered += 1;
        let cells = [&asked.cells.prediction, &asked.cells.target];
        for (compared, cell) in self.compared.iter_mut().zip(cells) {
            if let (Some(compared), Some(cell)) = (compared, cell) {
                compared.add(&outputs[0], cell);
            }
        }
    }

    /// Returns the lines of a report. `anyway` turns off the error.
    ///
    /// # Errors
    ///
    /// If the answers agree with the table no better than chance, for example since the columns are
    /// in another order than in training.
    pub fn report(&self, anyway: bool) -> Result<Vec<String>> {
        let compared = || self.compared.iter().flatten();
        let Self { answered, rows, .. } = self;
        let mut report = vec![format!("{answered} of {rows} rows of the data have an answer")];
        report.extend(compared().map(Compared::report));
        if let Some(one) = compared().find(|one| !anyway && one.is_chance()) {
            bail!(
                "{}, no better than chance: are the columns in the order of training, and the target \
                 the right one? --anyway imports it all the same",
                one.report()
            );
        }
        if compared().next().is_none() {
            report.push("no column has a target or predictions to compare with".to_owned());
        }
        Ok(report)
    }

    /// Returns the agreement with each column.
    pub fn found(&self) -> Vec<Found> {
        let columns = ["prediction", "target"].into_iter().zip(&self.compared);
        columns.filter_map(|(with, one)| Some(one.as_ref()?.found(with))).collect()
    }
}

/// The agreement with a column.
#[derive(Debug, Serialize)]
pub struct Found {
    /// The use of the column: `prediction` or `target`.
    pub with: &'static str,
    /// The number of rows compared.
    pub rows: usize,
    /// The rows with the same label; none for numbers.
    pub same: Option<usize>,
    /// The mean distance of the numbers; none for labels.
    pub mean_error: Option<f64>,
    /// Their largest distance.
    pub largest_error: Option<f64>,
    /// True if the agreement is no better than chance.
    pub is_chance: bool,
    /// The line of a report.
    #[serde(skip)]
    pub line: String,
}

/// A comparison of the answers with one column.
struct Compared {
    name: String,
    kind: Comparison,
}

enum Comparison {
    Labels {
        labels: Vec<String>,
        right: usize,
        all: usize,
        /// The number of answers with each label.
        given: HashMap<String, usize>,
        /// The number of rows with each label in the column.
        found: HashMap<String, usize>,
    },
    Numbers(Moments),
}

impl Compared {
    fn new(name: String, kind: &OutputKind) -> Self {
        let kind = match kind {
            OutputKind::Classes(labels) => Comparison::Labels {
                labels: labels.clone(),
                right: 0,
                all: 0,
                given: HashMap::new(),
                found: HashMap::new(),
            },
            OutputKind::Quantity(_) => Comparison::Numbers(Moments::default()),
        };
        Self { name, kind }
    }

    fn add(&mut self, output: &Output, text: &str) {
        if is_missing(text) {
            return;
        }
        match (&mut self.kind, output) {
            (Comparison::Labels { labels, right, all, given, found }, Output::Class(class)) => {
                let own = labels.iter().find(|label| is_same_label(label, text));
                let label = own.map_or(text, String::as_str);
                *all += 1;
                *right += usize::from(class.label == label);
                *given.entry(class.label.clone()).or_default() += 1;
                if let Some(count) = found.get_mut(label) {
                    *count += 1;
                } else if found.len() < MOST_LABELS {
                    found.insert(label.to_owned(), 1);
                }
            }
            (Comparison::Numbers(moments), Output::Quantity(given)) => {
                if let Some(expected) = number(text) {
                    moments.add(*given, expected);
                }
            }
            _ => {}
        }
    }

    fn found(&self, with: &'static str) -> Found {
        let (rows, same, errors) = match &self.kind {
            Comparison::Labels { right, all, .. } => (*all, Some(*right), None),
            Comparison::Numbers(moments) => (moments.count as usize, None, Some(moments)),
        };
        let errors = errors.filter(|moments| moments.count > 0.0);
        Found {
            with,
            rows,
            same,
            mean_error: errors.map(|moments| moments.errors / moments.count),
            largest_error: errors.map(|moments| moments.largest_error),
            is_chance: self.is_chance(),
            line: self.report(),
        }
    }

    fn report(&self) -> String {
        let name = &self.name;
        match &self.kind {
            Comparison::Labels { right, all, .. } => {
                format!("{right} of {all} labels are those of {name}")
            }
            Comparison::Numbers(moments) if moments.count == 0.0 => {
                format!("{name} has no numbers to compare with")
            }
            Comparison::Numbers(moments) => format!(
                "the answers are {} from {name} in the mean, {} at most",
                digits(moments.errors / moments.count),
                digits(moments.largest_error)
            ),
        }
    }

    /// True if the answers are no better than chance. False if the column has few rows or one
    /// value.
    fn is_chance(&self) -> bool {
        match &self.kind {
            Comparison::Labels { right, all, given, found, .. } => {
                let most = found.values().max().copied().unwrap_or(0);
                if *all < FEWEST || found.len() < 2 {
                    return false;
                }
                // One answer for all rows may be the most frequent one.
                if given.len() == 1 && *right == most {
                    return false;
                }
                let all = *all as f64;
                let both = |(label, count): (&String, &usize)| {
                    *count as f64 * found.get(label).copied().unwrap_or(0) as f64
                };
                let expected = given.iter().map(both).sum::<f64>() / (all * all);
                let deviation = (expected * (1.0 - expected) / all).sqrt();
                *right as f64 / all <= expected + DEVIATIONS * deviation
            }
            Comparison::Numbers(moments) => {
                moments.count >= FEWEST as f64
                    && moments.correlation().is_some_and(|r| r <= DEVIATIONS / moments.count.sqrt())
            }
        }
    }
}

/// The moments of answers and of the numbers in a column.
#[derive(Default)]
struct Moments {
    count: f64,
    /// The means of the answers and of the column. They and the two sums below are by Welford's
    /// method.
    means: [f64; 2],
    /// The sums of the squared distances from the means.
    squares: [f64; 2],
    /// The sum of the products of both distances from the means.
    product: f64,
    /// The sum of the absolute errors.
    errors: f64,
    largest_error: f64,
}

impl Moments {
    fn add(&mut self, given: f64, expected: f64) {
        self.count += 1.0;
        let before = [given - self.means[0], expected - self.means[1]];
        self.means[0] += before[0] / self.count;
        self.means[1] += before[1] / self.count;
        let after = [given - self.means[0], expected - self.means[1]];
        self.squares[0] += before[0] * after[0];
        self.squares[1] += before[1] * after[1];
        self.product += before[0] * after[1];
        let error = (given - expected).abs();
        self.errors += error;
        self.largest_error = self.largest_error.max(error);
    }

    /// Returns Pearson's correlation coefficient; none if the answers or the column are constant.
    fn correlation(&self) -> Option<f64> {
        let size = (self.squares[0] * self.squares[1]).sqrt();
        (size > 0.0).then(|| self.product / size)
    }
}

/// True if two labels are equal as strings, as numbers, or as booleans. A boolean equals its
/// number.
pub(super) fn is_same_label(label: &str, text: &str) -> bool {
    label == text || number(label).is_some() && number(label) == number(text)
}

/// Parses a number, or a boolean as 1 or 0.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| flag(text).map(|flag| f64::from(u8::from(flag))))
}

/// Formats a distance with three significant digits and without an exponent.
fn digits(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let decimals = (2.0 - number.log10().floor()).clamp(0.0, 20.0) as usize;
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use predictor_contract::Classification;

    #[test]
    fn a_distance_has_three_digits() {
        for (number, text) in [(0.41119, "0.411"), (12.345, "12.3"), (1234.5, "1234"), (0.0, "0")] {
            assert_eq!(digits(number), text);
        }
        assert_eq!(digits(0.000_000_061_23), "0.0000000612");
    }

    #[test]
    fn a_label_is_the_same_as_a_number_or_a_flag() {
        for (label, text) in [("1", "1.0"), ("1", "True"), ("False", "0"), ("a", "a")] {
            assert!(is_same_label(label, text), "{label} {text}");
        }
        assert!(!is_same_label("1", "0") && !is_same_label("a", "A"));
    }

    #[test]
    fn a_column_of_other_contents_takes_little_memory() {
        let kind = OutputKind::Classes(vec!["a".to_owned()]);
        let mut compared = Compared::new("the target".to_owned(), &kind);
        let (label, confidence, probabilities) = ("a".to_owned(), None, Vec::new());
        let answer = Output::Class(Classification { label, confidence, probabilities });
        (0..2 * MOST_LABELS).for_each(|row| compared.add(&answer, &format!("row {row}")));
        let Comparison::Labels { all, found, .. } = &compared.kind else { panic!("of labels") };
        assert_eq!((*all, found.len()), (2 * MOST_LABELS, MOST_LABELS));
    }

    #[test]
    fn numbers_that_follow_the_target_are_no_chance() {
        let mut moments = Moments::default();
        (0..50).for_each(|row| moments.add(f64::from(row % 7), f64::from(row % 7) * 1000.0 + 5.0));
        assert!((moments.correlation().unwrap() - 1.0).abs() < 1e-12);
    }
}
