//! From a JSON body to the values that the model takes.

mod check;
mod json;
mod problem;
mod violation;

pub use check::{Checked, check};
pub use json::List;
pub use problem::{Place, Problem, Problems};
pub use violation::{Reason, Violation};

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
    /// How many more warnings there are than those that are shown.
    pub more_warnings: u64,
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

/// More problems than this are counted, and not shown.
const SHOWN_PROBLEMS: usize = 100;

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
            limits::check_batch(rows.len, signature.features.len())
                .map_err(|limit| Problem::too_long(list, limit, rows.len))?;
            for (index, row) in rows.items.into_iter().enumerate() {
                reader.add(body.part(row), Place::Instance(index))?;
            }
            reader.finish(Form::Instances)
        }
        (None, None) => Err(Problem::missing(Place::PatientData, body.raw).into()),
    }
}

/// Collects rows, or all that is wrong with them.
struct Reader<'a> {
    signature: &'a Signature,
    rows: Rows,
    warnings: Vec<(usize, Problem<'a>)>,
    more_warnings: u64,
    problems: Problems<'a>,
}

impl<'a> Reader<'a> {
    fn new(signature: &'a Signature) -> Self {
        let (rows, problems) = (Rows::default(), Problems::default());
        Self { signature, rows, warnings: Vec::new(), more_warnings: 0, problems }
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
                    if self.warnings.len() < SHOWN_PROBLEMS {
                        self.warnings.push((place.row(), problem(violation)));
                    } else {
                        self.more_warnings += 1;
                    }
                }
            }
            Err(violation) => self.problems.push(problem(violation)),
        }
    }

    fn finish(self, form: Form) -> Result<Input<'a>, Problems<'a>> {
        let Self { rows, warnings, more_warnings, mut problems, .. } = self;
        if problems.is_empty() {
            return Ok(Input { form, rows, warnings, more_warnings });
        }
        // What is no reason to refuse is counted all the same.
        problems.invalid.merge(rows.invalid);
        problems.unknown_features = rows.unknown_features;
        Err(problems)
    }
}

#[cfg(test)]
mod tests;
