//! The head of any request to the service, and its body.
#![no_main]

use fuzzed_service::{IncomingRequest, Method, Numbers, answer};
use libfuzzer_sys::fuzz_target;
use model_api_fuzz::{Message, check_request_id};

fuzz_target!(|bytes: &[u8]| {
    let Some(message) = Message::parse(bytes) else { return };
    let Some(target) = message.uri.path_and_query() else { return };
    let request = IncomingRequest {
        method: method(message.method),
        path_with_query: target.to_string(),
        headers: message.headers.clone(),
        body: message.body.to_owned(),
    };
    let response = answer(request, Numbers::new());
    let header = |name| {
        let mut headers = response.headers.iter();
        headers.find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    };
    assert!((200..500).contains(&response.status), "{}", response.status);
    check_request_id(header("x-request-id").expect("every answer has an id"));
    // A redirect names no host.
    assert_eq!(response.status == 307, header("location").is_some());
    assert!(header("location").is_none_or(|location| location.starts_with("../")));
    // Only the origin that asks is let in.
    if let (Some(asked), Some(allowed)) =
        (message.header("origin"), header("access-control-allow-origin"))
    {
        assert_eq!(allowed, String::from_utf8_lossy(asked));
    }
});

fn method(name: &str) -> Method {
    use Method::*;
    let known = [Get, Head, Post, Put, Patch, Delete, Options, Trace, Connect];
    known.into_iter().find(|method| method.as_str() == name).unwrap_or(Other)
}
