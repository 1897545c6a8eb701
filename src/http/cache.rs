//! Responses that a client may keep, if it asks for changes each time.

use super::{Request, Response, hexadecimal};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Returns the response, or 304 if the client has it already.
pub fn unless_known(
    request: &Request,
    etag: String,
    response: impl FnOnce() -> Response,
) -> Response {
    let known = (request.header)("if-none-match").unwrap_or_default();
    let response = if names(&known, &etag) { Response::empty(304) } else { response() };
    response.with_header("etag", etag).with_header("cache-control", "no-cache")
}

/// Returns true if an If-None-Match header names a tag. A proxy may have marked the tag as weak.
fn names(header: &str, etag: &str) -> bool {
    let mut tags = header.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == etag || tag == "*")
}

/// Makes an entity tag: a hash of the bytes, in quotes.
pub fn etag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    ["\"", &hexadecimal::of(hasher.finish()), "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_quoted_and_follows_the_bytes() {
        assert_eq!(etag(b"a").len(), 18);
        assert_eq!(etag(b"a"), etag(b"a"));
        assert_ne!(etag(b"a"), etag(b"b"));
    }
}
