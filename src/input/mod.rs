//! From a request's body to the values that the model takes.

mod check;
mod json;
mod problem;

pub use problem::Problem;

use crate::edge::model::{Signature, Value};
use json::{Body, Object};

/// One row, ready for the model.
pub struct Row<'a> {
    /// One value for each feature, in order.
    pub values: Vec<Value>,
    /// Values that the model takes although it does not list them.
    pub warnings: Vec<Problem<'a>>,
    /// How many keys are no feature of the model. They are ignored, as the original service does.
    pub unknown_features: u64,
}

/// Where the row is in the body.
const PATIENT_DATA: &str = "patient_data";

/// Reads `{"patient_data": {…}}`, or tells all that is wrong with it.
pub fn patient<'a>(body: &'a [u8], signature: &'a Signature) -> Result<Row<'a>, Vec<Problem<'a>>> {
    let object = patient_data(body).map_err(|problem| vec![problem])?;
    row(&object, signature)
}

fn patient_data(body: &[u8]) -> Result<Object<'_>, Problem<'_>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::missing_body());
    }
    let body = Body::parse(body)?;
    let top = body.object()?.ok_or_else(|| Problem::not_an_object(&["body"], body.raw))?;
    let Some(data) = top.get(PATIENT_DATA) else {
        return Err(Problem::missing(&["body", PATIENT_DATA], body.raw));
    };
    let data = body.part(data);
    data.object()?.ok_or_else(|| Problem::not_an_object(&["body", PATIENT_DATA], data.raw))
}

fn row<'a>(object: &Object<'a>, signature: &'a Signature) -> Result<Row<'a>, Vec<Problem<'a>>> {
    let mut row = Row { values: Vec::new(), warnings: Vec::new(), unknown_features: 0 };
    let mut problems = Vec::new();
    row.values.reserve(signature.features.len());
    for feature in &signature.features {
        match check::value(object, feature) {
            Ok(checked) => {
                row.values.push(checked.value);
                row.warnings.extend(checked.warning);
            }
            Err(problem) => problems.push(problem),
        }
    }
    row.unknown_features = object.count_unknown(&signature.features);
    if problems.is_empty() { Ok(row) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
