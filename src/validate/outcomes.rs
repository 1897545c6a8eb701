//! The body of `POST /outcomes`: answers of `/predict`, each with what became true.

use super::check::{self, Context, Issue, Reason, is_within};
use super::json::{self, without_bom};
use super::raw::{Object, Raw};
use super::rows::{BARE_LIST, BARE_ROW, Form, given, not_a_list, not_an_object, too_long};
use super::violations::{Place, Violation, Violations};
use crate::model::check::alternatives;
use crate::model::{self, Description, OutputKind, OutputNotes, QuantityRange, Signature, groups};
use crate::platform::settings;

/// What became true of one person, beside the answer.
#[derive(Debug, PartialEq)]
pub struct Outcome<'d> {
    /// The version of the model that answered: its own, or another in its description.
    pub version: &'d str,
    pub output: &'d OutputNotes,
    pub truth: Truth,
    /// The subgroups of the person, each with its feature.
    pub groups: Vec<(&'d str, String)>,
}

/// An answer beside the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truth {
    /// Two classes, by their indices, and the confidence in the answered one, if there is any.
    Class { answered: usize, outcome: usize, confidence: Option<f64> },
    /// Two numbers in the unit of the output.
    Quantity { answered: f64, outcome: f64 },
}

/// A list of outcomes.
const MANY: Form = Form::many(&["outcomes"]);

/// The largest number, on either side of 0. It bounds the number of counters.
const MOST: f64 = 1e15;

/// Reads a body: one outcome, a list of them, or an object with a list under `outcomes`.
///
/// # Errors
///
/// All violations in the body.
pub fn read<'a, 'd>(
    body: &'a [u8],
    signature: &'d Signature,
    description: &'d Description,
) -> Result<Vec<Outcome<'d>>, Violations<'a>> {
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Violation::new(Issue::missing(), Place::BODY, None).into());
    }
    let body = json::parse(body)?;
    let (form, records) = match body.object() {
        Some(top) => match given(&top, "outcomes") {
            Some(list) => (MANY, records(MANY, list)?),
            None => (BARE_ROW, vec![body]),
        },
        None => (BARE_LIST, records(BARE_LIST, body)?),
    };
    let reader = Reader::new(signature, description);
    let mut outcomes = Vec::with_capacity(records.len());
    let mut found = Violations::default();
    for (index, raw) in records.into_iter().enumerate() {
        let mut record = Record { place: form.place(index), raw, found: &mut found };
        outcomes.extend(reader.outcome(&mut record));
    }
    if found.is_empty() { Ok(outcomes) } else { Err(found) }
}

/// Returns the items of a list, if they are within the limit for batches.
fn records(form: Form, raw: Raw<'_>) -> Result<Vec<Raw<'_>>, Violation<'_>> {
    let list = raw.list().ok_or_else(|| match form {
        BARE_LIST => not_an_object(Place::BODY, raw),
        _ => not_a_list(form.part(), raw),
    })?;
    match settings::check_batch(list.len, 1) {
        Ok(()) => Ok(list.items),
        Err(limit) => Err(too_long(form.part(), Some(raw), limit, list.len)),
    }
}

/// One outcome, and the violations in all.
struct Record<'v, 'a> {
    place: Place,
    raw: Raw<'a>,
    found: &'v mut Violations<'a>,
}

impl<'a> Record<'_, 'a> {
    // Inlining it for each key would add code.
    /// Adds the violation of a key, or of the whole outcome.
    #[inline(never)]
    fn refuse(&mut self, key: Option<&'static str>, issue: Issue, input: Raw<'a>) {
        let (place, input) = (self.place, Some(input));
        self.found.push(Violation { issue, place, feature: key, input });
    }

    /// Returns the value of a required key.
    #[inline(never)]
    fn required(&mut self, object: &Object<'a>, key: &'static str) -> Option<Raw<'a>> {
        let value = given(object, key);
        if value.is_none() {
            self.refuse(Some(key), Issue::missing(), self.raw);
        }
        value
    }

    /// Returns the result of reading a key. If there is none, adds the violation.
    fn valid<T>(&mut self, key: &'static str, raw: Raw<'a>, read: Result<T, Issue>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(issue) => {
                self.refuse(Some(key), issue, raw);
                None
            }
        }
    }
}

/// Reads outcomes of one model.
struct Reader<'d> {
    outputs: &'d [OutputNotes],
    versions: Vec<&'d str>,
    /// The features with subgroups, and the names of these.
    groups: Vec<(&'d str, Vec<String>)>,
}

impl<'d> Reader<'d> {
    fn new(signature: &'d Signature, description: &'d Description) -> Self {
        let versions = model::versions(signature, description);
        let mut groups = Vec::new();
        for feature in &signature.features {
            groups.extend(groups::names(feature).map(|names| (&feature.name[..], names)));
        }
        Self { outputs: &description.outputs, versions, groups }
    }

    /// Reads an outcome. Returns none if it has a violation.
    fn outcome(&self, record: &mut Record) -> Option<Outcome<'d>> {
        let Some(object) = record.raw.object() else {
            let issue = wrong_type("dict_type", "Input should be an object");
            record.refuse(None, issue, record.raw);
            return None;
        };
        let version = record.required(&object, "model_version").and_then(|raw| {
            let place = exact(raw, &self.versions, Reason::UnknownVersion);
            record.valid("model_version", raw, place)
        });
        let groups = match given(&object, "groups") {
            Some(raw) => record.valid("groups", raw, self.groups(raw)),
            None => Some(Vec::new()),
        };
        let output = self.output(record, &object)?;
        let truth = self.truth(record, &object, output);
        let version = self.versions[version?];
        Some(Outcome { version, output, truth: truth?, groups: groups? })
    }

    /// Finds the output: the only one, or the named one.
    fn output<'a>(
        &self,
        record: &mut Record<'_, 'a>,
        object: &Object<'a>,
    ) -> Option<&'d OutputNotes> {
        let raw = match self.outputs {
            [output] if given(object, "output").is_none() => return Some(output),
            _ => record.required(object, "output")?,
        };
        let names: Vec<&str> = self.outputs.iter().map(|output| &output.name[..]).collect();
        let index = record.valid("output", raw, exact(raw, &names, Reason::UnknownOutput))?;
        self.outputs.get(index)
    }

    /// Reads the answer of an output, and its truth.
    fn truth<'a>(
        &self,
        record: &mut Record<'_, 'a>,
        object: &Object<'a>,
        output: &OutputNotes,
    ) -> Option<Truth> {
        let [answered, outcome] = ["prediction", "outcome"].map(|key| {
            let raw = record.required(object, key)?;
            let value = self.of_output(raw, output);
            record.valid(key, raw, value)
        });
        match &output.kind {
            OutputKind::Classes(labels) => {
                let labels: Vec<&str> = labels.iter().map(|label| &label[..]).collect();
                let mut class =
                    |key, raw| record.valid(key, raw, meant(raw, &labels, Reason::UnknownClass));
                let answered = answered.and_then(|raw| class("prediction", raw));
                let outcome = outcome.and_then(|raw| class("outcome", raw));
                let confidence = match given(object, "confidence") {
                    Some(raw) => Some(record.valid("confidence", raw, within(raw, 0.0, 1.0))?),
                    None => None,
                };
                Some(Truth::Class { answered: answered?, outcome: outcome?, confidence })
            }
            OutputKind::Quantity(QuantityRange { minimum, maximum, .. }) => {
                let answered = answered.and_then(|raw| {
                    record.valid("prediction", raw, within(raw, *minimum, *maximum))
                });
                let outcome = outcome.and_then(|raw| record.valid("outcome", raw, number(raw)));
                Some(Truth::Quantity { answered: answered?, outcome: outcome? })
            }
        }
    }

    /// Returns the value of an output: `prediction` has several by their names.
    fn of_output<'a>(&self, raw: Raw<'a>, output: &OutputNotes) -> Result<Raw<'a>, Issue> {
        match raw.object() {
            Some(object) if self.outputs.len() > 1 => {
                given(&object, &output.name).ok_or_else(Issue::missing)
            }
            _ => Ok(raw),
        }
    }

    /// Reads the subgroups of a person. `null` stands for none.
    fn groups(&self, raw: Raw) -> Result<Vec<(&'d str, String)>, Issue> {
        let object = raw.object();
        let object = object.ok_or_else(|| wrong_type("dict_type", "Input should be an object"))?;
        let features: Vec<&str> = self.groups.iter().map(|(feature, _)| *feature).collect();
        let mut groups = Vec::new();
        for (feature, raw) in object.members() {
            let Some(index) = features.iter().position(|known| *known == feature) else {
                return Err(unknown(Reason::UnknownGroup, &features));
            };
            // The last of two equal keys counts, as elsewhere.
            groups.retain(|(other, _)| *other != features[index]);
            if raw.get() != "null" {
                let names: Vec<&str> = self.groups[index].1.iter().map(|name| &name[..]).collect();
                let place = meant(raw, &names, Reason::UnknownGroup)?;
                groups.push((features[index], names[place].to_owned()));
            }
        }
        Ok(groups)
    }
}

fn wrong_type(kind: &'static str, message: &'static str) -> Issue {
    Issue::new(Reason::WrongType, kind, message)
}

// Inlining it for each kind of name would add code.
#[inline(never)]
fn unknown(reason: Reason, known: &[&str]) -> Issue {
    let expected = alternatives(known);
    let issue = Issue::new(reason, "literal_error", format!("Input should be {expected}"));
    issue.with_context(Context::Expected(expected))
}

/// Reads a name. A number or a boolean is a name too: data frames have labels such as 1.0 and True.
fn text(raw: Raw) -> Result<String, Issue> {
    let text = raw.get();
    if text.starts_with(['[', '{', 'n']) {
        return Err(wrong_type("string_type", "Input should be a valid string"));
    }
    if !text.starts_with('"') {
        return Ok(text.to_owned());
    }
    serde_json::from_str(text)
        .map_err(|_| wrong_type("string_unicode", "Input should be valid Unicode"))
}

/// Finds a name as it is written, and returns its index: version 1.10 is not version 1.1.
fn exact(raw: Raw, names: &[&str], reason: Reason) -> Result<usize, Issue> {
    let given = text(raw)?;
    names.iter().position(|name| *name == given).ok_or_else(|| unknown(reason, names))
}

/// Finds a name by its meaning, and returns its index: `1.0` is the class 1.
fn meant(raw: Raw, names: &[&str], reason: Reason) -> Result<usize, Issue> {
    check::named(&text(raw)?, names).ok_or_else(|| unknown(reason, names))
}

/// Reads an answer between two bounds. Like the model's own, it may be a little beyond them.
fn within(raw: Raw, minimum: f64, maximum: f64) -> Result<f64, Issue> {
    let number = number(raw)?;
    if is_within(number, minimum, maximum) {
        return Ok(number);
    }
    let message = format!("Input should be from {minimum} to {maximum}");
    Err(Issue::new(Reason::OutOfRange, "value_error", message))
}

/// Reads a number, also in quotes: tables of text have them so.
fn number(raw: Raw) -> Result<f64, Issue> {
    let number = check::json_number(raw.get())?;
    if number.abs() <= MOST {
        return Ok(number);
    }
    Err(Issue::new(Reason::OutOfRange, "value_error", "Input should be from -1e15 to 1e15"))
}
