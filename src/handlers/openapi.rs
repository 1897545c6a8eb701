//! `GET /openapi.json`

use crate::edge::model::{describe, get_signature};
use crate::http::cache::{etag, unless_known};
use crate::http::{JSON, Request, Response};
use crate::openapi::{Model, document};

pub fn get(request: &Request) -> Response {
    let document = document(&Model { signature: get_signature(), description: describe() });
    let body = serde_json::to_vec(&document).expect("a document becomes JSON");
    unless_known(request, etag(&body), || Response::new(JSON, body))
}
