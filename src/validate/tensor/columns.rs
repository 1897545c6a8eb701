//! Which tensor has the values of which feature.

use super::faults::Faults;
use super::request::Input;
use crate::edge::model::{Feature, MissingPolicy, Signature, Value};
use crate::input::Reason;
use crate::limits;

/// Where the values of the features are.
pub enum Columns<'a> {
    /// In one tensor of the shape `[rows, features]`.
    Together(&'a Input<'a>, usize),
    /// In a tensor for each feature, of the shape `[rows]` or `[rows, 1]`; none where it is missing.
    Apart(Vec<Option<&'a Input<'a>>>, usize),
}

impl<'a> Columns<'a> {
    pub fn find(inputs: &'a [Input], signature: &Signature) -> Result<Self, Faults> {
        let features = &signature.features;
        if let [input] = inputs
            && let [rows, columns] = input.shape[..]
            && columns == features.len()
        {
            check_rows(rows, features).map_err(Faults::malformed)?;
            return Ok(Self::Together(input, rows));
        }
        let rows = check_apart(inputs, features).map_err(Faults::malformed)?;
        let of = |feature: &Feature| inputs.iter().find(|input| input.name == feature.name);
        let apart: Vec<_> = features.iter().map(of).collect();
        let mut missing = Faults::default();
        for (feature, input) in features.iter().zip(&apart) {
            if feature.missing == MissingPolicy::Refuse && input.is_none() {
                let message = || format!("input {:?} is required", feature.name);
                missing.add(Some(feature), Reason::Missing, message);
            }
        }
        if missing.all > 0 {
            return Err(missing);
        }
        Ok(Self::Apart(apart, rows))
    }

    /// All values, row after row, and the number of rows.
    pub fn read(self, signature: &Signature) -> Result<(Vec<Value>, usize), Faults> {
        match self {
            Self::Together(input, rows) => Ok((input.values().map_err(Faults::malformed)?, rows)),
            Self::Apart(inputs, rows) => {
                let mut columns = Vec::with_capacity(inputs.len());
                for (input, feature) in inputs.into_iter().zip(&signature.features) {
                    columns.push(column(input, feature)?);
                }
                // Only now is it known that the client sent as many values as it said.
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

/// The values of one feature; none if it is left out.
fn column(
    input: Option<&Input>,
    feature: &Feature,
) -> Result<Option<std::vec::IntoIter<Value>>, Faults> {
    let Some(input) = input else { return Ok(None) };
    match input.values() {
        Ok(values) => Ok(Some(values.into_iter())),
        Err(fault) => {
            let mut faults = Faults::default();
            faults.add(Some(feature), Reason::WrongType, || fault);
            Err(faults)
        }
    }
}

/// Checks names and shapes of tensors that have a feature each, and gives the number of rows.
fn check_apart(inputs: &[Input], features: &[Feature]) -> Result<usize, String> {
    let first = inputs.first().ok_or("the request has no inputs")?;
    let rows = first.shape.first().copied().unwrap_or_default();
    for (index, input) in inputs.iter().enumerate() {
        let (name, shape) = (&input.name, &input.shape);
        if !is_feature(name, features) {
            return Err(unknown(input, features));
        }
        if inputs[..index].iter().any(|other| other.name == *name) {
            return Err(format!("input {name:?} is there twice"));
        }
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
    limits::check_batch(rows, features.len())
        .map_err(|limit| format!("{rows} rows are more than {limit}"))
}

fn is_feature(name: &str, features: &[Feature]) -> bool {
    features.iter().any(|feature| feature.name == name)
}

fn unknown(input: &Input, features: &[Feature]) -> String {
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
