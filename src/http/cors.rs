//! CORS: the pages of other origins that may use the API.

use super::Response;

/// The headers that a page may send beside those that every page may.
const ALLOWED_HEADERS: &str =
    "content-type, inference-header-content-length, traceparent, tracestate, x-request-id";
/// The headers that a page may read beside those that every page may.
const EXPOSED_HEADERS: &str = "inference-header-content-length, x-request-id";
/// The time for which a browser may remember the answer to a preflight, in seconds.
const MAX_AGE_SECONDS: &str = "600";

/// Returns true if pages of `origin` may read answers. `allowed` has origins between commas, or
/// `*`.
pub fn allows(allowed: &str, origin: &str) -> bool {
    let mut origins = allowed.split(',').map(str::trim);
    !origin.is_empty() && origins.any(|one| one == "*" || one == origin)
}

/// Lets a page of `origin` read a response.
pub fn share(response: Response, origin: &str) -> Response {
    response
        .with_header("access-control-allow-origin", origin)
        .with_header("access-control-expose-headers", EXPOSED_HEADERS)
}

/// The answer to a browser that asks what it may send: `methods` as in an Allow header, and the
/// operator's `headers` beside our own, with commas between them.
pub fn preflight(response: Response, methods: String, headers: &str) -> Response {
    let own = ALLOWED_HEADERS.to_owned();
    let headers = if headers.is_empty() { own } else { format!("{own}, {headers}") };
    response
        .with_header("access-control-allow-methods", methods)
        .with_header("access-control-allow-headers", headers)
        .with_header("access-control-max-age", MAX_AGE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_by_name_or_by_a_star() {
        let allowed = "https://a.example, https://b.example:8443";
        assert!(allows(allowed, "https://b.example:8443"));
        assert!(allows("*", "null"));
        for other in ["https://b.example", "https://a.example.evil", "", "https://a.example,"] {
            assert!(!allows(allowed, other), "{other}");
        }
        assert!(!allows("", "https://a.example") && !allows("", "") && !allows("*", ""));
    }
}
