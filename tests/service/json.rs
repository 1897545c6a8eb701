//! Texts of every kind, JSON and not, as part of a body. Their names begin as in JSONTestSuite: `y` for
//! JSON, `n` for what is none, `i` for what a reader may refuse. `tests/suites/clients` compares the answers
//! with Python's reader.

use super::serve;
use crate::support::http::Request;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// By name, each text with a character for each byte.
const KINDS: &str = include_str!("../support/json_kinds.json");

#[test]
fn a_body_is_taken_if_it_is_json_and_is_422_if_it_is_not() {
    let server = serve();
    let mut client = server.client();
    let kinds: BTreeMap<String, String> = serde_json::from_str(KINDS).unwrap();
    for (name, text) in kinds {
        let body = body(&text);
        let is_json = serde_json::from_slice::<&RawValue>(&body).is_ok();
        assert!(!name.starts_with(if is_json { 'n' } else { 'y' }), "{name}");
        let expected = if is_json { 200 } else { 422 };
        let response = client.send(&Request::post("/predict", body));
        assert_eq!(response.status, expected, "{name}: {}", response.text());
        assert_eq!(response.text().contains("JSON decode error"), !is_json, "{name}");
    }
}

/// A body with the text as a key's value that the model does not ask for.
fn body(text: &str) -> Vec<u8> {
    let text = text.chars().map(|byte| u8::try_from(byte).expect("a character is a byte"));
    let (before, after) = (r#"{"patient_data":{"age":65,"cholesterol":240},"more":"#, "}");
    before.bytes().chain(text).chain(after.bytes()).collect()
}
