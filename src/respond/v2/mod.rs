//! The Open Inference Protocol, version 2.

pub mod health;
pub mod infer;
pub mod metadata;

use crate::edge::model::{self, Signature};
use crate::http::{ErrorForm, Request, Response};

/// The model that the path names; 404 if that is not the one that is served.
fn named_model(request: &Request) -> Result<Signature, Response> {
    let signature = model::get_signature();
    let mut segments = request.segments.iter();
    if segments.next().is_none_or(|name| *name != signature.name) {
        let message = format!("No such model; there is {:?}", signature.name);
        return Err(ErrorForm::Error.response(404, &message));
    }
    if segments.next().is_some_and(|version| *version != signature.version) {
        let message = format!("No such version; there is {:?}", signature.version);
        return Err(ErrorForm::Error.response(404, &message));
    }
    Ok(signature)
}
