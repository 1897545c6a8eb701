//! `GET /`: a message to show the service is running.

use super::object::{object, text};
use crate::http::Response;

/// Answers the request.
pub fn get() -> Response {
    Response::json(200, &object(vec![("message", text("Healthcare AI Model Service is running."))]))
}
