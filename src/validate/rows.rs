//! From a JSON body to the values that the model takes.

mod check;
mod json;
mod problem;
mod violation;

pub use check::{Checked, check};
pub use json::{List, without_bom};
pub use problem::{Place, Problem, Problems};
pub use violation::{Reason, Violation};

use crate::edge::model::{Feature, Signature, Value};
use crate::limits;
use crate::metrics::Invalid;
use json::{Body, Object};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

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
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::missing_body().into());
    }
    let body = Body::parse(body)?;
    let top = body.object()?.ok_or_else(|| Problem::not_an_object(Place::Body, body.raw))?;
    let mut reader = Reader::new(signature);
    let given = |key| top.get(key).filter(|raw| raw.get() != "null");
    match (given(PATIENT_DATA), given(INSTANCES)) {
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
        (None, None) => Err(nothing(&body, &top).into()),
    }
}

/// The problem of a body that has no rows.
fn nothing<'a>(body: &Body<'a>, top: &Object<'a>) -> Problem<'a> {
    match (top.get(PATIENT_DATA), top.get(INSTANCES)) {
        (Some(null), _) => Problem::not_an_object(Place::PatientData, null),
        (None, Some(null)) => Problem::not_a_list(Place::Instances, null),
        (None, None) => Problem::missing(Place::PatientData, body.raw),
    }
}

/// Collects rows, or all that is wrong with them.
struct Reader<'a> {
    signature: &'a Signature,
    /// The place of each feature, by its name.
    places: BTreeMap<&'a str, usize>,
    rows: Rows,
    warnings: Vec<(usize, Problem<'a>)>,
    more_warnings: u64,
    problems: Problems<'a>,
}

impl<'a> Reader<'a> {
    fn new(signature: &'a Signature) -> Self {
        let (rows, problems) = (Rows::default(), Problems::default());
        let names = signature.features.iter().map(|feature| feature.name.as_str());
        let places = names.zip(0..).collect();
        Self { signature, places, rows, warnings: Vec::new(), more_warnings: 0, problems }
    }

    fn add(&mut self, row: Body<'a>, place: Place) -> Result<(), Problem<'a>> {
        let Some(object) = row.object()? else {
            self.problems.push(Problem::not_an_object(place, row.raw));
            return Ok(());
        };
        self.rows.len += 1;
        let given = self.given(&object);
        self.rows.values.reserve(given.len());
        for (feature, given) in self.signature.features.iter().zip(given) {
            self.add_value(&object, feature, given, place);
        }
        Ok(())
    }

    /// The value of each feature in a row. One look at each member finds them all, however many
    /// there are of both. Of a key that comes twice the last one counts, as in Python.
    fn given(&mut self, row: &Object<'a>) -> Vec<Option<&'a RawValue>> {
        let mut given = vec![None; self.signature.features.len()];
        for (key, value) in row.members() {
            match self.places.get(key) {
                Some(place) => given[*place] = Some(value),
                None => self.rows.unknown_features += 1,
            }
        }
        given
    }

    fn add_value(
        &mut self,
        object: &Object<'a>,
        feature: &'a Feature,
        given: Option<&'a RawValue>,
        place: Place,
    ) {
        // JSON's null is a value that is missing.
        let given = given.filter(|raw| raw.get() != "null");
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
            Err(violation) => {
                let reason = violation.reason;
                self.problems.add(&feature.name, reason, || problem(violation));
            }
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
