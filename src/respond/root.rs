//! `GET /`: says that the service runs.

use crate::http::Response;
use serde_json::json;

/// Answers the request.
pub fn get() -> Response {
    Response::json(200, &json!({ "message": "Healthcare AI Model Service is running." }))
}
