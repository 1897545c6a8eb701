//! `GET /openapi.json`: the API of this model as an OpenAPI document.

mod document;
mod examples;
mod outcomes;
mod schemas;

use crate::http::cache::{etag, unless_known};
use crate::http::{JSON, Request, Response, encoding};
use crate::model::{Description, Explanation, Signature, describe, get_signature};
use crate::platform::settings;
use crate::predict::explanation;
use document::document;
use serde_json::Value;

/// The document without its paths, and without the schemas of a model. `build.rs` packs it.
static DOCUMENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/document"));
/// The operations, by the names of their endpoints.
static OPERATIONS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/operations"));

/// The largest length of a part, in bytes.
const PART_BYTES: usize = 1 << 20;

/// Parses a packed part.
fn parse_packed(packed: &[u8]) -> Value {
    let json = encoding::decode(packed, "deflate", PART_BYTES).ok();
    parse(&String::from_utf8(json.expect("it is packed so")).expect("it is text"))
}

/// Parses JSON of our own.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// The model of the document.
pub struct Described {
    pub signature: Signature,
    pub description: Description,
    /// The largest number of rows in a batch.
    pub max_batch_rows: usize,
    /// The explanation of the first example with an answer, if the model gives one.
    pub explanation: Option<Explanation>,
}

/// Answers the request.
pub fn get(request: &Request) -> Response {
    let (signature, description) = (get_signature(), describe());
    let max_batch_rows = settings::max_batch_rows(signature.features.len());
    let mut model = Described { signature, description, max_batch_rows, explanation: None };
    model.explanation = examples::explained_row(&model)
        .and_then(|row| explanation::of_row(row, &model.signature, &model.description));
    let document = document(&model);
    let body = serde_json::to_vec(&document).expect("a document becomes JSON");
    unless_known(request, etag(&body), || Response::new(JSON, body))
}

#[cfg(test)]
mod tests;
