//! The host's own error answers, for requests without an answer from a guest.

use crate::guest::{Failure, ResponseBody};
use crate::request_id;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use std::time::Duration;

/// A reason to refuse a request, or to give it up.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// No route has the request's path.
    NoRoute,
    /// The bytes are not a request.
    NotHttp,
    /// The request's line and headers are too long, or too many.
    HeadTooLarge,
    /// The request's target is too long.
    TargetTooLong,
    /// The request names no host, or an invalid one. Holds the message for the client.
    BadHost(&'static str),
    /// The body has a transfer coding other than `chunked`.
    UnknownCoding,
    /// The body ended early, or its chunks are not valid.
    BodyIncomplete,
    /// The body has more bytes than this limit.
    BodyTooLarge(usize),
    /// The component has too little memory for a body of this size.
    BodyTakesMemory,
    /// The body did not arrive in time, or too slowly.
    BodyTooSlow,
    /// The request bodies in memory have reached their common limit of bytes.
    TooManyBodies,
    /// The responses not yet taken by their clients have reached their common limit of bytes.
    TooManyResponses,
    /// Guests already work on the maximum number of requests, or a long request got no turn.
    TooManyRequests,
    /// The memory of all guests together has reached its limit.
    OutOfMemory,
    /// The server was told to stop. The answer to health checks says so.
    Stopping,
    /// The guest did not answer within this time.
    TimedOut(Duration),
    /// The guest failed. The cause is for the operator, not for the client.
    Trapped,
    /// The guest returned without a response.
    NoResponse,
    /// The client closed the connection. Nobody gets this answer; nginx counts it as 499 too.
    ClientGone,
}

/// All reasons for the counters, each after its status code, in ascending order.
pub const REASONS: [(u16, &str); 18] = [
    (400, "bad_host"),
    (400, "body_incomplete"),
    (400, "not_http"),
    (404, "no_route"),
    (408, "body_too_slow"),
    (413, "body_too_large"),
    (414, "target_too_long"),
    (431, "head_too_large"),
    (499, "client_gone"),
    (500, "no_response"),
    (500, "trapped"),
    (501, "unknown_coding"),
    (503, "out_of_memory"),
    (503, "stopping"),
    (503, "too_many_bodies"),
    (503, "too_many_requests"),
    (503, "too_many_responses"),
    (504, "timed_out"),
];

impl Refusal {
    /// Maps the status of a parser error in hyper to a refusal.
    pub fn unparsed(status: u16) -> Self {
        match status {
            414 => Self::TargetTooLong,
            431 => Self::HeadTooLarge,
            _ => Self::NotHttp,
        }
    }

    /// Maps a guest's failure to a refusal. `limit` is the timeout of the request.
    pub fn failed(failure: &Failure, limit: Duration) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut(limit),
            Failure::OutOfMemory => Self::OutOfMemory,
            Failure::Trapped(_) | Failure::MemoryLimit(..) => Self::Trapped,
            Failure::NoResponse(_) => Self::NoResponse,
        }
    }

    /// Returns the status code and the `reason` label: an entry of [`REASONS`].
    pub fn reason(&self) -> (u16, &'static str) {
        match self {
            Self::BadHost(_) => (400, "bad_host"),
            Self::BodyIncomplete => (400, "body_incomplete"),
            Self::NotHttp => (400, "not_http"),
            Self::NoRoute => (404, "no_route"),
            Self::BodyTooSlow => (408, "body_too_slow"),
            Self::BodyTooLarge(_) | Self::BodyTakesMemory => (413, "body_too_large"),
            Self::TargetTooLong => (414, "target_too_long"),
            Self::HeadTooLarge => (431, "head_too_large"),
            Self::ClientGone => (499, "client_gone"),
            Self::NoResponse => (500, "no_response"),
            Self::Trapped => (500, "trapped"),
            Self::UnknownCoding => (501, "unknown_coding"),
            Self::OutOfMemory => (503, "out_of_memory"),
            Self::Stopping => (503, "stopping"),
            Self::TooManyBodies => (503, "too_many_bodies"),
            Self::TooManyRequests => (503, "too_many_requests"),
            Self::TooManyResponses => (503, "too_many_responses"),
            Self::TimedOut(_) => (504, "timed_out"),
        }
    }

    /// Returns a sentence for the client. Its characters need no escape in JSON.
    fn message(&self) -> String {
        match self {
            Self::NoRoute => "Not Found".to_owned(),
            Self::NotHttp => "The request is not valid HTTP/1.1".to_owned(),
            Self::HeadTooLarge => "The request's headers are too long or too many".to_owned(),
            Self::TargetTooLong => "The request's target is too long".to_owned(),
            Self::BadHost(problem) => (*problem).to_owned(),
            Self::UnknownCoding => "The only transfer coding that is served is chunked".to_owned(),
            Self::BodyIncomplete => "The body ended before it was complete".to_owned(),
            Self::BodyTooLarge(limit) => format!("The body is larger than {limit} bytes"),
            Self::BodyTakesMemory => "The body takes more memory than there is for one".to_owned(),
            Self::BodyTooSlow => "The body did not arrive in time".to_owned(),
            Self::TooManyBodies
            | Self::TooManyRequests
            | Self::TooManyResponses
            | Self::OutOfMemory => "Too many requests at once".to_owned(),
            Self::Stopping => "The server is about to stop".to_owned(),
            Self::TimedOut(limit) => format!("The component did not answer within {limit:?}"),
            Self::Trapped => "The component failed".to_owned(),
            Self::NoResponse => "The component gave no response".to_owned(),
            Self::ClientGone => "The client closed the connection".to_owned(),
        }
    }

    /// Returns true if the connection closes after this answer, as the request was not read to its
    /// end.
    fn closes(&self) -> bool {
        matches!(self.reason().0, 400 | 408 | 413 | 414 | 431 | 501) || *self == Self::TooManyBodies
    }

    /// Returns the headers of the answer to request `id`.
    fn headers(&self, id: &str) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.push((request_id::HEADER, id));
        }
        if self.reason().0 == 503 {
            headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
        }
        if self.closes() {
            headers.push((CONNECTION, HeaderValue::from_static("close")));
        }
        headers
    }

    /// Returns the JSON body in the error format of the service under `path`: the Open Inference
    /// Protocol's format under `/v2`, or else FastAPI's.
    fn body(&self, path: &str) -> String {
        let is_protocol =
            ["/v1", "/v2"].iter().any(|api| path == *api || path.starts_with(&format!("{api}/")));
        let key = if is_protocol { "error" } else { "detail" };
        format!("{{\"{key}\":\"{}\"}}", self.message())
    }

    /// Builds the answer to the request `id` for `path`.
    pub fn response(&self, path: &str, id: &str) -> Response<ResponseBody> {
        let mut response = Response::new(Bytes::from(self.body(path)).into());
        let status = StatusCode::from_u16(self.reason().0);
        *response.status_mut() = status.expect("our status codes are valid");
        response.headers_mut().extend(self.headers(id));
        response
    }

    /// Builds the answer as the bytes of a whole HTTP response, with the body in FastAPI's format.
    /// It replaces hyper's own answer to an invalid request.
    pub fn raw_response(&self, id: &str) -> Vec<u8> {
        let body = self.body("");
        let status = StatusCode::from_u16(self.reason().0).expect("our status codes are valid");
        let mut response = format!("HTTP/1.1 {status}\r\n").into_bytes();
        for (name, value) in self.headers(id) {
            response.extend_from_slice(name.as_str().as_bytes());
            response.extend_from_slice(b": ");
            response.extend_from_slice(value.as_bytes());
            response.extend_from_slice(b"\r\n");
        }
        response
            .extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_once_in_order() {
        assert!(REASONS.is_sorted() && REASONS.windows(2).all(|pair| pair[0] != pair[1]));
        for refusal in [
            Refusal::NoRoute,
            Refusal::NotHttp,
            Refusal::HeadTooLarge,
            Refusal::TargetTooLong,
            Refusal::BadHost(""),
            Refusal::UnknownCoding,
            Refusal::BodyIncomplete,
            Refusal::BodyTooLarge(1),
            Refusal::BodyTakesMemory,
            Refusal::BodyTooSlow,
            Refusal::TooManyBodies,
            Refusal::TooManyRequests,
            Refusal::TooManyResponses,
            Refusal::OutOfMemory,
            Refusal::Stopping,
            Refusal::TimedOut(Duration::ZERO),
            Refusal::Trapped,
            Refusal::NoResponse,
            Refusal::ClientGone,
        ] {
            assert!(REASONS.contains(&refusal.reason()), "{refusal:?}");
        }
    }

    #[test]
    fn an_error_has_the_form_of_its_paths_api() {
        assert_eq!(Refusal::NoRoute.body("/predict"), r#"{"detail":"Not Found"}"#);
        assert_eq!(Refusal::NoRoute.body("/v20"), r#"{"detail":"Not Found"}"#);
        assert_eq!(Refusal::NoRoute.body("/v2/models"), r#"{"error":"Not Found"}"#);
        assert_eq!(Refusal::NoRoute.body("/v1/models/a:explain"), r#"{"error":"Not Found"}"#);
    }
}
