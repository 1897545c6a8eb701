//! Rows of CSV, as pandas, R and spreadsheets write them. They become JSON: names of columns, and a
//! list for each row. So each value is checked, and refused, as in JSON.

use super::check::Issue;
use super::json::without_bom;
use super::rows::{BARE_LIST, COLUMNS, DATA, indices, quoted, too_long};
use super::violations::{Place, Violation};
use crate::model::cells::{separator, value};
use crate::model::{Kind, Signature, Value};
use crate::platform::settings;

/// Maximum length of a unit in a column's name, in bytes. It is in the JSON of each row, so its length
/// decides how much memory a body takes.
const UNIT_BYTES: usize = 20;

/// Makes JSON of a body of CSV: an object with the names of the columns and a list for each row.
///
/// # Errors
///
/// If the body is no CSV with a header and rows, with the line at fault, or has too many rows.
pub fn to_json<'a>(body: &[u8], signature: &Signature) -> Result<Vec<u8>, Violation<'a>> {
    let body = without_bom(body);
    let body = std::str::from_utf8(body).map_err(|error| {
        let line = 1 + newlines(&body[..error.valid_up_to()]);
        at_line(line, "is not UTF-8: save the file as UTF-8")
    })?;
    // Read the header.
    let mut records = Records::new(body);
    records.read();
    let header: Vec<String> = (0..records.len()).map(|at| records.cell(at).trim().into()).collect();
    let columns = columns(&header, records.line(), signature)?;
    // Write the rows. Those beyond the limit are only counted.
    let limit = settings::max_batch_rows(signature.features.len().max(columns.len()));
    let mut json = format!("{{\"{COLUMNS}\":").into_bytes();
    push_list(&mut json, &columns, |json, column| push_text(json, column.name));
    json.extend_from_slice(format!(",\"{DATA}\":[").as_bytes());
    let mut rows = 0;
    while records.read() {
        if records.is_open {
            return Err(at_line(records.line(), "has a quote without its end"));
        }
        if records.len() != header.len() {
            let (line, len) = (records.line(), records.len());
            let what = format!("has {len} cells, and the header {}", header.len());
            return Err(Violation { place: BARE_LIST.place(rows), ..at_line(line, &what) });
        }
        if rows < limit {
            if rows > 0 {
                json.push(b',');
            }
            push_list(&mut json, &columns, |json, column| column.push(json, &records));
        }
        rows += 1;
    }
    match rows {
        0 => Err(at_line(records.line(), "is the end, and there are no rows")),
        _ if rows > limit => Err(too_long(Place::BODY, None, limit, rows)),
        _ => {
            json.extend_from_slice(b"]}");
            Ok(json)
        }
    }
}

fn at_line<'a>(line: usize, what: &str) -> Violation<'a> {
    Violation::new(Issue::malformed(format!("Line {line} {what}")), Place::BODY, None)
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// The rows of a CSV body (RFC 4180), one at a time.
// The crate csv-core would add two kilobytes to this.
struct Records<'b> {
    body: &'b str,
    /// The body from the row on.
    row: &'b str,
    /// The body after it.
    rest: &'b str,
    separator: u8,
    /// The text of the row's cells, without quotes.
    text: String,
    /// The ends of the cells in the text.
    ends: Vec<usize>,
    /// True if the body ends between quotes.
    is_open: bool,
}

impl<'b> Records<'b> {
    fn new(body: &'b str) -> Self {
        let header = body.trim_start_matches(['\r', '\n']).split('\n').next();
        let separator = separator(header.unwrap_or_default().as_bytes());
        let (text, ends) = Default::default();
        Self { body, row: body, rest: body, separator, text, ends, is_open: false }
    }

    /// Returns the number of the row's first line, from 1.
    fn line(&self) -> usize {
        let before = &self.body.as_bytes()[..self.body.len() - self.row.len()];
        1 + newlines(before)
    }

    /// Reads the next row, and passes over empty lines. Returns false at the end.
    fn read(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(['\r', '\n']);
        self.row = self.rest;
        self.text.clear();
        self.ends.clear();
        let mut is_in_row = !self.rest.is_empty();
        while is_in_row {
            self.read_cell();
            self.ends.push(self.text.len());
            is_in_row = self.rest.as_bytes().first() == Some(&self.separator);
            self.pass(usize::from(is_in_row));
        }
        !self.ends.is_empty()
    }

    /// Reads a cell. Between quotes it may have separators and line ends.
    fn read_cell(&mut self) {
        let mut is_quoted = self.rest.starts_with('"');
        while is_quoted {
            self.pass(1);
            self.add_text([b'"'; 3]);
            self.is_open = self.rest.is_empty();
            // Two quotes are one of the text.
            is_quoted = self.rest.starts_with("\"\"");
            if is_quoted {
                self.text.push('"');
            }
            self.pass(usize::from(!self.rest.is_empty()));
        }
        self.add_text([self.separator, b'\r', b'\n']);
    }

    /// Adds the text up to one of these bytes of ASCII.
    fn add_text(&mut self, ends: [u8; 3]) {
        let end = self.rest.bytes().position(|byte| ends.contains(&byte));
        let text = self.pass(end.unwrap_or(self.rest.len()));
        self.text.push_str(text);
    }

    /// Passes over bytes, and returns them.
    fn pass(&mut self, bytes: usize) -> &'b str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        passed
    }

    /// Returns the number of cells.
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn cell(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }
}

/// A column of the JSON.
struct Column<'c> {
    name: &'c str,
    at: usize,
    /// The kind of its feature; none for a column without a feature.
    kind: Option<&'c Kind>,
    /// The unit of its numbers, if its name has one.
    unit: Option<&'c str>,
}

/// Finds the columns of the features, and adds all others with a name: a DataFrame's index has none.
///
/// # Errors
///
/// If two columns have the same name, or no column is a feature's.
fn columns<'c, 'a>(
    header: &'c [String],
    line: usize,
    signature: &'c Signature,
) -> Result<Vec<Column<'c>>, Violation<'a>> {
    let mut by_name = indices(header.iter().map(String::as_str));
    let is_second = |(at, name): &(usize, &String)| !name.is_empty() && by_name[&name[..]] != *at;
    if let Some((_, name)) = header.iter().enumerate().find(is_second) {
        return Err(two_columns(line, name));
    }
    for (at, name) in header.iter().enumerate() {
        let Some(unit) = unit(name) else { continue };
        let name = name[..name.len() - unit.len() - 2].trim_end();
        if by_name.insert(name, at).is_some() {
            return Err(two_columns(line, name));
        }
    }
    // The columns of features.
    let mut columns = Vec::new();
    let mut is_used = vec![false; header.len()];
    for feature in &signature.features {
        let name = feature.name.trim();
        let Some(at) = by_name.get(name) else { continue };
        let unit = if header[*at] == name { None } else { unit(&header[*at]) };
        if unit.is_none() || matches!(feature.kind, Kind::Number(_)) {
            is_used[*at] = true;
            let (name, kind) = (&feature.name, Some(&feature.kind));
            columns.push(Column { name, at: *at, kind, unit });
        }
    }
    if columns.is_empty() {
        let names: Vec<&str> = signature.features.iter().map(|one| one.name.as_str()).collect();
        let names = quoted(&names, names.len());
        let what = format!("should be a header with the model's features, {names}");
        return Err(at_line(line, &what));
    }
    // All others.
    for (at, name) in header.iter().enumerate() {
        if !name.is_empty() && !is_used[at] {
            columns.push(Column { name, at, kind: None, unit: None });
        }
    }
    Ok(columns)
}

fn two_columns<'a>(line: usize, name: &str) -> Violation<'a> {
    at_line(line, &format!("has two columns {}", quoted(&[name], 1)))
}

/// Returns the unit of a column with a name such as `cholesterol [mmol/L]` or `cholesterol (mmol/L)`.
fn unit(name: &str) -> Option<&str> {
    let open = match name.as_bytes().last()? {
        b']' => b'[',
        b')' => b'(',
        _ => return None,
    };
    let start = 1 + name.bytes().rposition(|byte| byte == open)?;
    // Other bytes would be longer in JSON.
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    let is_taken = |unit: &&str| unit.len() <= UNIT_BYTES && unit.bytes().all(is_plain);
    Some(&name[start..name.len() - 1]).filter(is_taken)
}

impl Column<'_> {
    /// Writes the cell of a row as JSON.
    fn push(&self, json: &mut Vec<u8>, records: &Records) {
        let cell = records.cell(self.at);
        match (self.kind, self.unit) {
            (None, _) => push_text(json, cell),
            (Some(kind), None) => push_value(json, cell, kind),
            (Some(kind), Some(unit)) => {
                json.extend_from_slice(b"{\"value\":");
                push_value(json, cell, kind);
                json.extend_from_slice(b",\"unit\":");
                push_text(json, unit);
                json.push(b'}');
            }
        }
    }
}

/// Writes a list of JSON, each item by `push`.
fn push_list<T>(json: &mut Vec<u8>, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    for (place, item) in items.iter().enumerate() {
        json.push(if place == 0 { b'[' } else { b',' });
        push(json, item);
    }
    json.push(b']');
}

fn push_text(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("a text becomes JSON");
}

/// Writes a cell by the kind of its feature, or as a string if it is of another kind.
fn push_value(json: &mut Vec<u8>, cell: &str, kind: &Kind) {
    let text = cell.trim();
    // The usual number needs no reading before it is read as JSON.
    if matches!(kind, Kind::Number(_)) && is_json(text) {
        return json.extend_from_slice(text.as_bytes());
    }
    let json_text = match value(cell, kind) {
        Some(Value::Missing) => "null",
        Some(Value::Flag(true)) => "true",
        Some(Value::Flag(false)) => "false",
        Some(Value::Text(text)) => return push_text(json, &text),
        // JSON has no such number.
        Some(Value::Number(number)) if !number.is_finite() => return push_text(json, text),
        Some(Value::Number(number)) => {
            return serde_json::to_writer(json, &number).expect("a number becomes JSON");
        }
        None => return push_text(json, text),
    };
    json.extend_from_slice(json_text.as_bytes());
}

/// Maximum length of a number in JSON as in its cell, in bytes. A longer one may be infinite.
const NUMBER_BYTES: usize = 100;

/// Returns true for a number as JSON writes it, without an exponent.
fn is_json(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = whole == "0" || !whole.starts_with('0');
    text.len() <= NUMBER_BYTES && is_whole && are_digits(whole) && are_digits(fraction)
}
