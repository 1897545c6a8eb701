//! The body of `POST /predict`, in any of its forms.

use super::check::{Context, Issue, Reason};
use super::collect::{Collector, Given, Input};
use super::explain::{self, Explain};
use super::json::{self, Lines, without_bom};
use super::raw::{List, Object, Raw};
use super::violations::{Place, Violation, Violations};
use crate::http::RowForm;
use crate::model::check::list;
use crate::model::{FeatureNotes, Signature};
use crate::platform::settings;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The form of a body, by the location of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    path: &'static [&'static str],
    /// True for many rows, false for one.
    pub is_batch: bool,
}

impl Form {
    /// Returns the location of a row, by its index.
    pub fn place(self, row: usize) -> Place {
        if self.is_batch { Place::Row(self.path, row) } else { self.part() }
    }

    /// Returns the location of all rows.
    pub fn part(self) -> Place {
        Place::Part(self.path)
    }

    const fn one(path: &'static [&'static str]) -> Self {
        Self { path, is_batch: false }
    }

    /// Makes the form of a list at a path.
    pub const fn many(path: &'static [&'static str]) -> Self {
        Self { path, is_batch: true }
    }
}

/// `{"patient_data": {…}}`, the blueprint's form.
const PATIENT: Form = Form::one(&["patient_data"]);

/// The keys of lists of rows: our own, and MLflow's.
const LISTS: [Form; 3] =
    [Form::many(&["instances"]), Form::many(&["inputs"]), Form::many(&["dataframe_records"])];

/// The form of pandas' `to_dict("split")`, by itself or under MLflow's key: names of columns, and a
/// list for each row.
pub const COLUMNS: &str = "columns";
pub const DATA: &str = "data";
const SPLIT: Form = Form::many(&[DATA]);
const DATAFRAME_SPLIT: &str = "dataframe_split";
const INNER_SPLIT: Form = Form::many(&[DATAFRAME_SPLIT, DATA]);

/// Rows without any key.
pub const BARE_ROW: Form = Form::one(&[]);
/// A list of them.
pub const BARE_LIST: Form = Form::many(&[]);

/// The keys of all forms. Rows without a key are taken only if no feature has one of these names.
const KEYS: [&str; 8] = [
    "patient_data",
    "instances",
    "inputs",
    "dataframe_records",
    DATAFRAME_SPLIT,
    COLUMNS,
    DATA,
    explain::KEY,
];

/// A valid body.
#[derive(Debug)]
pub struct Asked<'a> {
    pub form: Form,
    pub input: Input<'a>,
    /// The choice of explanations; none for answers without them.
    pub explain: Option<Explain>,
}

/// Reads a body with rows of a form; CSV as JSON made of it. If JSON has rows in several forms,
/// `patient_data` goes first, then `instances`. `ask` asks the model for the notes of its features,
/// if units are in question. `explain` is the choice of explanations for a body without one.
///
/// # Errors
///
/// All violations in the body.
pub fn read<'a>(
    body: &'a [u8],
    form: RowForm,
    signature: &'a Signature,
    ask: fn() -> Vec<FeatureNotes>,
    explain: Option<Explain>,
) -> Result<Asked<'a>, Violations<'a>> {
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Violation::new(Issue::missing(), Place::BODY, None).into());
    }
    let mut reader = Reader::new(signature, ask, explain);
    let form = match form {
        RowForm::Json => reader.add_json(json::parse(body)?)?,
        RowForm::Csv => reader.add_table(json::parse(body)?)?,
        RowForm::Lines => reader.add_lines(Lines::new(body)?)?,
    };
    Ok(Asked { form, input: reader.collector.finish()?, explain: reader.explain })
}

/// Returns the value of a key; none if it is missing or null.
pub fn given<'a>(object: &Object<'a>, key: &str) -> Option<Raw<'a>> {
    object.get(key).filter(|raw| raw.get() != "null")
}

/// Makes the violation of a body without rows.
fn no_rows<'a>(top: &Object<'a>) -> Violation<'a> {
    let lists = LISTS.into_iter().find_map(|form| Some((form, top.get(form.path[0])?)));
    match (top.get(PATIENT.path[0]), lists) {
        (Some(null), _) => not_an_object(PATIENT.part(), null),
        (None, Some((form, null))) => not_a_list(form.part(), null),
        (None, None) => Violation::new(Issue::missing(), PATIENT.part(), Some(top.raw)),
    }
}

/// Makes the violation of something else in the place of an object.
pub fn not_an_object(place: Place, raw: Raw<'_>) -> Violation<'_> {
    let message = match raw.get().starts_with('[') && place == PATIENT.part() {
        true => "Input should be an object; a list of rows goes under 'instances'",
        false => "Input should be an object",
    };
    Violation::new(Issue::new(Reason::WrongType, "dict_type", message), place, Some(raw))
}

/// Makes the violation of something else in the place of a list.
pub fn not_a_list(place: Place, raw: Raw<'_>) -> Violation<'_> {
    let message = match raw.get().starts_with('{') {
        true => "Input should be a list; one row goes under 'patient_data'",
        false => "Input should be a list",
    };
    Violation::new(Issue::new(Reason::WrongType, "list_type", message), place, Some(raw))
}

/// Makes the violation of a list with more items than a limit.
pub fn too_long(place: Place, list: Option<Raw<'_>>, limit: usize, length: usize) -> Violation<'_> {
    let message = format!("List should have at most {limit} items, not {length}");
    let issue = Issue::new(Reason::Malformed, "too_long", message);
    let issue = issue.with_context(Context::MaxLength(limit));
    Violation::new(issue, place, list)
}

/// Maximum number of keys or of features in a warning.
const MOST_NAMED: usize = 5;

/// Maximum length of a client's key in a warning, in bytes.
const SHOWN_KEY_BYTES: usize = 40;

/// Reads rows.
struct Reader<'a> {
    signature: &'a Signature,
    /// The index of each feature, by its name.
    indices: BTreeMap<&'a str, usize>,
    /// The feature of the key after each feature's in the rows before, and first of all of the first
    /// key. Most clients send all rows in one order.
    next: Vec<usize>,
    collector: Collector<'a>,
    explain: Option<Explain>,
}

impl<'a> Reader<'a> {
    fn new(
        signature: &'a Signature,
        ask: fn() -> Vec<FeatureNotes>,
        explain: Option<Explain>,
    ) -> Self {
        let names = signature.features.iter().map(|feature| feature.name.as_str());
        let collector = Collector::new(signature, ask);
        let next = vec![usize::MAX; signature.features.len() + 1];
        Self { signature, indices: indices(names), next, collector, explain }
    }

    /// Adds the rows of a body of JSON, and returns their form.
    #[inline]
    fn add_json(&mut self, body: Raw<'a>) -> Result<Form, Violation<'a>> {
        if let Some(top) = body.object() {
            return self.add_top(&top);
        }
        if !body.get().starts_with('[') || !self.takes_bare_rows() {
            return Err(not_an_object(Place::BODY, body));
        }
        self.add_list(BARE_LIST, body)?;
        Ok(BARE_LIST)
    }

    /// Adds the rows of JSON made of CSV: in the split form, with locations as in a list.
    fn add_table(&mut self, body: Raw<'a>) -> Result<Form, Violation<'a>> {
        let split = body.object().ok_or_else(|| not_an_object(Place::BODY, body))?;
        self.add_split(BARE_LIST, &split)?;
        Ok(BARE_LIST)
    }

    /// Adds a row of JSON on each line.
    fn add_lines(&mut self, lines: Lines<'a>) -> Result<Form, Violation<'a>> {
        let count = lines.rows().count();
        settings::check_batch(count, self.indices.len())
            .map_err(|limit| too_long(Place::BODY, None, limit, count))?;
        for (index, line) in lines.rows().enumerate() {
            self.add(lines.parse(line)?, BARE_LIST.place(index));
        }
        Ok(BARE_LIST)
    }

    /// Returns true if no feature has the name of a key.
    fn takes_bare_rows(&self) -> bool {
        !self.signature.features.iter().any(|feature| KEYS.contains(&feature.name.as_str()))
    }

    /// Adds the rows of a body with an object at its top, and returns their form.
    fn add_top(&mut self, top: &Object<'a>) -> Result<Form, Violation<'a>> {
        if let Some(raw) = given(top, explain::KEY) {
            self.read_explain(raw);
        }
        if let Some(row) = given(top, PATIENT.path[0]) {
            self.add(row, PATIENT.part());
            return Ok(PATIENT);
        }
        for form in LISTS {
            if let Some(list) = given(top, form.path[0]) {
                self.add_list(form, list)?;
                return Ok(form);
            }
        }
        if let Some(split) = given(top, DATAFRAME_SPLIT) {
            let place = Place::Part(&INNER_SPLIT.path[..1]);
            let split = split.object().ok_or_else(|| not_an_object(place, split))?;
            self.add_split(INNER_SPLIT, &split)?;
            return Ok(INNER_SPLIT);
        }
        if given(top, COLUMNS).is_some() && given(top, DATA).is_some() {
            self.add_split(SPLIT, top)?;
            return Ok(SPLIT);
        }
        let has_feature = top.members().any(|(key, _)| self.indices.contains_key(key));
        if has_feature && self.takes_bare_rows() {
            let members = top.members().filter(|(key, _)| *key != explain::KEY);
            let mut members = members.map(|(key, value)| (key.into(), value));
            self.add_members(BARE_ROW.part(), top.raw, &mut members);
            return Ok(BARE_ROW);
        }
        Err(no_rows(top))
    }

    fn read_explain(&mut self, raw: Raw<'a>) {
        match Explain::read(raw) {
            Ok(explain) => self.explain = explain,
            Err(violation) => self.collector.refuse(violation),
        }
    }

    fn add_list(&mut self, form: Form, list: Raw<'a>) -> Result<(), Violation<'a>> {
        let rows = list.list().ok_or_else(|| not_a_list(form.part(), list))?;
        settings::check_batch(rows.len, self.indices.len())
            .map_err(|limit| too_long(form.part(), Some(list), limit, rows.len))?;
        for (index, row) in rows.items.into_iter().enumerate() {
            self.add(row, form.place(index));
        }
        Ok(())
    }

    /// Adds rows in the split form: one list for each row, and names for the columns.
    fn add_split(&mut self, form: Form, split: &Object<'a>) -> Result<(), Violation<'a>> {
        let (columns, data) = (split.get(COLUMNS), split.get(DATA));
        let (Some(columns), Some(data)) = (columns, data) else {
            return Err(Violation::new(Issue::missing(), form.part(), Some(split.raw)));
        };
        let names = columns.list().and_then(names).ok_or_else(|| {
            let issue = Issue::malformed("Its columns should be a list of different names".into());
            Violation::new(issue, form.part(), Some(columns))
        })?;
        let rows = data.list().ok_or_else(|| not_a_list(form.part(), data))?;
        settings::check_batch(rows.len, self.indices.len().max(names.len()))
            .map_err(|limit| too_long(form.part(), Some(data), limit, rows.len))?;
        for (index, row) in rows.items.into_iter().enumerate() {
            let place = form.place(index);
            match row.list().filter(|cells| cells.len == names.len()) {
                Some(cells) => {
                    let names = names.iter().map(|name| name.as_str().into());
                    self.add_members(place, row, &mut names.zip(cells.items));
                }
                None => {
                    let message = format!("Input should be a list of {} values", names.len());
                    let issue = Issue::new(Reason::WrongType, "list_type", message);
                    self.collector.refuse(Violation::new(issue, place, Some(row)));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, row: Raw<'a>, place: Place) {
        match row.members() {
            Some(mut members) => self.add_members(place, row, &mut members),
            None => self.collector.refuse(not_an_object(place, row)),
        }
    }

    /// Adds the values of a row, by the names of features, in one pass over the members, however
    /// many features there are. The last of two equal keys counts, as in Python.
    fn add_members<'k>(
        &mut self,
        place: Place,
        raw: Raw<'a>,
        members: &mut dyn Iterator<Item = (Cow<'k, str>, Raw<'a>)>,
    ) {
        let mut values = vec![Given::Absent; self.indices.len()];
        let (mut unknown, mut named, mut last) = (0, Vec::new(), 0);
        for (key, value) in members {
            match self.index(&key, &mut last) {
                Some(index) => {
                    values[index] = Given::Json(Some(value).filter(|raw| raw.get() != "null"));
                }
                None => {
                    unknown += 1;
                    if named.len() < MOST_NAMED {
                        named.push(key);
                    }
                }
            }
        }
        self.collector.add_unknown_keys(unknown);
        let warning = if unknown > 0 { self.mistaken(unknown, named, &values) } else { None };
        self.collector.add_row(place, Some(raw), values);
        if let Some(issue) = warning {
            self.collector.warn(Violation::new(issue, place, Some(raw)));
        }
    }

    /// Returns the index of the feature with a name. `last` is 0 for the first key of a row, and then is
    /// one more than the index of the feature before.
    fn index(&mut self, name: &str, last: &mut usize) -> Option<usize> {
        let next = &mut self.next[*last];
        if self.signature.features.get(*next).is_none_or(|feature| feature.name != name) {
            *next = *self.indices.get(name)?;
        }
        *last = *next + 1;
        Some(*next)
    }

    /// Makes a warning if a row has unknown keys and lacks features: an unknown key may be a wrong
    /// name of a feature. `named` has the first unknown keys.
    fn mistaken(&self, unknown: u64, named: Vec<Cow<str>>, values: &[Given]) -> Option<Issue> {
        let features = self.signature.features.iter().zip(values);
        let absent = features.filter(|(_, given)| matches!(given, Given::Absent));
        let absent: Vec<&str> = absent.map(|(feature, _)| feature.name.as_str()).collect();
        if absent.is_empty() {
            return None;
        }
        let named: Vec<&str> = named.iter().map(|key| &**key).collect();
        let (unknown, absent) = (quoted(&named, unknown as usize), quoted(&absent, absent.len()));
        let message = format!("The model does not know {unknown}, and has no value for {absent}");
        Some(Issue::new(Reason::Missing, "unexpected_keys", message))
    }
}

/// Returns the names of columns, if all are strings and no two are the same.
fn names(columns: List) -> Option<Vec<String>> {
    let name = |raw: &Raw| serde_json::from_str(raw.get()).ok();
    let names: Option<Vec<String>> = columns.items.iter().map(name).collect();
    let is_unique = indices(names.iter().flatten().map(String::as_str)).len() == columns.len;
    names.filter(|_| is_unique)
}

/// Returns the index of each name; of equal names the last.
pub fn indices<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    let mut indices = BTreeMap::new();
    for (index, name) in names.enumerate() {
        indices.insert(name, index);
    }
    indices
}

/// Writes the first of `count` names as `'a', 'b' and 7 more`.
pub fn quoted(names: &[&str], count: usize) -> String {
    let quote = |name: &&str| {
        let shown = &name[..name.floor_char_boundary(SHOWN_KEY_BYTES)];
        format!("'{shown}{}'", if shown.len() < name.len() { "…" } else { "" })
    };
    let mut quoted: Vec<String> = names.iter().take(MOST_NAMED).map(quote).collect();
    if count > quoted.len() {
        quoted.push(format!("{} more", count - quoted.len()));
    }
    list(&quoted, "and")
}

#[cfg(test)]
mod tests;
