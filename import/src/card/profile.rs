//! Summarizes a table: the distribution of each feature's values, and the labels of the target.
//!
//! It reads the rows once, and keeps only counts and samples. Memory does not grow with the rows.

use super::cells::{Cell, Reading, is_missing};
use super::columns::Columns;
use super::order::Order;
use super::table::{Row, Table};
use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use std::collections::{HashMap, HashSet};

/// The most numbers kept of a column. A longer column keeps a random sample.
const MAX_SAMPLE: usize = 100_000;

/// The most different strings of a column. A column with more is free text.
const MAX_TEXTS: usize = 1000;

/// The most labels of a target.
const MAX_LABELS: usize = 1000;

/// The summary of a table.
pub struct Profile {
    /// The number of rows, at least one.
    pub rows: usize,
    /// The distribution of each feature, in the order of the features.
    pub features: Vec<Spread>,
    /// The labels of the target, in the order of scikit-learn. Empty if there is no target, or if
    /// it has more than 1000 labels.
    pub labels: Vec<String>,
}

/// The distribution of a feature's values.
pub struct Spread {
    /// The values, counted or sampled.
    pub values: Values,
    /// The number of rows with a value.
    pub count: usize,
    /// The number of rows without a value.
    pub missing: usize,
    order: Order,
}

/// The values of a feature.
pub enum Values {
    /// A sample of numbers.
    Numbers(Numbers),
    /// Booleans, with the number of `true`.
    Flags {
        /// The number of rows with `true`.
        yes: usize,
    },
    /// The number of rows with each known category, and with any other one.
    Categories {
        /// The number of rows with each known category, in the order of the categories.
        counts: Vec<usize>,
        /// The number of rows with an unknown category.
        others: usize,
    },
    /// Each string with its number of rows, the most frequent first.
    Texts(Vec<(String, usize)>),
}

/// The numbers of a feature.
#[derive(Default)]
pub struct Numbers {
    /// A random sample, in ascending order.
    pub sample: Vec<f64>,
    /// True if all numbers of the column are integers.
    pub are_whole: bool,
}

impl Profile {
    /// Reads a table. Calls `say` with the progress.
    ///
    /// # Errors
    ///
    /// If a cell is not of its feature's type, if a column has no value or too many different
    /// strings, or if the table has no rows.
    pub fn read(
        table: &Table,
        columns: &Columns,
        readings: &[Reading],
        say: &mut dyn FnMut(String),
    ) -> Result<Self> {
        let mut random = Rng::with_seed(0);
        let mut counters: Vec<Counter> = readings.iter().map(Counter::new).collect();
        let mut labels = Labels::default();
        let rows = table.each_row(say, |row| {
            for ((counter, reading), column) in counters.iter_mut().zip(readings).zip(&columns.features)
            {
                let cell = value(table, reading, &row, *column)?;
                counter.add(cell, row.cell(*column), &mut random);
                ensure!(
                    counter.texts.len() <= MAX_TEXTS,
                    "column {:?} has more than {MAX_TEXTS} different texts, and the file does not list \
                     them; leave free text out of the model",
                    table.columns[*column]
                );
            }
            if let Some(column) = columns.target {
                labels.add(row.cell(column));
            }
            Ok(())
        })?;
        ensure!(rows > 0, "it has no rows");
        let spread = |(counter, column): (Counter, &usize)| {
            counter.spread().with_context(|| format!("column {:?}", table.columns[*column]))
        };
        let features = counters.into_iter().zip(&columns.features).map(spread);
        Ok(Self { rows, features: features.collect::<Result<_>>()?, labels: labels.sorted() })
    }
}

/// Reads the cell of a feature.
///
/// # Errors
///
/// If the cell is not of the feature's type. The error names the line and the column.
pub fn value<'r>(
    table: &Table,
    reading: &Reading,
    row: &'r Row,
    column: usize,
) -> Result<Cell<'r>> {
    let cell = row.cell(column);
    if let Some(value) = reading.read(cell) {
        return Ok(value);
    }
    let expected = match reading {
        Reading::Flag => "neither true nor false",
        _ => "no number",
    };
    let has_comma = cell.trim().replacen(',', ".", 1).parse::<f64>().is_ok();
    let advice = if has_comma { "; write a decimal point" } else { "" };
    bail!("line {}, column {:?}: {cell:?} is {expected}{advice}", row.line, table.columns[column])
}

/// Counts the values of a feature.
struct Counter {
    is_number: bool,
    is_flag: bool,
    sample: Vec<f64>,
    numbers: usize,
    has_fraction: bool,
    yes: usize,
    no: usize,
    categories: Vec<usize>,
    others: usize,
    texts: HashMap<String, usize>,
    missing: usize,
    order: Order,
}

impl Counter {
    fn new(reading: &Reading) -> Self {
        let categories = match reading {
            Reading::Categories(categories) => categories.count(),
            _ => 0,
        };
        let is_number = matches!(reading, Reading::Number { .. });
        Self { is_flag: *reading == Reading::Flag, ..Self::empty(is_number, categories) }
    }

    fn empty(is_number: bool, categories: usize) -> Self {
        Self {
            is_number,
            is_flag: false,
            sample: Vec::new(),
            numbers: 0,
            has_fraction: false,
            yes: 0,
            no: 0,
            categories: vec![0; categories],
            others: 0,
            texts: HashMap::new(),
            missing: 0,
            order: Order::default(),
        }
    }

    fn add(&mut self, cell: Cell, text: &str, random: &mut Rng) {
        match cell {
            Cell::Missing => {
                self.missing += 1;
                return;
            }
            Cell::Number(number) => self.add_number(number, random),
            Cell::Flag(true) => self.yes += 1,
            Cell::Flag(false) => self.no += 1,
            Cell::Category(index) => self.categories[index] += 1,
            Cell::OtherCategory => self.others += 1,
            Cell::Text(text) => *self.texts.entry(text.to_owned()).or_default() += 1,
        }
        self.order.add(text.trim());
    }

    /// Adds a number to the sample. If the sample is full, it may replace another number: each has
    /// the same chance to stay.
    fn add_number(&mut self, number: f64, random: &mut Rng) {
        self.numbers += 1;
        self.has_fraction |= number.fract() != 0.0;
        if self.sample.len() < MAX_SAMPLE {
            self.sample.push(number);
        } else if let Some(kept) = self.sample.get_mut(random.usize(..self.numbers)) {
            *kept = number;
        }
    }

    fn spread(mut self) -> Result<Spread> {
        let flags = self.yes + self.no;
        let count = self.numbers
            + flags
            + self.categories.iter().sum::<usize>()
            + self.others
            + self.texts.values().sum::<usize>();
        ensure!(count > 0, "it has no values");
        ensure!(
            self.others < count,
            "none of its {count} values is a category of the model; are they spelt or coded as in training?"
        );
        let values = if self.is_flag || self.is_number && self.numbers == 0 {
            Values::Flags { yes: self.yes }
        } else if self.is_number {
            // Booleans among numbers are the numbers 0 and 1.
            self.sample.extend(std::iter::repeat_n(1.0, self.yes.min(MAX_SAMPLE)));
            self.sample.extend(std::iter::repeat_n(0.0, self.no.min(MAX_SAMPLE)));
            self.sample.sort_by(f64::total_cmp);
            Values::Numbers(Numbers { sample: self.sample, are_whole: !self.has_fraction })
        } else if !self.categories.is_empty() {
            Values::Categories { counts: self.categories, others: self.others }
        } else {
            let mut texts: Vec<(String, usize)> = self.texts.into_iter().collect();
            texts.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
            Values::Texts(texts)
        };
        Ok(Spread { values, count, missing: self.missing, order: self.order })
    }
}

/// Counts the answers of an output.
pub struct Answers {
    counter: Counter,
    random: Rng,
}

impl Answers {
    /// Begins to count answers of some classes, or numbers without any.
    pub fn new(classes: Option<usize>) -> Self {
        let counter = Counter::empty(classes.is_none(), classes.unwrap_or(0));
        Self { counter, random: Rng::with_seed(0) }
    }

    /// Adds an answer: a number, or the index of a class.
    pub fn add(&mut self, answer: Cell) {
        let text = match answer {
            Cell::Category(index) => index.to_string(),
            Cell::Number(number) => number.to_string(),
            _ => return,
        };
        self.counter.add(answer, &text, &mut self.random);
    }

    /// Returns the distribution of the answers; none without any answer.
    pub fn spread(self) -> Option<Spread> {
        self.counter.spread().ok()
    }
}

impl Spread {
    /// Returns the proportion of rows without a value, from 0 to 1.
    pub fn missing_share(&self) -> f64 {
        self.missing as f64 / (self.missing + self.count) as f64
    }

    /// True if the rows repeat the values in a fixed order.
    pub fn is_cyclic(&self) -> bool {
        self.order.is_cyclic()
    }
}

/// The labels of a target.
#[derive(Default)]
struct Labels {
    found: HashSet<String>,
    are_too_many: bool,
}

impl Labels {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if self.are_too_many || is_missing(text) || self.found.contains(text) {
            return;
        }
        self.found.insert(text.to_owned());
        self.are_too_many = self.found.len() > MAX_LABELS;
    }

    fn sorted(self) -> Vec<String> {
        if self.are_too_many {
            return Vec::new();
        }
        let mut labels: Vec<String> = self.found.into_iter().collect();
        labels.sort();
        let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
        if let Some(numbers) = numbers {
            let mut sorted: Vec<(f64, String)> = numbers.into_iter().zip(labels).collect();
            sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
            return sorted.into_iter().map(|(_, label)| label).collect();
        }
        labels
    }
}
