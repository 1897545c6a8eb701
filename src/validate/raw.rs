//! Values of valid JSON, as their text: nothing recurses, however deep a client nests, and an unused value
//! costs only a look at each byte. Serde has checked the text, so commas and colons are passed over.

use crate::platform::settings;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::slice;

/// A value of valid JSON, as its text.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// Takes a value out of a request that serde has read.
    pub fn of(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }

    /// Returns the text.
    pub fn get(self) -> &'a str {
        self.0
    }

    /// Reads the members of an object; none if it is something else.
    pub fn object(self) -> Option<Object<'a>> {
        let members = self.members()?.collect();
        Some(Object { members, raw: self })
    }

    /// Reads the members of an object one by one; none if it is something else.
    pub fn members(self) -> Option<Members<'a>> {
        Some(Members(self.parts('{')?))
    }

    /// Reads the items of a list; none if it is something else.
    pub fn list(self) -> Option<List<'a>> {
        let (mut items, mut len) = (Vec::new(), 0);
        for item in self.parts('[')? {
            len += 1;
            if len <= settings::MOST_BATCH_VALUES {
                items.push(item);
            }
        }
        Some(List { items, len })
    }

    fn parts(self, first: char) -> Option<Parts<'a>> {
        self.0.strip_prefix(first).map(Parts)
    }
}

/// The values in an object or a list, keys too. The text is valid: commas and colons are only passed over.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':');
        let bytes = self.0.as_bytes();
        let start = bytes.iter().position(|byte| !is_between(byte))?;
        let end = start + length(&bytes[start..]);
        let value = Raw(&self.0[start..end]);
        self.0 = &self.0[end..];
        Some(value).filter(|_| end > start)
    }
}

/// Returns the length of the value at the start of valid JSON; 0 at the end of an object or a list.
fn length(bytes: &[u8]) -> usize {
    let mut rest = bytes.iter();
    match bytes.first() {
        Some(b'"') => {
            rest.next();
            pass_string(&mut rest);
        }
        Some(b'[' | b'{') => pass_nested(&mut rest),
        _ => {
            let is_end = |byte: &u8| matches!(byte, 0..=b' ' | b',' | b']' | b'}');
            return bytes.iter().position(is_end).unwrap_or(bytes.len());
        }
    }
    bytes.len() - rest.len()
}

/// Passes over a string after its first quote.
#[inline]
fn pass_string(rest: &mut slice::Iter<u8>) {
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(rest.next()),
            _ => {}
        }
    }
}

/// Passes over an object or a list.
#[inline]
fn pass_nested(rest: &mut slice::Iter<u8>) {
    // The bit by which the brackets of an object differ from those of a list.
    const OBJECT: u8 = b'{' ^ b'[';
    let mut depth = 0;
    while let Some(byte) = rest.next() {
        if *byte == b'"' {
            pass_string(rest);
        }
        depth += u32::from(byte | OBJECT == b'{');
        if byte | OBJECT == b'}' {
            depth -= 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// An object whose values are still text.
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Raw<'a>)>,
    pub raw: Raw<'a>,
}

impl<'a> Object<'a> {
    /// Returns the value of a key. The last of two equal keys counts, as in Python.
    pub fn get(&self, key: &str) -> Option<Raw<'a>> {
        self.members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// Returns all keys and values, in the client's order.
    pub fn members(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.members.iter().map(|(key, value)| (&**key, *value))
    }
}

/// The keys and values of an object, in the client's order.
pub struct Members<'a>(Parts<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((key(self.0.next()?), self.0.next()?))
    }
}

/// The items of a list, still as text. Items beyond any limit are counted and not kept, so a list
/// never costs more memory than there is.
pub struct List<'a> {
    pub items: Vec<Raw<'a>>,
    pub len: usize,
}

/// Reads a key, borrowed from the text unless it has escapes.
fn key(Raw(text): Raw<'_>) -> Cow<'_, str> {
    match text.as_bytes().contains(&b'\\') {
        true => serde_json::from_str(text).map_or_else(|_| text.into(), |Key(key)| key.into()),
        false => text[1..text.len() - 1].into(),
    }
}

/// A key with escapes. An unpaired surrogate becomes U+FFFD: Python may write one, but a Rust string
/// cannot hold it, so it is in no feature's name.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(Key(String::from_utf8_lossy(key).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeMap;

    /// Valid JSON with all that a value may have in it.
    const VALUES: [&str; 12] = [
        "null",
        "-1.5e+7",
        r#""""#,
        r#""a\"b\\""#,
        r#""]},:[{""#,
        "[]",
        "{ }",
        "[[ ] , { \"a\" : [ ] } ]",
        r#"{"a":{"b":[1,"}"]},"c":"\\"}"#,
        r#""\\\\""#,
        "true",
        "\"ä→\"",
    ];

    #[test]
    fn a_list_and_an_object_have_the_values_that_serde_reads() {
        for between in ["", " ", "\r\n\t"] {
            let list =
                format!("[{between}{}{between}]", VALUES.join(&format!("{between},{between}")));
            let items = Raw(&list).list().unwrap().items;
            let expected: Vec<Value> = serde_json::from_str(&list).unwrap();
            let read = |raw: Raw| serde_json::from_str::<Value>(raw.get()).unwrap();
            assert_eq!(items.into_iter().map(read).collect::<Vec<_>>(), expected);

            let member = |(at, value)| format!("\"\\u006b\\\"{at}\"{between}:{between}{value}");
            let members: Vec<String> = VALUES.iter().enumerate().map(member).collect();
            let object = format!("{{{between}{}{between}}}", members.join(","));
            let found = Raw(&object).members().unwrap();
            let found: BTreeMap<_, _> =
                found.map(|(key, value)| (key.into_owned(), read(value))).collect();
            let expected: BTreeMap<String, Value> = serde_json::from_str(&object).unwrap();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn half_of_a_surrogate_pair_in_a_key_is_replaced() {
        let mut members = Raw(r#"{"a\ud800":1}"#).members().unwrap();
        assert_eq!(
            members.next().map(|(key, _)| key.into_owned()),
            Some("a\u{fffd}\u{fffd}\u{fffd}".into())
        );
    }
}
