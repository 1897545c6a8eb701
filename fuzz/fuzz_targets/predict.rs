//! A body of `POST /predict`: it is answered, or refused with each fault's place.
#![no_main]

use fuzzed_service::{IncomingRequest, Method, Numbers, answer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let request = IncomingRequest {
        method: Method::Post,
        path_with_query: "/predict".to_owned(),
        headers: Vec::new(),
        body: body.to_owned(),
    };
    let response = answer(request, Numbers::new());
    let answer: Value = serde_json::from_slice(&response.body).expect("the answer is JSON");
    match response.status {
        200 => assert!(answer["prediction"].is_object() || answer["predictions"].is_array()),
        422 => {
            let faults = answer["detail"].as_array().expect("there is a list");
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| fault["loc"][0] == "body"));
        }
        status => panic!("{status}"),
    }
});
