//! A table of training data: what it says of features, and what a model answers for its rows.

use crate::contract::{NumberBin, Reference, ReferenceBins};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::Path;

/// The texts that stand for a missing value.
const MISSING: [&str; 7] = ["", "NA", "N/A", "NaN", "nan", "null", "?"];

/// The most categories that a column of texts has before it is taken for free text.
const MAX_CATEGORIES: usize = 1000;

/// The number of bins of a number, with about as many rows in each.
const BINS: usize = 10;

/// A CSV file with a header.
pub struct Data {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Data {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it is no CSV, or has no rows.
    pub fn read(path: &Path) -> Result<Self> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path)?;
        let columns = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader.records().map(|record| Ok(record?.iter().map(str::to_owned).collect()));
        let rows = rows.collect::<Result<Vec<Vec<String>>>>()?;
        ensure!(!rows.is_empty(), "it has no rows");
        Ok(Self { columns, rows })
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The texts of a column, without those that stand for a missing value.
    pub fn values(&self, column: usize) -> impl Iterator<Item = Option<&str>> {
        self.rows.iter().map(move |row| value(row, column))
    }
}

/// A row's text in a column; none if it is missing.
pub fn value(row: &[String], column: usize) -> Option<&str> {
    row.get(column).map(String::as_str).filter(|text| !MISSING.contains(text))
}

/// The summary of a column.
pub struct Column {
    pub kind: ColumnKind,
    /// The part of the rows without a value.
    pub missing: f64,
}

pub enum ColumnKind {
    Number {
        minimum: f64,
        maximum: f64,
        whole: bool,
        bins: Vec<NumberBin>,
    },
    /// The categories, from the most frequent on, with their shares.
    Category(Vec<(String, f64)>),
    Flag {
        share: f64,
    },
}

impl Column {
    /// Summarizes the values of a column.
    ///
    /// # Errors
    ///
    /// If it has none, or more than 1000 different texts.
    pub fn of<'d>(values: impl Iterator<Item = Option<&'d str>>) -> Result<Self> {
        let all: Vec<Option<&str>> = values.collect();
        let present: Vec<&str> = all.iter().copied().flatten().collect();
        ensure!(!present.is_empty(), "it has no values");
        let missing = (all.len() - present.len()) as f64 / all.len() as f64;
        let numbers: Option<Vec<f64>> = present
            .iter()
            .map(|text| text.parse().ok().filter(|number: &f64| number.is_finite()))
            .collect();
        let kind = match numbers {
            Some(numbers) => of_numbers(numbers),
            None => of_texts(&present)?,
        };
        Ok(Self { kind, missing })
    }

    /// The reference for drift, if the values are in more than one bin.
    pub fn reference(&self) -> Option<Reference> {
        let bins = match &self.kind {
            ColumnKind::Number { bins, .. } if bins.len() < 2 => return None,
            ColumnKind::Number { bins, .. } => ReferenceBins::Number(bins.clone()),
            ColumnKind::Flag { share } => ReferenceBins::Flag(*share),
            // The last share is that of all others.
            ColumnKind::Category(shares) => {
                let shares = shares.iter().map(|(_, share)| *share);
                ReferenceBins::Category(shares.chain([0.0]).collect())
            }
        };
        Some(Reference { bins, missing: self.missing })
    }
}

fn of_numbers(mut numbers: Vec<f64>) -> ColumnKind {
    numbers.sort_by(f64::total_cmp);
    let (minimum, maximum) = (numbers[0], numbers[numbers.len() - 1]);
    let whole = numbers.iter().all(|number| number.fract() == 0.0);
    ColumnKind::Number { minimum, maximum, whole, bins: deciles(&numbers) }
}

/// Bins whose bounds are the deciles, without those that fall together.
fn deciles(sorted: &[f64]) -> Vec<NumberBin> {
    let count = sorted.len();
    let mut uppers: Vec<f64> =
        (1..BINS).map(|bin| sorted[(bin * count / BINS).max(1) - 1]).collect();
    uppers.dedup();
    // The greatest value needs no bin above it.
    uppers.retain(|upper| *upper < sorted[count - 1]);
    uppers.push(f64::INFINITY);
    let mut below = 0;
    let bins = uppers.into_iter().map(|upper| {
        let up_to = sorted.partition_point(|number| *number <= upper);
        let share = (up_to - below) as f64 / count as f64;
        below = up_to;
        NumberBin { upper, share }
    });
    bins.collect()
}

fn of_texts(texts: &[&str]) -> Result<ColumnKind> {
    let is_flag = texts.iter().all(|text| flag(text).is_some());
    if is_flag {
        let count = texts.iter().filter(|text| flag(text) == Some(true)).count();
        return Ok(ColumnKind::Flag { share: count as f64 / texts.len() as f64 });
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
    ensure!(
        counts.len() <= MAX_CATEGORIES,
        "it has {} different texts, and {MAX_CATEGORIES} at most are categories",
        counts.len()
    );
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let share = |(text, count): (&str, usize)| (text.to_owned(), count as f64 / texts.len() as f64);
    Ok(ColumnKind::Category(counts.into_iter().map(share).collect()))
}

/// A flag, as Python and JSON write it.
pub fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A number of a cell.
pub fn number(text: &str, column: &str) -> Result<f64> {
    text.parse().with_context(|| format!("column {column:?} has {text:?}, which is no number"))
}
