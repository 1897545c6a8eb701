//! The one loop over features, for JSON rows and for tensors.

use super::check::{Checked, Issue, check, check_json, issue_of};
use super::raw::Raw;
use super::units::{Units, may_have_unit};
use super::violations::{Place, Violation, Violations};
use crate::model::{Feature, FeatureNotes, Kind, Signature, Value};

/// Rows ready for the model.
#[derive(Debug, Default)]
pub struct Rows {
    /// The number of rows.
    pub len: usize,
    /// One value for each feature, row after row.
    pub values: Vec<Value>,
}

/// Rows, and the unusual values in them.
#[derive(Debug, Default)]
pub struct Input<'a> {
    pub rows: Rows,
    /// Violations accepted by the model. Their counts include unknown keys.
    pub accepted: Violations<'a>,
}

/// The value of a feature in a request.
#[derive(Clone)]
pub enum Given<'a> {
    /// A value in a row of JSON; none for null.
    Json(Option<Raw<'a>>),
    /// No value in a row of JSON.
    Absent,
    /// An element of a tensor.
    Element(Value),
}

/// Checks rows, and collects their values, or all their violations.
pub struct Collector<'a> {
    signature: &'a Signature,
    units: Units,
    input: Input<'a>,
    refused: Violations<'a>,
}

impl<'a> Collector<'a> {
    /// Makes a collector without rows. `ask` asks the model for the notes of its features.
    pub fn new(signature: &'a Signature, ask: fn() -> Vec<FeatureNotes>) -> Self {
        let (input, refused) = Default::default();
        Self { signature, units: Units::new(ask), input, refused }
    }

    /// Adds a row. `values` has one value for each feature, and `object` is the row's JSON.
    pub fn add_row(
        &mut self,
        place: Place,
        object: Option<Raw<'a>>,
        values: impl IntoIterator<Item = Given<'a>>,
    ) {
        let Input { rows, accepted } = &mut self.input;
        rows.len += 1;
        rows.values.reserve(self.signature.features.len());
        for (index, (feature, given)) in self.signature.features.iter().zip(values).enumerate() {
            let input = match given {
                Given::Json(raw) => raw.or(object),
                Given::Absent => object,
                Given::Element(_) => None,
            };
            let checked = checked(&self.units, index, feature, given);
            // Keep it, or its issue.
            match checked {
                Ok(Checked { value, unusual }) => {
                    rows.values.push(value);
                    if let Some(issue) = unusual {
                        accepted.push(Violation::of_feature(issue, place, feature, input));
                    }
                }
                Err(issue) => {
                    self.refused.push(Violation::of_feature(issue, place, feature, input));
                }
            }
        }
    }

    /// Adds a violation of a whole row.
    pub fn refuse(&mut self, violation: Violation<'a>) {
        self.refused.push(violation);
    }

    /// Adds a warning about a whole row.
    pub fn warn(&mut self, violation: Violation<'a>) {
        self.input.accepted.show(violation);
    }

    /// Counts unknown keys in rows.
    pub fn add_unknown_keys(&mut self, count: u64) {
        self.input.accepted.counts.add_unknown_keys(count);
    }

    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// All violations, if there are any. Their counts then include the unusual values, too.
    pub fn finish(mut self) -> Result<Input<'a>, Violations<'a>> {
        if self.refused.is_empty() {
            return Ok(self.input);
        }
        self.refused.counts.merge(&self.input.accepted.counts);
        Err(self.refused)
    }
}

/// Checks the value of the feature with this index. A bare number outside its range may have been
/// meant in another unit.
fn checked(units: &Units, index: usize, feature: &Feature, given: Given) -> Result<Checked, Issue> {
    let mut bare = match given {
        Given::Json(Some(raw)) if may_have_unit(raw, feature) => {
            return units.check(index, raw, feature);
        }
        Given::Json(raw) => check_json(raw, feature, None),
        Given::Absent => check_json(None, feature, None),
        Given::Element(value) => check(as_kind(value, feature), feature),
    };
    if let Some(issue) = issue_of(&mut bare) {
        units.add_remark(index, feature, issue);
    }
    bare
}

/// Reads 0 and 1 in a tensor of numbers as booleans, if the feature is a flag.
fn as_kind(value: Value, feature: &Feature) -> Value {
    match (value, &feature.kind) {
        (Value::Number(0.0), Kind::Flag) => Value::Flag(false),
        (Value::Number(1.0), Kind::Flag) => Value::Flag(true),
        (value, _) => value,
    }
}
