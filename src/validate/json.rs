//! Parses bodies of JSON without building a tree: a value stays the client's text until a feature asks for
//! it.

use super::check::{Context, Issue, Reason};
use super::raw::Raw;
use super::violations::{Place, Violation};

/// Returns a body without its byte order mark. Some editors and clients put one before their text.
pub fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// Parses a body.
///
/// # Errors
///
/// If the bytes are not UTF-8 or not JSON, with the offset of the fault.
pub fn parse(body: &[u8]) -> Result<Raw<'_>, Violation<'_>> {
    parse_text(text(body)?).map_err(|error| malformed(offset(body, &error), error.to_string()))
}

fn parse_text(text: &str) -> serde_json::Result<Raw<'_>> {
    serde_json::from_str(text).map(Raw::of)
}

/// A body with a value of JSON on each line.
pub struct Lines<'a>(&'a str);

impl<'a> Lines<'a> {
    /// Makes lines of a body.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8, with the offset of the fault.
    pub fn new(whole: &'a [u8]) -> Result<Self, Violation<'a>> {
        text(whole).map(Self)
    }

    /// Returns the lines with a value, each with its number from 1.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let lines = (1..).zip(self.0.split('\n'));
        lines.filter(|(_, line)| !line.trim_ascii().is_empty())
    }

    /// Parses a line.
    ///
    /// # Errors
    ///
    /// If it is not JSON, with the offset of the fault in the body.
    pub fn parse(&self, (number, line): (usize, &'a str)) -> Result<Raw<'a>, Violation<'a>> {
        parse_text(line).map_err(|error| {
            let start = line.as_ptr().addr() - self.0.as_ptr().addr();
            let message = format!("line {number}: {error}");
            malformed(start + offset(line.as_bytes(), &error), message)
        })
    }
}

fn text(whole: &[u8]) -> Result<&str, Violation<'_>> {
    std::str::from_utf8(whole).map_err(|error| malformed(error.valid_up_to(), error.to_string()))
}

/// Makes the violation of a body with invalid JSON after `offset` bytes.
fn malformed<'a>(offset: usize, error: String) -> Violation<'a> {
    let issue = Issue::new(Reason::Malformed, "json_invalid", "JSON decode error");
    let issue = issue.with_context(Context::Error(error));
    Violation::new(issue, Place::Offset(offset), None)
}

/// Returns the number of bytes before the error's line and column.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(text.len())
}
