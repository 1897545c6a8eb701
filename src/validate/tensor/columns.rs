//! The tensor with the values of each feature.

use super::request::RequestTensor;
use crate::model::{Feature, MissingPolicy, Signature, Value};
use crate::platform::settings;
use crate::validate::check::{Issue, Reason};
use crate::validate::violations::{Place, Violation, Violations};

/// Location of the features' values, and the number of rows.
pub enum Columns<'a> {
    /// One tensor of the shape `[rows, features]`.
    Together(&'a RequestTensor<'a>, usize),
    /// One tensor for each feature, of the shape `[rows]` or `[rows, 1]`; none for a feature
    /// without one.
    Apart(Vec<Option<&'a RequestTensor<'a>>>, usize),
}

impl<'a> Columns<'a> {
    /// Finds the tensor of each feature.
    ///
    /// # Errors
    ///
    /// If a tensor is none of the model's, a required one is missing, or they do not fit together.
    pub fn find<'s>(
        inputs: &'a [RequestTensor],
        signature: &'s Signature,
    ) -> Result<Self, Violations<'s>> {
        let features = &signature.features;
        // One tensor that is as wide as the model has features.
        if let [input] = inputs
            && let [rows, columns] = input.shape[..]
            && columns == features.len()
        {
            check_rows(rows, features).map_err(malformed)?;
            return Ok(Self::Together(input, rows));
        }
        // One tensor for each feature.
        let rows = check_apart(inputs, features).map_err(malformed)?;
        let apart: Vec<_> = features.iter().map(|feature| named(inputs, &feature.name)).collect();
        // Refuse a missing tensor of a feature that needs one.
        let mut missing = Violations::default();
        for (feature, input) in features.iter().zip(&apart) {
            if feature.missing == MissingPolicy::Refuse && input.is_none() {
                let message = format!("input {:?} is required", feature.name);
                let issue = Issue::new(Reason::Missing, "missing", message);
                missing.push(Violation::of_feature(issue, Place::BODY, feature, None));
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Self::Apart(apart, rows))
    }

    /// Reads all values, row after row, and returns them with the number of rows.
    ///
    /// # Errors
    ///
    /// If the data of a tensor does not have the tensor's type and shape.
    pub fn read(self, signature: &Signature) -> Result<(Vec<Value>, usize), Violations<'_>> {
        match self {
            Self::Together(input, rows) => Ok((input.values().map_err(malformed)?, rows)),
            Self::Apart(inputs, rows) => {
                let mut columns = Vec::with_capacity(inputs.len());
                for (input, feature) in inputs.into_iter().zip(&signature.features) {
                    columns.push(column(input, feature)?);
                }
                // Only now is it known: the client sent as many values as its shapes say.
                let mut values = Vec::with_capacity(rows * columns.len());
                for _ in 0..rows {
                    values.extend(columns.iter_mut().map(|column| match column {
                        Some(column) => column.next().unwrap_or(Value::Missing),
                        None => Value::Missing,
                    }));
                }
                Ok((values, rows))
            }
        }
    }
}

fn malformed<'a>(message: String) -> Violations<'a> {
    Violation::new(Issue::malformed(message), Place::BODY, None).into()
}

/// Reads the values of one feature; none if it is left out.
fn column<'a>(
    input: Option<&RequestTensor>,
    feature: &'a Feature,
) -> Result<Option<std::vec::IntoIter<Value>>, Violations<'a>> {
    let Some(input) = input else { return Ok(None) };
    match input.values() {
        Ok(values) => Ok(Some(values.into_iter())),
        Err(message) => {
            let issue = Issue::new(Reason::WrongType, "value_error", message);
            Err(Violation::of_feature(issue, Place::BODY, feature, None).into())
        }
    }
}

fn named<'a>(inputs: &'a [RequestTensor], name: &str) -> Option<&'a RequestTensor<'a>> {
    inputs.iter().find(|input| input.name == name)
}

/// Checks the names and shapes of tensors of one feature each, and returns the number of rows.
fn check_apart(inputs: &[RequestTensor], features: &[Feature]) -> Result<usize, String> {
    let first = inputs.first().ok_or("the request has no inputs")?;
    let rows = first.shape.first().copied().unwrap_or_default();
    for (index, input) in inputs.iter().enumerate() {
        let (name, shape) = (&input.name, &input.shape);
        // Each is of a feature, and comes once.
        if !is_feature(name, features) {
            return Err(unknown(input, features));
        }
        if inputs[..index].iter().any(|other| other.name == *name) {
            return Err(format!("input {name:?} is there twice"));
        }
        // All have as many rows as the first.
        match shape[..] {
            [len] | [len, 1] if len == rows => {}
            [_] | [_, 1] => {
                let (other, other_shape) = (&first.name, &first.shape);
                return Err(format!(
                    "inputs have as many rows as each other: {other:?} has shape \
                     {other_shape:?}, and {name:?} has {shape:?}"
                ));
            }
            _ => {
                return Err(format!(
                    "input {name:?} has shape {shape:?}; it takes [rows] or [rows, 1]"
                ));
            }
        }
    }
    check_rows(rows, features)?;
    Ok(rows)
}

fn check_rows(rows: usize, features: &[Feature]) -> Result<(), String> {
    settings::check_batch(rows, features.len())
        .map_err(|limit| format!("{rows} rows are more than {limit}"))
}

fn is_feature(name: &str, features: &[Feature]) -> bool {
    features.iter().any(|feature| feature.name == name)
}

fn unknown(input: &RequestTensor, features: &[Feature]) -> String {
    let names: Vec<_> = features.iter().map(|feature| feature.name.as_str()).collect();
    format!(
        "input {:?} of shape {:?} is none of the model's: it takes [rows] of each of {}, or all in \
         one tensor of shape [rows, {}]",
        input.name,
        input.shape,
        names.join(", "),
        names.len()
    )
}
