//! From a JSON body to the values that the model takes.

mod check;
mod json;
mod problem;

pub use check::{Checked, check};
pub use problem::{Place, Problem, Problems, Reason, Violation};

use crate::edge::model::{Feature, Signature, Value};
use crate::limits;
use crate::metrics::Invalid;
use json::{Body, Object};

/// Rows that are ready for the model.
#[derive(Debug, Default)]
pub struct Rows {
    pub len: usize,
    /// One value for each feature, row after row.
    pub values: Vec<Value>,
    /// Values that the model takes although it does not list them.
    pub invalid: Invalid,
    /// How many keys are no feature of the model. They are ignored, as the original service does.
    pub unknown_features: u64,
}

/// What a body asks for.
#[derive(Debug)]
pub struct Input<'a> {
    pub form: Form,
    pub rows: Rows,
    /// What is unusual, and the row that it is in.
    warnings: Vec<(usize, Problem<'a>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"patient_data": {…}}`
    Patient,
    /// `{"instances": [{…}, …]}`
    Instances,
}

impl<'a> Input<'a> {
    pub fn warnings_of(&self, row: usize) -> impl Iterator<Item = &Problem<'a>> {
        let start = self.warnings.partition_point(|(other, _)| *other < row);
        let rest = self.warnings[start..].iter();
        rest.take_while(move |(other, _)| *other == row).map(|(_, problem)| problem)
    }
}

/// Where a single row is in the body, and a batch.
pub const PATIENT_DATA: &str = "patient_data";
pub const INSTANCES: &str = "instances";

/// Reads the body, or tells all that is wrong with it. If it has both keys, the batch is ignored.
pub fn read<'a>(body: &'a [u8], signature: &'a Signature) -> Result<Input<'a>, Problems<'a>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::missing_body().into());
    }
    let body = Body::parse(body)?;
    let top = body.object()?.ok_or_else(|| Problem::not_an_object(Place::Body, body.raw))?;
    let mut reader = Reader::new(signature);
    match (top.get(PATIENT_DATA), top.get(INSTANCES)) {
        (Some(data), _) => {
            reader.add(body.part(data), Place::PatientData)?;
            reader.finish(Form::Patient)
        }
        (None, Some(list)) => {
            let rows = body.part(list).list()?;
            let rows = rows.ok_or_else(|| Problem::not_a_list(Place::Instances, list))?;
            check_length(rows.len(), list)?;
            for (index, row) in rows.into_iter().enumerate() {
                reader.add(body.part(row), Place::Instance(index))?;
            }
            reader.finish(Form::Instances)
        }
        (None, None) => Err(Problem::missing(Place::PatientData, body.raw).into()),
    }
}

fn check_length<'a>(rows: usize, list: &'a serde_json::value::RawValue) -> Result<(), Problem<'a>> {
    if rows <= limits::ALWAYS_TAKEN_BATCH_ROWS {
        return Ok(());
    }
    let limit = limits::max_batch_rows().max(limits::ALWAYS_TAKEN_BATCH_ROWS);
    if rows <= limit { Ok(()) } else { Err(Problem::too_long(list, limit, rows)) }
}

/// Collects rows, or all that is wrong with them.
struct Reader<'a> {
    signature: &'a Signature,
    rows: Rows,
    warnings: Vec<(usize, Problem<'a>)>,
    problems: Problems<'a>,
}

impl<'a> Reader<'a> {
    fn new(signature: &'a Signature) -> Self {
        let (rows, problems) = (Rows::default(), Problems::default());
        Self { signature, rows, warnings: Vec::new(), problems }
    }

    fn add(&mut self, row: Body<'a>, place: Place) -> Result<(), Problem<'a>> {
        let Some(object) = row.object()? else {
            self.problems.push(Problem::not_an_object(place, row.raw));
            return Ok(());
        };
        self.rows.len += 1;
        self.rows.values.reserve(self.signature.features.len());
        for feature in &self.signature.features {
            self.add_value(&object, feature, place);
        }
        self.rows.unknown_features += object.count_unknown(&self.signature.features);
        Ok(())
    }

    fn add_value(&mut self, object: &Object<'a>, feature: &'a Feature, place: Place) {
        // JSON's null is a value that is missing.
        let given = object.get(&feature.name).filter(|raw| raw.get() != "null");
        let input = given.unwrap_or(object.raw);
        let problem = |violation| Problem::of(feature, place, input, violation);
        match check::json(given, feature) {
            Ok(Checked { value, unusual }) => {
                self.rows.values.push(value);
                if let Some(violation) = unusual {
                    self.rows.invalid.add(&feature.name, violation.reason.as_str(), 1);
                    self.warnings.push((place.row(), problem(violation)));
                }
            }
            Err(violation) => self.problems.push(problem(violation)),
        }
    }

    fn finish(self, form: Form) -> Result<Input<'a>, Problems<'a>> {
        let Self { rows, warnings, problems, .. } = self;
        if problems.is_empty() { Ok(Input { form, rows, warnings }) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests;
