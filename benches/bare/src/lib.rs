//! Answers each prediction with the bytes of the service's answer.
#![cfg(target_arch = "wasm32")]

use wasi::exports::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const ANSWER: &str = r#"{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}"#;

struct Bare;

impl Guest for Bare {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        read(&request);
        let response = OutgoingResponse::new(headers());
        let body = response.body().expect("the body is taken once");
        let stream = body.write().expect("the stream is taken once");
        stream.blocking_write_and_flush(ANSWER.as_bytes()).expect("the host takes the answer");
        drop(stream);
        OutgoingBody::finish(body, None).expect("all bytes are written");
        // Set last, so that head and body leave in one write.
        ResponseOutparam::set(out, Ok(response));
    }
}

/// Reads the body, as the service does.
fn read(request: &IncomingRequest) {
    let body = request.consume().expect("the body is taken once");
    let stream = body.stream().expect("the stream is taken once");
    while stream.blocking_read(1 << 16).is_ok() {}
}

fn headers() -> Fields {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("content-length", ANSWER.len().to_string()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-request-id", "b19b8193e152fc17".to_owned()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.into_bytes()));
    Fields::from_list(&headers).expect("headers may have these names")
}

wasi::http::proxy::export!(Bare);
