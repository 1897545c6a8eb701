//! CORS: access to the API for pages of other origins.

use super::Response;

/// Request headers open to an allowed page, beside the ones open to every page.
const ALLOWED_HEADERS: &str =
    "content-type, inference-header-content-length, traceparent, tracestate, x-request-id";
/// Response headers open to an allowed page, beside the ones open to every page.
const EXPOSED_HEADERS: &str = "inference-header-content-length, x-request-id";
/// Time for a browser to remember the answer to a preflight, in seconds.
const MAX_AGE_SECONDS: &str = "600";

/// Returns true if pages of `origin` may read answers. `allowed` has origins separated by commas,
/// or `*`.
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

/// Answers a preflight request of a browser: allows `methods`, as in an Allow header, and the
/// operator's `headers`, separated by commas, beside our own.
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
