//! The body of `POST /predict`.

use super::check::{Context, Issue, Reason};
use super::collect::{Collector, Given, Input};
use super::json::{Body, Object, without_bom};
use super::violations::{Place, Violation, Violations};
use crate::model::Signature;
use crate::platform::settings;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The form in which a body has its rows, and in which it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `{"patient_data": {…}}`
    Patient,
    /// `{"instances": [{…}, …]}`
    Instances,
}

impl Form {
    /// Returns the place of a row.
    pub fn place(self, row: usize) -> Place {
        match self {
            Self::Patient => Place::PatientData,
            Self::Instances => Place::Row(row),
        }
    }
}

/// The key of a single row.
pub const PATIENT_DATA: &str = "patient_data";
/// The key of a batch.
pub const INSTANCES: &str = "instances";

/// Reads a body. If it has both keys, the batch is ignored.
///
/// # Errors
///
/// All that is wrong with it.
pub fn read<'a>(
    body: &'a [u8],
    signature: &'a Signature,
) -> Result<(Form, Input<'a>), Violations<'a>> {
    // Read the top level.
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Violation::new(Issue::missing(), Place::Body, None).into());
    }
    let body = Body::parse(body)?;
    let top = body.object()?.ok_or_else(|| not_an_object(Place::Body, body.raw))?;
    let mut reader = Reader::new(signature);
    // Read the rows, in either form.
    let form = match (given(&top, PATIENT_DATA), given(&top, INSTANCES)) {
        (Some(data), _) => {
            reader.add(body.part(data), Place::PatientData)?;
            Form::Patient
        }
        (None, Some(list)) => {
            reader.add_list(&body, list)?;
            Form::Instances
        }
        (None, None) => return Err(no_rows(&body, &top).into()),
    };
    Ok((form, reader.collector.finish()?))
}

/// Returns the value of a key. JSON's null is a value that is missing.
fn given<'a>(object: &Object<'a>, key: &str) -> Option<&'a RawValue> {
    object.get(key).filter(|raw| raw.get() != "null")
}

/// Makes the violation of a body that has no rows.
fn no_rows<'a>(body: &Body<'a>, top: &Object<'a>) -> Violation<'a> {
    match (top.get(PATIENT_DATA), top.get(INSTANCES)) {
        (Some(null), _) => not_an_object(Place::PatientData, null),
        (None, Some(null)) => not_a_list(null),
        (None, None) => Violation::new(Issue::missing(), Place::PatientData, Some(body.raw)),
    }
}

fn not_an_object(place: Place, raw: &RawValue) -> Violation<'_> {
    let issue = Issue::new(Reason::WrongType, "dict_type", "Input should be an object");
    Violation::new(issue, place, Some(raw))
}

fn not_a_list(raw: &RawValue) -> Violation<'_> {
    let issue = Issue::new(Reason::WrongType, "list_type", "Input should be a list");
    Violation::new(issue, Place::Instances, Some(raw))
}

fn too_long(list: &RawValue, limit: usize, length: usize) -> Violation<'_> {
    let message = format!("List should have at most {limit} items, not {length}");
    let issue = Issue::new(Reason::Malformed, "too_long", message);
    let issue = issue.with_context(Context::MaxLength(limit));
    Violation::new(issue, Place::Instances, Some(list))
}

/// Reads rows.
struct Reader<'a> {
    /// The index of each feature, by its name.
    indices: BTreeMap<&'a str, usize>,
    collector: Collector<'a>,
}

impl<'a> Reader<'a> {
    fn new(signature: &'a Signature) -> Self {
        let names = signature.features.iter().map(|feature| feature.name.as_str());
        Self { indices: names.zip(0..).collect(), collector: Collector::new(signature) }
    }

    fn add_list(&mut self, body: &Body<'a>, list: &'a RawValue) -> Result<(), Violation<'a>> {
        let rows = body.part(list).list()?.ok_or_else(|| not_a_list(list))?;
        settings::check_batch(rows.len, self.indices.len())
            .map_err(|limit| too_long(list, limit, rows.len))?;
        for (index, row) in rows.items.into_iter().enumerate() {
            self.add(body.part(row), Place::Row(index))?;
        }
        Ok(())
    }

    fn add(&mut self, row: Body<'a>, place: Place) -> Result<(), Violation<'a>> {
        let Some(object) = row.object()? else {
            self.collector.refuse(not_an_object(place, row.raw));
            return Ok(());
        };
        let values = self.values(&object);
        self.collector.add_row(place, Some(object.raw), values);
        Ok(())
    }

    /// Finds the value of each feature in a row. One look at each member finds them all, however
    /// many there are of both. The last of two equal keys counts, as in Python.
    fn values(&mut self, row: &Object<'a>) -> Vec<Given<'a>> {
        let mut values = vec![Given::Json(None); self.indices.len()];
        let mut unknown = 0;
        for (key, value) in row.members() {
            match self.indices.get(key) {
                Some(index) => {
                    values[*index] = Given::Json(Some(value).filter(|raw| raw.get() != "null"));
                }
                None => unknown += 1,
            }
        }
        self.collector.add_unknown_keys(unknown);
        values
    }
}

#[cfg(test)]
mod tests;
