//! The pages: Swagger UI at `/docs`, and at `/ask` a form for people. Neither has files from other
//! servers.
//!
//! Their addresses are relative, so they work behind a proxy with a prefix before the path.

use crate::http::cache::{etag, unless_known};
use crate::http::{ErrorForm, Request, Response, media_type};

/// A file of a page.
pub struct Asset {
    /// The first segment of the page's path, and of the file's.
    pub page: &'static str,
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

static SWAGGER_UI: &str = include_str!("index.html");
static ASK: &str = include_str!("ask/index.html");
static INITIALIZER: &str = include_str!("initializer.js");
const INITIALIZER_NAME: &str = "initializer.js";

/// The content security policy. A page may run only its own scripts and call only its own server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Answers `GET /docs` with Swagger UI.
pub fn swagger_ui(request: &Request) -> Response {
    html(request, SWAGGER_UI)
}

/// Answers `GET /ask` with the form.
pub fn ask(request: &Request) -> Response {
    html(request, ASK)
}

fn html(request: &Request, text: &'static str) -> Response {
    plain(request, "text/html; charset=utf-8", text)
        .with_header("content-security-policy", POLICY)
        .with_header("referrer-policy", "no-referrer")
}

/// Answers `GET /docs/{file}` with a file of Swagger UI, or 404.
pub fn swagger_ui_file(request: &Request, assets: &[Asset]) -> Response {
    if name(request) == INITIALIZER_NAME {
        return plain(request, "text/javascript; charset=utf-8", INITIALIZER);
    }
    file(request, "docs", assets)
}

/// Answers a request for a file of a page, or 404.
pub fn file(request: &Request, page: &str, assets: &[Asset]) -> Response {
    let name = name(request);
    match assets.iter().find(|asset| asset.page == page && asset.name == name) {
        Some(asset) => compressed(request, asset),
        None => ErrorForm::Detail.response(404, "Not Found"),
    }
}

fn name<'a>(request: &'a Request) -> &'a str {
    request.segments.first().map_or("", |name| name)
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
        for text in [SWAGGER_UI, INITIALIZER, ASK] {
            assert!(!text.contains("//") && !text.contains("=\"/"), "{text}");
        }
    }
}
