//! A store with any keys and numbers, one in a line: what is written of it, a strict reader reads.
#![no_main]

use exposition::Exposition;
use fuzzed_service::{IncomingRequest, Method, Numbers, answer};
use libfuzzer_sys::fuzz_target;

#[allow(dead_code)]
#[path = "../../tests/support/exposition.rs"]
mod exposition;

const OPEN_METRICS: &[u8] = b"application/openmetrics-text";

fuzz_target!(|text: &str| {
    let numbers: Numbers = text.lines().filter_map(number).collect();
    Exposition::parse(&scrape(numbers.clone(), b"text/plain"));
    assert!(scrape(numbers, OPEN_METRICS).ends_with("\n# EOF\n"));
});

/// A key, a space, and a number of at most 32 bits: no sum of them overflows.
fn number(line: &str) -> Option<(String, i64)> {
    let (key, number) = line.rsplit_once(' ')?;
    Some((key.to_owned(), i64::from(number.parse::<u32>().ok()?)))
}

fn scrape(numbers: Numbers, accept: &[u8]) -> String {
    let request = IncomingRequest {
        method: Method::Get,
        path_with_query: "/metrics".to_owned(),
        headers: vec![("accept".to_owned(), accept.to_owned())],
        body: Vec::new(),
    };
    let response = answer(request, numbers);
    assert_eq!(response.status, 200);
    String::from_utf8(response.body.into_owned()).expect("it is text")
}
