//! Requests and responses as the handlers see them: plain data.

pub mod cache;
pub mod cors;
pub mod encoding;
pub mod media_type;
pub mod trace;

use crate::metrics::Observed;
use crate::routes::Segments;
use serde::Serialize;
use std::borrow::Cow;

/// The methods that metrics name; `Other` stands for all that a client may make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
    Connect,
    Other,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Connect => "CONNECT",
            Self::Other => "OTHER",
        }
    }

    /// Is false for methods whose requests have no body by all that is usual.
    pub fn may_have_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace | Self::Connect)
    }
}

/// What a handler gets.
pub struct Request<'a> {
    /// What the path has for the route's segments in braces.
    pub segments: Segments<'a>,
    /// The whole body; empty where the route takes none.
    pub body: Vec<u8>,
    /// The value of a header. Each look is a call to the host, so it is left to those who need it.
    pub header: Header<'a>,
    /// What the answer and the log call this request.
    pub id: &'a str,
    /// A random number: one call to the host for all that is left to chance.
    pub chance: u64,
}

impl Request<'_> {
    /// Whether the body says that it is something else than JSON.
    pub fn says_not_json(&self) -> bool {
        !media_type::may_be_json((self.header)("content-type").as_deref())
    }

    /// How the body is encoded, if it is something else than the bytes it stands for.
    pub fn content_encoding(&self) -> Option<String> {
        (self.header)("content-encoding").filter(|encoding| encoding::is_encoded(encoding))
    }
}

pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

pub struct Response {
    pub status: u16,
    /// None for a response without a body.
    pub content_type: Option<&'static str>,
    /// Headers beside content-type and content-length.
    pub headers: Vec<(&'static str, String)>,
    pub body: Cow<'static, [u8]>,
}

pub const JSON: &str = "application/json";

impl Response {
    pub fn new(content_type: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let body = body.into();
        Self { status: 200, content_type: Some(content_type), headers: Vec::new(), body }
    }

    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own types become JSON");
        Self { status, ..Self::new(JSON, body) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Cow::Borrowed(&[]) }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says that the answer depends on a header of the request.
    pub fn varies_by(mut self, name: &str) -> Self {
        match self.headers.iter_mut().find(|(header, _)| *header == "vary") {
            Some((_, names)) => *names = format!("{names}, {name}"),
            None => self.headers.push(("vary", name.to_owned())),
        }
        self
    }

    /// For an answer that is true for a moment only.
    pub fn not_stored(self) -> Self {
        self.with_header("cache-control", "no-store")
    }
}

/// Why there is no answer, before it is worded.
pub struct HttpError {
    pub status: u16,
    pub message: String,
}

impl HttpError {
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// A body of more than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(413, format!("The body is larger than {limit} bytes"))
    }
}

/// How an error is worded: each API has its own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// `{"detail": "…"}`, as FastAPI does.
    Detail,
    /// `{"error": "…"}`, as the Open Inference Protocol demands.
    Error,
}

impl ErrorForm {
    /// The form of the API that a path belongs to.
    pub fn of(path: &str) -> Self {
        match path.strip_prefix("/v2") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Error,
            _ => Self::Detail,
        }
    }

    pub fn response(self, status: u16, message: &str) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "lowercase")]
        enum Body<'a> {
            Detail(&'a str),
            Error(&'a str),
        }
        let body = match self {
            Self::Detail => Body::Detail(message),
            Self::Error => Body::Error(message),
        };
        Response::json(status, &body)
    }
}

/// A response, and what the model metrics have to learn from it.
pub struct Reply {
    pub response: Response,
    pub observed: Observed,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self { response, observed: Observed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_words_errors_in_its_own_form() {
        for path in ["/v2", "/v2/", "/v2/models/m"] {
            assert_eq!(ErrorForm::of(path), ErrorForm::Error, "{path}");
        }
        for path in ["/", "/predict", "/v20", "/docs/v2"] {
            assert_eq!(ErrorForm::of(path), ErrorForm::Detail, "{path}");
        }
        let response = ErrorForm::Error.response(404, "no \"x\"");
        assert_eq!(*response.body, *br#"{"error":"no \"x\""}"#);
    }
}
