//! Words for floats, such as `NaN`. They are not valid JSON, but Python's `json` writes them.

/// Each word and its replacement. NaN is a missing value, as in binary data. An infinity becomes a
/// number larger than any float, and is refused as infinite.
const WORDS: [(&[u8], &[u8]); 3] =
    [(b"NaN", b"null"), (b"-Infinity", b"-1e999"), (b"Infinity", b"1e999")];

/// Returns the text in valid JSON; none if it has no such word outside of its strings.
pub fn replaced(json: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(json.len() + json.len() / 3);
    let (mut rest, mut found, mut in_string) = (json, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        let word = WORDS.iter().find(|(word, _)| !in_string && rest.starts_with(word));
        if let Some((word, value)) = word {
            found = true;
            text.extend_from_slice(value);
            rest = &rest[word.len()..];
            continue;
        }
        text.push(byte);
        rest = after;
        match byte {
            b'"' => in_string = !in_string,
            // An escaped character ends no string.
            b'\\' if in_string => {
                text.extend(after.first());
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    found.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_of_strings_are_replaced() {
        let json = br#"{"a":[NaN, -Infinity,Infinity],"NaN":"\"NaN\\"}"#;
        let text = br#"{"a":[null, -1e999,1e999],"NaN":"\"NaN\\"}"#;
        assert_eq!(replaced(json).as_deref(), Some(&text[..]));
        for valid in [&br#"["NaN","\\\"Infinity"]"#[..], b"", b"\"", b"\"\\"] {
            assert_eq!(replaced(valid), None);
        }
    }
}
