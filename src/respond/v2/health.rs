//! Liveness and readiness. Readiness checks the model.

use crate::http::{ErrorForm, Request, Response};
use crate::platform::log;
use crate::predict::self_check;
use crate::respond::named::named_model;
use crate::respond::object::{object, text};
use serde_json::Value;

/// Answers `GET /v2/health/live`. An answer alone shows liveness.
pub fn live() -> Response {
    Response::json(200, &object(vec![("live", Value::from(true))])).not_stored()
}

/// Answers `GET /v2/health/ready` with 200 or 503, by the check of the model.
pub fn ready() -> Response {
    let ready = is_ready();
    Response::json(status(ready), &object(vec![("ready", Value::from(ready))])).not_stored()
}

/// Answers `GET /v2/models/{model}[/versions/{version}]/ready` and `GET /v1/models/{model}` with 200
/// or 503, by the check of the model.
pub fn model_ready(request: &Request) -> Response {
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(error) => return error.response(ErrorForm::Error),
    };
    let ready = is_ready();
    let body = object(vec![("name", text(&signature.name)), ("ready", Value::from(ready))]);
    Response::json(status(ready), &body).not_stored()
}

fn is_ready() -> bool {
    match self_check::run() {
        Ok(()) => true,
        Err(reason) => {
            log::warn(&format!("the model is not ready: {reason}"));
            false
        }
    }
}

const fn status(ready: bool) -> u16 {
    if ready { 200 } else { 503 }
}
