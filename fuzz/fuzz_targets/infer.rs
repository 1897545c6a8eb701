//! A body of `/v2/models/{model}/infer`, after a line with the length of its JSON, which is empty if the
//! header is left out: it is answered, or refused with a sentence.
#![no_main]

use fuzzed_service::{IncomingRequest, MODEL, Method, Numbers, Response, answer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const HEADER_LENGTH: &str = "inference-header-content-length";

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (length, body) = (&bytes[..end], &bytes[end + 1..]);
    let mut headers = Vec::new();
    if !length.is_empty() {
        headers.push((HEADER_LENGTH.to_owned(), length.to_owned()));
    }
    let request = IncomingRequest {
        method: Method::Post,
        path_with_query: format!("/v2/models/{MODEL}/infer"),
        headers,
        body: body.to_owned(),
    };
    let response = answer(request, Numbers::new());
    match response.status {
        200 => check_tensors(&response),
        400 => {
            let answer: Value = serde_json::from_slice(&response.body).expect("the answer is JSON");
            assert!(!answer["error"].as_str().expect("there is a sentence").is_empty());
        }
        status => panic!("{status}"),
    }
});

/// Checks that the lengths in the answer are those of its binary data.
fn check_tensors(response: &Response) {
    let length = response.headers.iter().find(|(name, _)| *name == HEADER_LENGTH);
    let length = length.map_or(response.body.len(), |(_, length)| length.parse().unwrap());
    let (json, binary) = response.body.split_at(length);
    let answer: Value = serde_json::from_slice(json).expect("the answer is JSON");
    let outputs = answer["outputs"].as_array().expect("there is a list");
    let size = |output: &Value| output["parameters"]["binary_data_size"].as_u64().unwrap_or(0);
    assert_eq!(outputs.iter().map(size).sum::<u64>(), binary.len() as u64);
}
