//! The faults of a request's input, and its unusual values.

use super::check::Issue;
use super::raw::Raw;
use crate::model::{Feature, Refusal, Signature};
use std::collections::BTreeMap;
use std::num::NonZero;

/// Location of an issue in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Number of bytes before it in the body.
    Offset(usize),
    /// Path of a part of the body: the body itself, a single row, or a list of rows.
    Part(&'static [&'static str]),
    /// Index of a row, from 0, in the list at a path, or in a tensor.
    Row(&'static [&'static str], usize),
}

impl Place {
    /// The whole body.
    pub const BODY: Self = Self::Part(&[]);

    /// Returns the index of the row; 0 outside of a list or tensor.
    pub fn row(self) -> usize {
        match self {
            Self::Row(_, row) => row,
            _ => 0,
        }
    }
}

/// An issue and its location.
#[derive(Debug)]
pub struct Violation<'a> {
    pub issue: Issue,
    pub place: Place,
    /// Name of the feature: text of the model, never of the client.
    pub feature: Option<&'a str>,
    /// The client's JSON at this place.
    pub input: Option<Raw<'a>>,
}

impl<'a> Violation<'a> {
    /// Makes the violation of an issue without a feature.
    pub fn new(issue: Issue, place: Place, input: Option<Raw<'a>>) -> Self {
        Self { issue, place, feature: None, input }
    }

    /// Makes the violation of an issue with a feature's value in a row.
    pub fn of_feature(
        issue: Issue,
        place: Place,
        feature: &'a Feature,
        input: Option<Raw<'a>>,
    ) -> Self {
        Self { issue, place, feature: Some(&feature.name), input }
    }

    /// Writes the violation in a sentence about its row.
    pub fn words(&self) -> String {
        match self.feature {
            Some(feature) => format!("{feature}: {}", self.issue.message),
            None => self.issue.message.clone().into_owned(),
        }
    }

    fn sentence(&self) -> String {
        let message = &self.issue.message;
        match (self.feature, self.place) {
            (Some(feature), Place::Row(_, row)) => {
                format!("input {feature:?}, row {row}: {message}")
            }
            (None, Place::Row(_, row)) => format!("row {row}: {message}"),
            _ => message.clone().into_owned(),
        }
    }
}

/// A list of violations. After the first [`MOST_KEPT`], they are only counted.
#[derive(Debug, Default)]
pub struct Violations<'a> {
    /// The first violations.
    pub kept: Vec<Violation<'a>>,
    /// Number of all violations.
    pub len: usize,
    /// Number of all violations by feature and reason, for metrics.
    pub counts: Counts,
}

/// Maximum number of violations in an answer.
const MOST_KEPT: usize = 100;

/// Maximum number of violations in a sentence.
const MOST_IN_SENTENCE: usize = 10;

impl<'a> Violations<'a> {
    /// Adds a violation.
    pub fn push(&mut self, violation: Violation<'a>) {
        let (feature, reason) = (violation.feature.unwrap_or(NO_FEATURE), violation.issue.reason);
        self.counts.add(feature, reason.as_str(), 1);
        self.show(violation);
    }

    /// Adds a violation, but not to the counts: metrics count it in another way.
    pub fn show(&mut self, violation: Violation<'a>) {
        self.len += 1;
        if self.kept.len() < MOST_KEPT {
            self.kept.push(violation);
        }
    }

    /// Lists the rows refused by the model itself, each with its index in the batch.
    pub fn of_refusals(
        refusals: &[(usize, Refusal)],
        place: impl Fn(usize) -> Place,
        signature: &'a Signature,
    ) -> Self {
        let mut violations = Self::default();
        for (row, refusal) in refusals {
            let index = refusal.feature.map(|index| index as usize);
            let feature = index.and_then(|index| signature.features.get(index));
            let feature = feature.map(|feature| feature.name.as_str());
            let (issue, place) = (Issue::refused(refusal), place(*row));
            violations.push(Violation { issue, place, feature, input: None });
        }
        violations
    }

    /// Writes the first [`MOST_IN_SENTENCE`] violations in one sentence: an error of the Open
    /// Inference Protocol has a single message.
    pub fn sentence(&self) -> String {
        let shown: Vec<_> =
            self.kept.iter().take(MOST_IN_SENTENCE).map(Violation::sentence).collect();
        match self.len - shown.len() {
            0 => shown.join("; "),
            more => format!("{}; and {more} more", shown.join("; ")),
        }
    }

    /// Returns the number of violations that are counted but not kept; none if it is 0.
    pub fn not_kept(&self) -> Option<NonZero<usize>> {
        NonZero::new(self.len - self.kept.len())
    }

    /// Returns true if there is no violation.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the violations of one row, by its index.
    pub fn of_row(&self, row: usize) -> impl Iterator<Item = &Violation<'a>> {
        let start = self.kept.partition_point(|violation| violation.place.row() < row);
        self.kept[start..].iter().take_while(move |violation| violation.place.row() == row)
    }
}

impl<'a> From<Violation<'a>> for Violations<'a> {
    fn from(violation: Violation<'a>) -> Self {
        let mut violations = Self::default();
        violations.push(violation);
        violations
    }
}

/// The numbers of violations, by feature and reason.
#[derive(Clone, Debug, Default)]
pub struct Counts(pub BTreeMap<(String, &'static str), u64>);

/// The `feature` label of an issue with no feature, or with several.
const NO_FEATURE: &str = "none";

/// The labels of an unknown key. Such a key is ignored, as in the original service.
const UNKNOWN_KEY: (&str, &str) = ("other", "unknown_feature");

impl Counts {
    /// Adds violations of a feature: a name of the model's, or [`NO_FEATURE`].
    pub fn add(&mut self, feature: &str, reason: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry((feature.to_owned(), reason)).or_default() += count;
        }
    }

    /// Adds keys without a feature in the model.
    pub fn add_unknown_keys(&mut self, count: u64) {
        self.add(UNKNOWN_KEY.0, UNKNOWN_KEY.1, count);
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for ((feature, reason), count) in &other.0 {
            self.add(feature, reason, *count);
        }
    }
}
