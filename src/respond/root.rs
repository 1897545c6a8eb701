//! `GET /`: a message to show the service is running.

use crate::http::Response;
use serde_json::json;

/// Answers the request.
pub fn get() -> Response {
    Response::json(200, &json!({ "message": "Healthcare AI Model Service is running." }))
}
