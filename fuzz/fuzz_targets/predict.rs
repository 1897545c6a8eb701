//! A body of `POST /predict`, as JSON, CSV and lines, and of `POST /outcomes`: it is answered, with explanations that
//! add up, or refused with each fault's place.
#![no_main]

use fuzzed_service::{IncomingRequest, Method, Numbers, answer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    for content_type in ["text/csv", "application/x-ndjson"] {
        let accepted = [("content-type", content_type), ("accept", "application/json")];
        if let Some(answer) = answer_of("/predict", &accepted, body) {
            assert!(!answer["predictions"].as_array().expect("it is a batch").is_empty());
        }
    }
    if let Some(answer) = answer_of("/predict", &[], body) {
        assert!(answer["prediction"].is_object() || answer["predictions"].is_array());
        let many = answer["predictions"].as_array().map_or(&[][..], Vec::as_slice);
        many.iter().chain([&answer]).for_each(check_explanation);
    }
    if let Some(answer) = answer_of("/outcomes", &[], body) {
        assert!(answer["counted"].is_u64());
    }
});

/// Returns the answer to a body; none if it is refused.
fn answer_of(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Value> {
    let request = IncomingRequest {
        method: Method::Post,
        path_with_query: path.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.to_owned(),
    };
    let response = answer(request, Numbers::new());
    let answer: Value = serde_json::from_slice(&response.body).expect("the answer is JSON");
    match response.status {
        200 => Some(answer),
        422 => {
            let faults = answer["detail"].as_array().expect("there is a list");
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault["loc"][0] == "body"));
            None
        }
        status => panic!("{status}"),
    }
}

fn check_explanation(answer: &Value) {
    for part in answer["explanation"].as_array().into_iter().flatten() {
        let number = |value: &Value| value.as_f64().expect("it is a number");
        let shown = part["contributions"].as_array().expect("there is a list").iter();
        let sum: f64 = shown.map(|one| number(&one["contribution"])).sum();
        let others = part.get("others").map_or(0.0, number);
        let (base, total) = (number(&part["base"]), number(&part["total"]));
        assert!((base + sum + others - total).abs() <= 1e-9 * total.abs().max(1.0), "{part}");
    }
}
