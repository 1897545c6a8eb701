//! Requests and responses as the handlers see them: plain data.

use crate::metrics::Observed;
use serde::Serialize;

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
}

/// What a handler gets.
pub struct Request<'a> {
    /// The whole body; empty where the route takes none.
    pub body: Vec<u8>,
    /// The value of a header. Each look is a call to the host, so it is left to those who need it.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

pub struct Response {
    pub status: u16,
    pub content_type: &'static str,
    /// Headers beside content-type and content-length.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own types become JSON");
        Self { status, content_type: "application/json", headers: Vec::new(), body }
    }

    /// An error as FastAPI words it: `{"detail": "…"}`.
    pub fn error(status: u16, detail: &str) -> Self {
        #[derive(Serialize)]
        struct Error<'a> {
            detail: &'a str,
        }
        Self::json(status, &Error { detail })
    }

    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
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
