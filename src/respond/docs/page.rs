//! The page: Swagger UI, without files from other servers.
//!
//! Its addresses are relative, so it works behind a proxy with a prefix before the path.

use crate::http::cache::{etag, unless_known};
use crate::http::{ErrorForm, Request, Response, media_type};

/// A file of the page.
pub struct Asset {
    pub name: &'static str,
    pub content_type: &'static str,
    /// The uncompressed file. It is part of the component's memory, and costs other requests
    /// nothing.
    pub plain: &'static [u8],
    /// The file, compressed with gzip.
    pub gzip: &'static [u8],
    /// The entity tag of the file, without quotes.
    pub tag: &'static str,
}

static HTML: &str = include_str!("index.html");
static INITIALIZER: &str = include_str!("initializer.js");
const INITIALIZER_NAME: &str = "initializer.js";

/// The content security policy. The page may run only its own scripts and call only its own server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Answers `GET /docs` with the page.
pub fn html(request: &Request) -> Response {
    plain(request, "text/html; charset=utf-8", HTML)
        .with_header("content-security-policy", POLICY)
        .with_header("referrer-policy", "no-referrer")
}

/// Answers `GET /docs/{file}` with a file of the page, or 404.
pub fn file(request: &Request, assets: &[Asset]) -> Response {
    let name = request.segments.first().map_or("", |name| name);
    if name == INITIALIZER_NAME {
        return plain(request, "text/javascript; charset=utf-8", INITIALIZER);
    }
    match assets.iter().find(|asset| asset.name == name) {
        Some(asset) => compressed(request, asset),
        None => ErrorForm::Detail.response(404, "Not Found"),
    }
}

fn plain(request: &Request, content_type: &'static str, text: &'static str) -> Response {
    unless_known(request, etag(text.as_bytes()), || Response::new(content_type, text.as_bytes()))
}

fn compressed(request: &Request, asset: &Asset) -> Response {
    let accepted = (request.header)("accept-encoding").unwrap_or_default();
    if media_type::quality(&accepted, "gzip").is_some_and(|quality| quality > 0.0) {
        return unless_known(request, format!("\"{}\"", asset.tag), || {
            Response::new(asset.content_type, asset.gzip).with_header("content-encoding", "gzip")
        })
        .varies_by("accept-encoding");
    }
    // Another representation has another tag.
    unless_known(request, format!("\"{}-plain\"", asset.tag), || {
        Response::new(asset.content_type, asset.plain)
    })
    .varies_by("accept-encoding")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_nothing_from_elsewhere() {
        for text in [HTML, INITIALIZER] {
            assert!(!text.contains("//") && !text.contains("=\"/"), "{text}");
        }
    }
}
