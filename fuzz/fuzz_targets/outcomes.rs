//! A body of `POST /outcomes`: all of it is counted, or refused with each fault's place.
#![no_main]

use fuzzed_service::{IncomingRequest, Method, Numbers, answer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let request = IncomingRequest {
        method: Method::Post,
        path_with_query: "/outcomes".to_owned(),
        headers: Vec::new(),
        body: body.to_owned(),
    };
    let response = answer(request, Numbers::new());
    let answer: Value = serde_json::from_slice(&response.body).expect("the answer is JSON");
    match response.status {
        200 => assert!(answer["counted"].is_u64()),
        422 => {
            let faults = answer["detail"].as_array().expect("there is a list");
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault["loc"][0] == "body"));
        }
        status => panic!("{status}"),
    }
});
