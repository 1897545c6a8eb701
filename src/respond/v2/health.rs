//! Liveness, and readiness, which asks the model.

use super::named_model;
use crate::edge::log;
use crate::http::{Request, Response};
use crate::self_check;
use serde::Serialize;

#[derive(Serialize)]
struct Live {
    live: bool,
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
}

#[derive(Serialize)]
struct ModelReady<'a> {
    name: &'a str,
    ready: bool,
}

/// `GET /v2/health/live`: an answer is all that there is to know.
pub fn live() -> Response {
    Response::json(200, &Live { live: true }).not_stored()
}

/// `GET /v2/health/ready`
pub fn ready() -> Response {
    let ready = is_ready();
    Response::json(status(ready), &Ready { ready }).not_stored()
}

/// `GET /v2/models/{model}[/versions/{version}]/ready`
pub fn model_ready(request: &Request) -> Response {
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(response) => return response,
    };
    let ready = is_ready();
    Response::json(status(ready), &ModelReady { name: &signature.name, ready }).not_stored()
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
