//! Responses.

use serde::Serialize;
use std::borrow::Cow;

/// A response, without the headers of a connection.
pub struct Response {
    pub status: u16,
    /// Media type of the body; none for a response without a body.
    pub content_type: Option<&'static str>,
    /// Headers beside content-type and content-length.
    pub headers: Vec<(&'static str, String)>,
    pub body: Cow<'static, [u8]>,
}

/// The media type of JSON.
pub const JSON: &str = "application/json";

impl Response {
    /// Makes a response of status 200.
    pub fn new(content_type: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let body = body.into();
        Self { status: 200, content_type: Some(content_type), headers: Vec::new(), body }
    }

    /// Makes a response of JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own types become JSON");
        Self { status, ..Self::new(JSON, body) }
    }

    /// Makes a response without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Cow::Borrowed(&[]) }
    }

    /// Adds a header.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a header of the request to the Vary header: the answer depends on it.
    pub fn varies_by(mut self, name: &str) -> Self {
        match self.headers.iter_mut().find(|(header, _)| *header == "vary") {
            Some((_, names)) => *names = format!("{names}, {name}"),
            None => self.headers.push(("vary", name.to_owned())),
        }
        self
    }

    /// Forbids caches to keep the answer.
    pub fn not_stored(self) -> Self {
        self.with_header("cache-control", "no-store")
    }
}
