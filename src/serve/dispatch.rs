//! One request, from its arrival to its answer.

use super::headers;
use super::routing::{Found, Route, find};
use crate::http::{ErrorForm, HttpError, Method, Request, Response, trace};
use crate::platform::clock::Stopwatch;
use crate::platform::http::{self, Head, Incoming, IncomingRequest, ResponseOutparam};
use crate::platform::settings::{self, Logging};
use crate::platform::{log, random};
use std::time::Duration;

/// An endpoint's response, and its own data for the recorder, beside the exchange.
pub struct Reply<O> {
    pub response: Response,
    pub observed: O,
    /// False for most predictions: `log_requests` is not read for them.
    pub may_be_logged: bool,
}

impl<O: Default> From<Response> for Reply<O> {
    fn from(response: Response) -> Self {
        Self { response, observed: O::default(), may_be_logged: true }
    }
}

/// One HTTP request and its response, as they are recorded.
pub struct Exchange {
    /// Path of the route, or `none` without a route; never text of the client.
    pub handler: &'static str,
    /// Label of the method.
    pub method: &'static str,
    pub status: u16,
    /// Time from the request's head to the complete response.
    pub duration: Duration,
    /// Size of the request's body, in bytes.
    pub request_bytes: usize,
    /// Size of the response's body as sent, in bytes.
    pub response_bytes: usize,
}

/// Answers one request: `handle` answers for the endpoints in `routes`, and `record` counts.
pub fn dispatch<E: Copy, O: Default>(
    routes: &'static [Route<E>],
    handle: impl Fn(E, &Request) -> Reply<O>,
    record: impl Fn(&Exchange, &O),
    incoming: IncomingRequest,
    out: ResponseOutparam,
) {
    // Read the head, and name the request.
    let stopwatch = Stopwatch::start();
    let incoming = Incoming::new(incoming);
    let head = incoming.head();
    let header = |name: &str| incoming.header(name);
    let random = random::number();
    let id = trace::request_id(header("x-request-id"), random);
    log::of_request(&id, header("traceparent").as_deref().and_then(trace::trace_id));

    // Find the endpoint, and let it answer.
    let found = find(routes, &head.path, head.method);
    let (handler, method, route) = (found.label(), found.method_label(head.method), found.route());
    let (segments, body) = (Vec::new(), Vec::new());
    let mut request = Request { segments, body, header: &header, id: &id, random };
    let reply = match answer(found, &head, &mut request, &incoming, handle) {
        Ok(reply) => reply,
        Err(error) => error.response(ErrorForm::of(&head.path)).into(),
    };
    let Reply { response, observed, may_be_logged } = reply;
    let response = headers::complete(response, head.method, route, &request);

    // Record it before the answer leaves: a client with its answer then finds it counted.
    let exchange = Exchange {
        handler,
        method,
        status: response.status,
        duration: stopwatch.elapsed(),
        request_bytes: request.body.len(),
        response_bytes: sent_bytes(&response, head.method),
    };
    record(&exchange, &observed);
    if may_be_logged {
        log_request(&exchange, &head);
    }
    http::send(out, response, head.method);
}

/// Lets the endpoint answer.
///
/// # Errors
///
/// If there is no endpoint for this path and method, or the request's body cannot be read.
fn answer<'p, E, O: Default>(
    found: Found<'p, E>,
    head: &Head,
    request: &mut Request<'p>,
    incoming: &Incoming,
    handle: impl Fn(E, &Request) -> Reply<O>,
) -> Result<Reply<O>, HttpError> {
    if let Found::Endpoint(route, endpoint, segments) = found {
        request.segments = segments;
        // The body of a GET is not read.
        if route.takes_body() {
            request.body = incoming.read_body()?;
        }
        return Ok(handle(endpoint, request));
    }
    if head.method.may_have_body() {
        incoming.discard_body();
    }
    match found {
        Found::Endpoint(..) | Found::Options(_) => Ok(Response::empty(204).into()),
        Found::WrongMethod(_) => Err(HttpError::new(405, "Method Not Allowed")),
        Found::WithSlash => Ok(without_slash(head).into()),
        Found::Nothing => Err(HttpError::new(404, "Not Found")),
    }
}

/// Redirects to the path without the slash at its end, as FastAPI does. The address is relative:
/// so it is correct even if a proxy puts a prefix before the path.
fn without_slash(head: &Head) -> Response {
    let path = head.path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    Response::empty(307).with_header("location", format!("../{name}{}", head.query))
}

/// Returns the size of the body as sent. The host leaves the body out of the answer to a HEAD.
fn sent_bytes(response: &Response, method: Method) -> usize {
    if method == Method::Head { 0 } else { response.body.len() }
}

/// Logs the request if `log_requests` asks for it.
fn log_request(exchange: &Exchange, head: &Head) {
    if settings::logging() != Logging::Off {
        let Exchange { status, duration, .. } = exchange;
        let (method, path) = (head.method.as_str(), log::shown(&head.path));
        log::info(&format!("{method} {path} {status} {}us", duration.as_micros()));
    }
}
