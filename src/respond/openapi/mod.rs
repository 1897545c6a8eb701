//! `GET /openapi.json`

use crate::edge::model::{describe, get_signature};
use crate::http::cache::{etag, unless_known};
use crate::http::{JSON, Request, Response};
use crate::limits;
use crate::openapi::{Model, document};

pub fn get(request: &Request) -> Response {
    let (signature, description) = (get_signature(), describe());
    let max_batch_rows = limits::max_batch_rows(signature.features.len());
    let document = document(&Model { signature, description, max_batch_rows });
    let body = serde_json::to_vec(&document).expect("a document becomes JSON");
    unless_known(request, etag(&body), || Response::new(JSON, body))
}
