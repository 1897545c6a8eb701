//! The one loop over features, for JSON rows and for tensors.

use super::check::{Checked, check, check_json};
use super::violations::{Place, Violation, Violations};
use crate::model::{Feature, Kind, Signature, Value};
use serde_json::value::RawValue;

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
    Json(Option<&'a RawValue>),
    /// No value in a row of JSON.
    Absent,
    /// An element of a tensor.
    Element(Value),
}

/// Checks rows, and collects their values, or all their violations.
pub struct Collector<'a> {
    signature: &'a Signature,
    input: Input<'a>,
    refused: Violations<'a>,
}

impl<'a> Collector<'a> {
    /// Makes a collector without rows.
    pub fn new(signature: &'a Signature) -> Self {
        Self { signature, input: Input::default(), refused: Violations::default() }
    }

    /// Adds a row. `values` has one value for each feature, and `object` is the row's JSON.
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

/// Reads 0 and 1 in a tensor of numbers as booleans, if the feature is a flag.
fn as_kind(value: Value, feature: &Feature) -> Value {
    match (value, &feature.kind) {
        (Value::Number(0.0), Kind::Flag) => Value::Flag(false),
        (Value::Number(1.0), Kind::Flag) => Value::Flag(true),
        (value, _) => value,
    }
}
