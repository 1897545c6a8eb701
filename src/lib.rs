//! The service: one request in, one answer out, in an instance of its own.
//!
//! Data flows one way: edge → validate → predict → record → respond.
//!
//! - [`exchange`] takes a request from the edge to the answer and the counters.
//! - [`edge`] is all that knows the host: `wasi:http`, `wasi:keyvalue`, the clock, Spin's variables
//!   and the model's component.
//! - [`routes`] is the routing table; [`handlers`] has a file for each endpoint.
//! - [`input`] turns JSON and [`tensor`] turns the tensors of the Open Inference Protocol into the
//!   values that the model takes, or into a list of all that is wrong with them.
//! - [`inference`] asks the model, and says what metrics learn from its answers.
//! - [`metrics`] keeps counters that are exact although every request starts from nothing, and
//!   writes them out.
//! - [`self_check`] is what readiness asks of the model.
//! - [`openapi`] describes all of it to programs; [`docs`] is a page for people, in a component of
//!   its own.
//! - [`limits`] has every limit with its default and its variable.
//!
//! The model is another component; `wit/predictor.wit` is all that the service knows of it. The
//! crates in `components/` make components of this library.

pub mod docs;
mod edge;
mod exchange;
mod handlers;
mod http;
mod inference;
mod input;
mod limits;
mod metrics;
mod openapi;
mod routes;
mod self_check;
mod tensor;

use spin_sdk::http::{IncomingRequest, ResponseOutparam};

/// Answers one request to the API.
pub fn serve(request: IncomingRequest, out: ResponseOutparam) {
    exchange::serve(routes::ROUTES, handlers::handle, request, out);
}
