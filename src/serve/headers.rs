//! The headers of every answer.

use super::Route;
use crate::http::{Method, Request, Response, cors};
use crate::platform::settings;

/// Adds the headers to the answer to a request with this method and route.
pub fn complete<E>(
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

/// Adds the CORS headers, for pages of other origins.
fn with_cors<E>(
    response: Response,
    method: Method,
    route: Option<&Route<E>>,
    request: &Request,
) -> Response {
    let origin = (request.header)("origin");
    // No cache keeps the answer to a POST, so it needs no Vary header.
    if origin.is_none() && method == Method::Post {
        return response;
    }
    let allowed = settings::cors_allowed_origins();
    if allowed.is_empty() {
        return response;
    }
    // If some origins are allowed, a shared cache has to keep their answers apart.
    let response = response.varies_by("origin");
    let Some(origin) = origin.filter(|origin| cors::allows(&allowed, origin)) else {
        return response;
    };
    let response = cors::share(response, &origin);
    match route {
        Some(route) if method == Method::Options => {
            cors::preflight(response, route.allow(), &settings::cors_allowed_headers())
        }
        _ => response,
    }
}
