//! From a request at the edge to its answer and its counters.

use crate::edge::clock::Stopwatch;
use crate::edge::http::{Head, Incoming};
use crate::edge::store::Bucket;
use crate::edge::{self, log, random};
use crate::http::{ErrorForm, HttpError, Method, Reply, Request, Response, cors, trace};
use crate::limits;
use crate::metrics::{self, Exchange, Observed};
use crate::routes::{Found, Route, find};
use spin_sdk::http::{IncomingRequest, ResponseOutparam};

/// Answers one request by a routing table and what answers its endpoints.
pub fn serve<E: Copy>(
    routes: &'static [Route<E>],
    handle: impl Fn(E, &Request) -> Reply,
    incoming: IncomingRequest,
    out: ResponseOutparam,
) {
    let stopwatch = Stopwatch::start();
    let incoming = Incoming::new(incoming);
    let head = incoming.head();
    let header = |name: &str| incoming.header(name);
    let chance = random::number();
    let id = trace::request_id(header("x-request-id"), chance);
    log::of_request(&id, header("traceparent").as_deref().and_then(trace::trace_id));

    let found = find(routes, &head.path, head.method);
    let (handler, method, route) = (found.label(), found.method_label(head.method), found.route());
    let (segments, body) = (Vec::new(), Vec::new());
    let mut request = Request { segments, body, header: &header, id: &id, chance };
    let Reply { response, observed } = match answer(found, &head, &mut request, &incoming, handle) {
        Ok(reply) => reply,
        Err(error) => ErrorForm::of(&head.path).response(error.status, &error.message).into(),
    };
    let response = with_manners(response, head.method, route, &request);
    let exchange = Exchange {
        handler,
        method,
        status: response.status,
        duration: stopwatch.elapsed(),
        request_bytes: request.body.len(),
        response_bytes: sent_bytes(&response, head.method),
    };
    // Before the answer leaves, so that a client that has it finds it counted.
    record(&exchange, &observed);
    log_request(&exchange, &head);
    edge::http::send(out, response);
}

/// What the endpoint answers; an error where it does not come to that.
fn answer<'p, E>(
    found: Found<'p, E>,
    head: &Head,
    request: &mut Request<'p>,
    incoming: &Incoming,
    handle: impl Fn(E, &Request) -> Reply,
) -> Result<Reply, HttpError> {
    if let Found::Endpoint(route, endpoint, segments) = found {
        request.segments = segments;
        // What comes with a GET is nobody's business.
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

/// Leads a client to the path without the slash at its end, as FastAPI does. The address is
/// relative, so that it is right behind a proxy that puts a prefix before the path.
fn without_slash(head: &Head) -> Response {
    let path = head.path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    Response::empty(307).with_header("location", format!("../{name}{}", head.query))
}

/// The headers that every response has.
fn with_manners<E>(
    response: Response,
    method: Method,
    route: Option<&Route<E>>,
    request: &Request,
) -> Response {
    let response = response
        .with_header("x-content-type-options", "nosniff")
        .with_header("x-request-id", request.id);
    let response = match route {
        Some(route) if matches!(response.status, 204 | 405) => {
            response.with_header("allow", route.allow())
        }
        _ => response,
    };
    with_cors(response, method, route, request)
}

/// The headers by which pages of other origins may use the API.
fn with_cors<E>(
    response: Response,
    method: Method,
    route: Option<&Route<E>>,
    request: &Request,
) -> Response {
    let origin = (request.header)("origin");
    // No cache keeps the answer to a POST, so that it need not say what it depends on.
    if origin.is_none() && method == Method::Post {
        return response;
    }
    let allowed = limits::cors_allowed_origins();
    if allowed.is_empty() {
        return response;
    }
    let response = response.varies_by("origin");
    let Some(origin) = origin.filter(|origin| cors::allows(&allowed, origin)) else {
        return response;
    };
    let response = cors::share(response, &origin);
    match route {
        Some(route) if method == Method::Options => {
            cors::preflight(response, route.allow(), &limits::cors_allowed_headers())
        }
        _ => response,
    }
}

/// Answers go on when the store fails; what is lost is said.
fn record(exchange: &Exchange, observed: &Observed) {
    let recorded = Bucket::open().and_then(|bucket| metrics::record(&bucket, exchange, observed));
    if let Err(error) = recorded {
        log::warn(&format!("a request was not counted: {error:#}"));
    }
}

/// How much of the body goes out. The host leaves it out of the answer to a HEAD.
fn sent_bytes(response: &Response, method: Method) -> usize {
    if method == Method::Head { 0 } else { response.body.len() }
}

/// Logs the request if `log_requests` is set.
fn log_request(exchange: &Exchange, head: &Head) {
    if limits::log_requests() {
        let Exchange { status, duration, .. } = exchange;
        let (method, path) = (head.method.as_str(), log::shown(&head.path));
        log::info(&format!("{method} {path} {status} {}us", duration.as_micros()));
    }
}
