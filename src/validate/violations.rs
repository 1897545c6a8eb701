//! All that is wrong with a request's input, or unusual about it.

use super::check::Issue;
use crate::model::{Feature, Refusal, Signature};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::num::NonZero;

/// The part of a body that an issue is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// So many bytes into the body.
    Offset(usize),
    /// The part of the body at a path: the body itself, a single row, or a list of rows.
    Part(&'static [&'static str]),
    /// A row, from 0, of the list at a path, or of a tensor.
    Row(&'static [&'static str], usize),
}

impl Place {
    /// The whole body.
    pub const BODY: Self = Self::Part(&[]);

    /// Returns the row that it is in; the first where there is only one.
    pub fn row(self) -> usize {
        match self {
            Self::Row(_, row) => row,
            _ => 0,
        }
    }
}

/// An issue, and where it is.
#[derive(Debug)]
pub struct Violation<'a> {
    pub issue: Issue,
    pub place: Place,
    /// The feature's name, which is the model's and never the client's.
    pub feature: Option<&'a str>,
    /// The JSON that the client sent there.
    pub input: Option<&'a RawValue>,
}

impl<'a> Violation<'a> {
    /// Puts an issue of no feature at a place.
    pub fn new(issue: Issue, place: Place, input: Option<&'a RawValue>) -> Self {
        Self { issue, place, feature: None, input }
    }

    /// Puts an issue at a feature's value in a row.
    pub fn of_feature(
        issue: Issue,
        place: Place,
        feature: &'a Feature,
        input: Option<&'a RawValue>,
    ) -> Self {
        Self { issue, place, feature: Some(&feature.name), input }
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

/// A list of violations. Those beyond [`MOST_KEPT`] are counted only.
#[derive(Debug, Default)]
pub struct Violations<'a> {
    /// The first of them.
    pub kept: Vec<Violation<'a>>,
    /// The number of all.
    pub len: usize,
    /// The number of all by feature and reason, for metrics.
    pub counts: Counts,
}

/// No answer shows more violations than this.
const MOST_KEPT: usize = 100;

/// No sentence shows more violations than this.
const MOST_IN_SENTENCE: usize = 10;

impl<'a> Violations<'a> {
    /// Adds a violation.
    pub fn push(&mut self, violation: Violation<'a>) {
        let (feature, reason) = (violation.feature.unwrap_or(NO_FEATURE), violation.issue.reason);
        self.counts.add(feature, reason.as_str(), 1);
        self.show(violation);
    }

    /// Adds a violation that metrics count in another way.
    pub fn show(&mut self, violation: Violation<'a>) {
        self.len += 1;
        if self.kept.len() < MOST_KEPT {
            self.kept.push(violation);
        }
    }

    /// Lists the rows that the model itself refused, each by its place in the batch.
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

    /// Writes the first [`MOST_IN_SENTENCE`] in one sentence, as the Open Inference Protocol has
    /// errors.
    pub fn sentence(&self) -> String {
        let shown: Vec<_> =
            self.kept.iter().take(MOST_IN_SENTENCE).map(Violation::sentence).collect();
        match self.len - shown.len() {
            0 => shown.join("; "),
            more => format!("{}; and {more} more", shown.join("; ")),
        }
    }

    /// Returns the number of those that are counted only, if there are any.
    pub fn not_kept(&self) -> Option<NonZero<usize>> {
        NonZero::new(self.len - self.kept.len())
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns those of one row.
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

/// The `feature` label of an issue that is of no feature, or of several.
const NO_FEATURE: &str = "none";

/// The labels of a key that is no feature. It is ignored, as the original service does.
const UNKNOWN_KEY: (&str, &str) = ("other", "unknown_feature");

impl Counts {
    /// Adds violations of a feature, whose name is the model's or [`NO_FEATURE`].
    pub fn add(&mut self, feature: &str, reason: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry((feature.to_owned(), reason)).or_default() += count;
        }
    }

    /// Adds keys that are no feature of the model.
    pub fn add_unknown_keys(&mut self, count: u64) {
        self.add(UNKNOWN_KEY.0, UNKNOWN_KEY.1, count);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for ((feature, reason), count) in &other.0 {
            self.add(feature, reason, *count);
        }
    }
}
