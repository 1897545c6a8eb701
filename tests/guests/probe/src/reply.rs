//! Responses.

use futures::SinkExt;
use spin_sdk::http::{Fields, OutgoingResponse, ResponseOutparam};
use spin_sdk::wit::wasi::http0_2_0::types::OutgoingBody;
use std::fmt::Display;

/// A status and a text.
pub struct Reply {
    status: u16,
    text: String,
}

impl Reply {
    /// A text that says what was found.
    pub fn text(text: impl Display) -> Self {
        Self { status: 200, text: text.to_string() }
    }

    /// A text that says what went wrong.
    pub fn failure(text: impl Display) -> Self {
        Self { status: 500, text: text.to_string() }
    }

    /// Sends all of it, as guests should: the body is finished before the response is set.
    pub fn send(self, response: ResponseOutparam) {
        let outgoing = response_with(self.status, &[("content-length", self.text.len())]);
        let body = outgoing.body().expect("the body is not taken yet");
        let stream = body.write().expect("the stream is not taken yet");
        if !self.text.is_empty() {
            stream.write(self.text.as_bytes()).expect("a body of up to 1 MiB is taken at once");
        }
        drop(stream);
        OutgoingBody::finish(body, None).expect("the body is as long as promised");
        response.set(outgoing);
    }
}

impl<T: Display, E: Display> From<Result<T, E>> for Reply {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(text) => Self::text(text),
            Err(error) => Self::failure(error),
        }
    }
}

/// A response without a body so far.
pub fn response_with(status: u16, headers: &[(&str, usize)]) -> OutgoingResponse {
    let fields = Fields::new();
    for (name, value) in headers {
        let value = value.to_string().into_bytes();
        fields.set(name, &[value]).expect("the header is allowed");
    }
    let outgoing = OutgoingResponse::new(fields);
    outgoing.set_status_code(status).expect("the status is valid");
    outgoing
}

/// Sends `query` chunks of 64 KiB, each when the client has taken those before.
pub async fn stream(response: ResponseOutparam, query: &str) {
    stream_and(response, query, || ()).await;
}

/// The same, and calls `then` before the body ends.
pub async fn stream_and(response: ResponseOutparam, query: &str, then: impl FnOnce()) {
    let outgoing = response_with(200, &[]);
    let mut body = Box::pin(outgoing.take_body());
    response.set(outgoing);
    for _ in 0..query.parse().unwrap_or(1) {
        if body.send(vec![b'x'; 64 * 1024]).await.is_err() {
            return;
        }
    }
    then();
}
