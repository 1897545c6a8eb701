//! Reads JSON without building a tree: a value stays the client's text until a feature asks for it.
//! So nothing recurses, however deep the client nests, and an unused value costs only one look at
//! each byte.

use super::check::{Context, Issue, Reason};
use super::violations::{Place, Violation};
use crate::platform::settings;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A body of JSON, or a part of one.
#[derive(Clone, Copy)]
pub struct Body<'a> {
    whole: &'a [u8],
    pub raw: &'a RawValue,
}

/// Returns a body without its byte order mark. Some editors and clients put one before their text.
pub fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

impl<'a> Body<'a> {
    /// Makes a body from bytes of valid JSON.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8 or not JSON, with the offset of the fault.
    pub fn parse(whole: &'a [u8]) -> Result<Self, Violation<'a>> {
        match serde_json::from_str(text(whole)?) {
            Ok(raw) => Ok(Self { whole, raw }),
            Err(error) => Err(malformed(offset(whole, &error), error.to_string())),
        }
    }

    /// Returns a part of this body.
    pub fn part(&self, raw: &'a RawValue) -> Self {
        Self { raw, ..*self }
    }

    /// Reads the members of an object; none if it is something else.
    pub fn object(&self) -> Result<Option<Object<'a>>, Violation<'a>> {
        let members = self.within::<Members>('{')?;
        Ok(members.map(|members| Object { members, raw: self.raw }))
    }

    /// Reads the items of a list; none if it is something else.
    pub fn list(&self) -> Result<Option<List<'a>>, Violation<'a>> {
        self.within('[')
    }

    /// Reads an object or a list; none if the text does not begin with `first`.
    fn within<T: Deserialize<'a>>(&self, first: char) -> Result<Option<T>, Violation<'a>> {
        let text = self.raw.get();
        if !text.starts_with(first) {
            return Ok(None);
        }
        serde_json::from_str(text).map(Some).map_err(|error| {
            let start = text.as_ptr().addr() - self.whole.as_ptr().addr();
            malformed(start + offset(text.as_bytes(), &error), error.to_string())
        })
    }
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
    pub fn parse(&self, (number, line): (usize, &'a str)) -> Result<Body<'a>, Violation<'a>> {
        let whole = self.0.as_bytes();
        serde_json::from_str(line).map(|raw| Body { whole, raw }).map_err(|error| {
            let start = line.as_ptr().addr() - whole.as_ptr().addr();
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

/// An object whose values are still text.
pub struct Object<'a> {
    members: Members<'a>,
    pub raw: &'a RawValue,
}

impl<'a> Object<'a> {
    /// Reads the members of an object in a valid body; none if it is something else.
    pub fn read(raw: &'a RawValue) -> Option<Self> {
        Some(Self { members: serde_json::from_str(raw.get()).ok()?, raw })
    }

    /// Returns the value of a key. The last of two equal keys counts, as in Python.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.members.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// Returns all keys and values, in the client's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members.0.iter().map(|(key, value)| (&**key, *value))
    }
}

/// The items of a list, still as text. Items beyond any limit are counted and not kept, so a list
/// never costs more memory than there is.
pub struct List<'a> {
    pub items: Vec<&'a RawValue>,
    pub len: usize,
}

impl<'de> Deserialize<'de> for List<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut items, mut len) = (Vec::new(), 0);
        while let Some(item) = list.next_element()? {
            len += 1;
            if len <= settings::MOST_BATCH_VALUES {
                items.push(item);
            }
        }
        Ok(List { items, len })
    }
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(Key(key)) = map.next_key()? {
            members.push((key, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// A key, borrowed from the text unless it has escapes. An unpaired surrogate becomes U+FFFD:
/// Python may write one, but a Rust string cannot hold it, so it is in no feature's name.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E>(self, key: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Key(String::from_utf8_lossy(key)))
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(Key(String::from_utf8_lossy(key).into_owned().into()))
    }
}
