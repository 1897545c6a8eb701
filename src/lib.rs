//! The service: one request in, one answer out, in an instance of its own.
//!
//! Data flows one way: edge → validate → predict → record → respond.
//!
//! - [`edge`] is all that knows the host: `wasi:http`, `wasi:keyvalue`, the clock, Spin's variables
//!   and the model's component.
//! - [`routes`] is the routing table; [`handlers`] has a file for each route.
//! - [`input`] turns a body into the values that the model takes, or into a list of all that is
//!   wrong with it.
//! - [`metrics`] keeps counters that are exact although every request starts from nothing, and
//!   writes them out.
//! - [`limits`] has every limit with its default and its variable.
//!
//! The model is another component; `wit/predictor.wit` is all that the service knows of it. The
//! crates in `components/` make components of this library.

mod edge;
mod handlers;
mod http;
mod input;
mod limits;
mod metrics;
mod routes;

use edge::clock::Stopwatch;
use edge::store::Bucket;
use http::{Reply, Request, Response};
use metrics::{Exchange, Observed};
use routes::Found;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};

/// Answers one request.
pub fn serve(request: IncomingRequest, out: ResponseOutparam) {
    let stopwatch = Stopwatch::start();
    let head = edge::http::head(&request);
    let found = routes::find(&head.path, head.method);
    let (Reply { response, observed }, request_bytes) = answer(&request, &found);
    let exchange = Exchange {
        handler: found.label(),
        method: head.method.as_str(),
        status: response.status,
        duration: stopwatch.elapsed(),
        request_bytes,
        response_bytes: response.body.len(),
    };
    // Before the answer leaves, so that a client that has it finds it counted.
    record(&exchange, &observed);
    edge::http::send(out, response);
}

/// The reply, and how large the request's body was.
fn answer(incoming: &IncomingRequest, found: &Found) -> (Reply, usize) {
    let handler = match found {
        Found::Handler(_, handler) => handler,
        Found::WrongMethod(route) => {
            let response = Response::error(405, "Method Not Allowed");
            return (response.with_header("allow", route.allow()).into(), 0);
        }
        Found::Nothing => return (Response::error(404, "Not Found").into(), 0),
    };
    match edge::http::read_body(incoming) {
        Ok(body) => {
            let size = body.len();
            let header = |name: &str| edge::http::header(incoming, name);
            (handler(&Request { body, header: &header }), size)
        }
        Err(response) => (response.into(), 0),
    }
}

/// Predictions go on when the store fails; what is lost is said.
fn record(exchange: &Exchange, observed: &Observed) {
    let recorded = Bucket::open().and_then(|bucket| metrics::record(&bucket, exchange, observed));
    if let Err(error) = recorded {
        edge::log::warn(&format!("a request was not counted: {error:#}"));
    }
}
