//! From a request at the edge to its answer and its counters.

use crate::edge::clock::Stopwatch;
use crate::edge::store::Bucket;
use crate::edge::{self, log, random};
use crate::http::{ErrorForm, Header, Method, Reply, Request, Response, cors, trace};
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
    let head = edge::http::head(&incoming);
    let headers = edge::http::Headers::of(&incoming);
    let header = |name: &str| headers.get(name);
    let chance = random::number();
    let id = trace::request_id(header("x-request-id"), chance);
    log::of_request(&id, header("traceparent").as_deref().and_then(trace::trace_id));

    let found = find(routes, &head.path, head.method);
    let (handler, route) = (found.label(), found.route());
    let (segments, body) = (Vec::new(), Vec::new());
    let mut request = Request { segments, body, header: &header, id: &id, chance };
    let errors = ErrorForm::of(&head.path);
    let Reply { response, observed } = match found {
        Found::Endpoint(_, endpoint, segments) => match read_body(&incoming, head.method) {
            Ok(body) => {
                request.segments = segments;
                request.body = body;
                handle(endpoint, &request)
            }
            Err(refused) => errors.response(refused.status, &refused.message).into(),
        },
        Found::Options(_) => Response::empty(204).into(),
        Found::WrongMethod(_) => errors.response(405, "Method Not Allowed").into(),
        Found::Nothing => errors.response(404, "Not Found").into(),
    };
    let response = with_manners(response, head.method, route, &header, &id);
    let exchange = Exchange {
        handler,
        method: head.method.as_str(),
        status: response.status,
        duration: stopwatch.elapsed(),
        request_bytes: request.body.len(),
        response_bytes: response.body.len(),
    };
    // Before the answer leaves, so that a client that has it finds it counted.
    record(&exchange, &observed);
    if limits::log_requests() {
        let (method, path) = (exchange.method, &head.path);
        let micros = exchange.duration.as_micros();
        log::info(&format!("{method} {path} {} {micros}us", exchange.status));
    }
    edge::http::send(out, response);
}

/// The body; that of a request which has no business with one is left where it is.
fn read_body(incoming: &IncomingRequest, method: Method) -> Result<Vec<u8>, edge::http::Refused> {
    match method {
        Method::Get | Method::Head => Ok(Vec::new()),
        _ => edge::http::read_body(incoming),
    }
}

/// The headers that every response has.
fn with_manners<E>(
    response: Response,
    method: Method,
    route: Option<&Route<E>>,
    header: Header,
    id: &str,
) -> Response {
    let response =
        response.with_header("x-content-type-options", "nosniff").with_header("x-request-id", id);
    let response = match route {
        Some(route) if matches!(response.status, 204 | 405) => {
            response.with_header("allow", route.allow())
        }
        _ => response,
    };
    let Some(origin) = header("origin") else { return response };
    if !cors::allows(&limits::cors_allowed_origins(), &origin) {
        return response;
    }
    let response = cors::share(response, &origin);
    match route {
        Some(route) if method == Method::Options => cors::preflight(response, route.allow()),
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
