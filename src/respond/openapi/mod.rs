//! `GET /openapi.json`: the API of this model as an OpenAPI document.

mod document;
mod examples;
mod outcomes;
mod packed;
mod schemas;

use crate::http::cache::{etag, unless_known};
use crate::http::{JSON, Request, Response};
use crate::model::{Description, Explanation, Signature, describe, get_signature};
use crate::platform::settings;
use crate::predict::explanation;
use document::document;

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
