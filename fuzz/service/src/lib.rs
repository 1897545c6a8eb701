//! The service as it is in `src/`, natively. Only `platform` names the host there, and only `model` the
//! model: the modules of these names are this folder's own.

#![allow(dead_code, unused_imports)]

// The settings read variables with spin-sdk.
extern crate self as spin_sdk;

#[path = "../../../src/http/mod.rs"]
mod http;
mod model;
mod platform;
#[path = "../../../src/predict/mod.rs"]
mod predict;
#[path = "../../../src/record/mod.rs"]
mod record;
#[path = "../../../src/respond/mod.rs"]
mod respond;
#[path = "../../../src/serve/mod.rs"]
mod serve;
#[path = "../../../src/validate/mod.rs"]
mod validate;
pub mod variables;

pub use http::{Method, Response};
pub use platform::http::IncomingRequest;
pub use platform::store::Numbers;

use platform::http::ResponseOutparam;
use platform::store;

/// The names by which the model is asked for.
pub const MODEL: &str = model::NAME;

/// Answers a request to the API, beside `counters`.
pub fn answer(request: IncomingRequest, counters: Numbers) -> Response {
    store::fill(counters);
    let out = ResponseOutparam::default();
    serve::dispatch(respond::ROUTES, respond::respond, record::record, request, out.clone());
    out.sent()
}
