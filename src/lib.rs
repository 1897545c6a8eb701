//! The service: one request in, one answer out, in an instance of its own.
//!
//! The modules are in the order of their dependencies: each uses only the modules above it. From
//! [`serve`] on, this is also the order of a request's steps.
//!
//! - [`http`] has requests and responses as plain data.
//! - [`platform`] is the host: `wasi:http`, `wasi:keyvalue`, the clock, the log, Spin's variables.
//! - [`model`] is the other component, the predictor; the service knows only `wit/predictor.wit`
//!   of it.
//! - [`serve`] finds the endpoint of a request, and carries the request to its answer.
//! - [`validate`] turns JSON and the tensors of the Open Inference Protocol into values for the
//!   model, or into a list of all their faults.
//! - [`predict`] calls the model, and checks its answers against the contract.
//! - [`record`] keeps counters and writes them as metrics. The counters are exact, although every
//!   request starts from nothing.
//! - [`respond`] has a file for each endpoint, the OpenAPI document and the documentation's page.
//!
//! The crates in `components/` make two components of this library: the service and the page.

mod http;
mod platform;

use predictor_contract as model;

mod serve;

mod validate;

mod predict;

mod record;

mod respond;

pub use platform::arena::Arena;
pub use respond::docs::Asset;

use platform::http::{IncomingRequest, ResponseOutparam};

/// Answers one request to the API.
pub fn serve(request: IncomingRequest, out: ResponseOutparam) {
    serve::dispatch(respond::ROUTES, respond::respond, record::record, request, out);
}

/// Answers one request to the documentation. `assets` are the files of its pages.
pub fn serve_docs(request: IncomingRequest, out: ResponseOutparam, assets: &[Asset]) {
    let respond = |page, request: &http::Request| respond::docs::respond(page, request, assets);
    serve::dispatch(respond::docs::ROUTES, respond, record::record, request, out);
}
