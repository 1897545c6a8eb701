//! Errors, in the form of each API.

use super::Response;
use serde::{Serialize, Serializer};

/// The status and the message of an error.
pub struct HttpError {
    pub status: u16,
    pub message: String,
}

impl HttpError {
    /// Makes an error of a status from 400.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// Makes the response, in the form of an API.
    pub fn response(&self, form: ErrorForm) -> Response {
        form.response(self.status, &self.message)
    }

    /// Makes the error of a body of more than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(413, format!("The body is larger than {limit} bytes"))
    }
}

/// The form of an error's body. Each API has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// `{"detail": "…"}`, as FastAPI does.
    Detail,
    /// `{"error": "…"}`, as KServe and the Open Inference Protocol demand.
    Error,
}

impl ErrorForm {
    /// Returns the form for the API of a path.
    pub fn of(path: &str) -> Self {
        match path.strip_prefix("/v1").or_else(|| path.strip_prefix("/v2")) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self::Error,
            _ => Self::Detail,
        }
    }

    /// Makes the response of an error.
    pub fn response(self, status: u16, message: &str) -> Response {
        let key = match self {
            Self::Detail => "detail",
            Self::Error => "error",
        };
        Response::json(status, &ErrorBody { key, message })
    }
}

/// A body with one key.
struct ErrorBody<'a> {
    key: &'static str,
    message: &'a str,
}

impl Serialize for ErrorBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.key, self.message)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_words_errors_in_its_own_form() {
        for path in ["/v2", "/v2/", "/v2/models/m", "/v1/models/m:explain"] {
            assert_eq!(ErrorForm::of(path), ErrorForm::Error, "{path}");
        }
        for path in ["/", "/predict", "/v20", "/v1a", "/docs/v2"] {
            assert_eq!(ErrorForm::of(path), ErrorForm::Detail, "{path}");
        }
        let response = ErrorForm::Error.response(404, "no \"x\"");
        assert_eq!(*response.body, *br#"{"error":"no \"x\""}"#);
    }
}
