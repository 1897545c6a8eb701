//! `GET /`: says that the service runs.

use crate::http::Response;
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

/// Answers the request.
pub fn get() -> Response {
    Response::json(200, &Greeting { message: "Healthcare AI Model Service is running." })
}
