//! The parts of the document common to all models, and the reader of JSON.

use serde_json::Value;

/// The document without its paths, and without the schemas of a model.
pub static DOCUMENT: [u8; packed_len(PRETTY_DOCUMENT)] = packed(PRETTY_DOCUMENT);
/// The operations, by the names of their endpoints.
pub static OPERATIONS: [u8; packed_len(PRETTY_OPERATIONS)] = packed(PRETTY_OPERATIONS);

const PRETTY_DOCUMENT: &[u8] = include_bytes!("document.json");
const PRETTY_OPERATIONS: &[u8] = include_bytes!("operations.json");

/// Removes the white space between the tokens of JSON: a quarter of the text, and 8 KB of the
/// component. The compiler runs it.
const fn packed<const N: usize>(pretty: &[u8]) -> [u8; N] {
    let mut packed = [0; N];
    let (mut from, mut to, mut is_text) = (0, 0, false);
    while from < pretty.len() {
        if is_kept(pretty, from, is_text) {
            packed[to] = pretty[from];
            to += 1;
        }
        is_text = is_text_after(pretty, from, is_text);
        from += 1;
    }
    packed
}

/// Returns the length of the packed text.
const fn packed_len(pretty: &[u8]) -> usize {
    let (mut from, mut length, mut is_text) = (0, 0, false);
    while from < pretty.len() {
        length += is_kept(pretty, from, is_text) as usize;
        is_text = is_text_after(pretty, from, is_text);
        from += 1;
    }
    length
}

const fn is_kept(json: &[u8], at: usize, is_text: bool) -> bool {
    is_text || !json[at].is_ascii_whitespace()
}

/// Returns true if the byte after this one is within a string. A string has no backslash before
/// another one.
const fn is_text_after(json: &[u8], at: usize, is_text: bool) -> bool {
    let is_quote = json[at] == b'"' && !(is_text && json[at - 1] == b'\\');
    is_text != is_quote
}

/// Parses a packed part.
pub fn parse_packed(json: &[u8]) -> Value {
    parse(std::str::from_utf8(json).expect("the files beside this one are text"))
}

/// Parses JSON of our own.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_json_is_the_same_without_the_white_space_between_its_tokens() {
        for (pretty, packed) in [(PRETTY_DOCUMENT, &DOCUMENT[..]), (PRETTY_OPERATIONS, &OPERATIONS)]
        {
            let value: Value = serde_json::from_slice(pretty).unwrap();
            assert_eq!(parse_packed(packed), value);
            assert_eq!(packed.len(), serde_json::to_string(&value).unwrap().len());
        }
    }
}
