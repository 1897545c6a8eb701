//! The one loop over features, for JSON rows and for tensors.

use super::check::{Checked, check, check_json};
use super::violations::{Place, Violation, Violations};
use crate::model::{Feature, Kind, Signature, Value};
use serde_json::value::RawValue;

/// Rows that are ready for the model.
#[derive(Debug, Default)]
pub struct Rows {
    /// The number of rows.
    pub len: usize,
    /// One value for each feature, row after row.
    pub values: Vec<Value>,
}

/// Rows, and the values in them that are unusual.
#[derive(Debug, Default)]
pub struct Input<'a> {
    pub rows: Rows,
    /// Violations that the model accepts. Their counts have the keys that are no feature, too.
    pub accepted: Violations<'a>,
}

/// The value of a feature, as a request has it.
#[derive(Clone)]
pub enum Given<'a> {
    /// In a row of JSON; none for null.
    Json(Option<&'a RawValue>),
    /// Not in a row of JSON.
    Absent,
    /// An element of a tensor.
    Element(Value),
}

/// Checks rows, and collects their values, or all that is wrong with them.
pub struct Collector<'a> {
    signature: &'a Signature,
    input: Input<'a>,
    refused: Violations<'a>,
}

impl<'a> Collector<'a> {
    /// Begins without a row.
    pub fn new(signature: &'a Signature) -> Self {
        Self { signature, input: Input::default(), refused: Violations::default() }
    }

    /// Adds a row, of which `values` has one value for each feature. `object` is its JSON.
    pub fn add_row(
        &mut self,
        place: Place,
        object: Option<&'a RawValue>,
        values: impl IntoIterator<Item = Given<'a>>,
    ) {
        let Input { rows, accepted } = &mut self.input;
        rows.len += 1;
        rows.values.reserve(self.signature.features.len());
        for (feature, given) in self.signature.features.iter().zip(values) {
            // Check the value.
            let (checked, input) = match given {
                Given::Json(raw) => (check_json(raw, feature), raw.or(object)),
                Given::Absent => (check_json(None, feature), object),
                Given::Element(value) => (check(as_kind(value, feature), feature), None),
            };
            // Keep it, or what is wrong with it.
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

    /// Adds a violation that is not of one value.
    pub fn refuse(&mut self, violation: Violation<'a>) {
        self.refused.push(violation);
    }

    /// Adds a warning that is not of one value.
    pub fn warn(&mut self, violation: Violation<'a>) {
        self.input.accepted.show(violation);
    }

    /// Counts keys of rows that are no feature.
    pub fn add_unknown_keys(&mut self, count: u64) {
        self.input.accepted.counts.add_unknown_keys(count);
    }

    /// Returns the rows.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, if anything is. The counts then have what is unusual, too.
    pub fn finish(mut self) -> Result<Input<'a>, Violations<'a>> {
        if self.refused.is_empty() {
            return Ok(self.input);
        }
        self.refused.counts.merge(&self.input.accepted.counts);
        Err(self.refused)
    }
}

/// Reads a flag in a tensor of numbers, where it is 0 or 1.
fn as_kind(value: Value, feature: &Feature) -> Value {
    match (value, &feature.kind) {
        (Value::Number(0.0), Kind::Flag) => Value::Flag(false),
        (Value::Number(1.0), Kind::Flag) => Value::Flag(true),
        (value, _) => value,
    }
}
