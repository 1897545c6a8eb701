//! The model in a path.

use crate::http::{HttpError, Request};
use crate::model::{self, Signature};

/// Returns the signature of the model named in the path.
///
/// # Errors
///
/// 404 if the service has no such model or version.
pub fn named_model(request: &Request) -> Result<Signature, HttpError> {
    let signature = model::get_signature();
    let mut segments = request.segments.iter();
    if segments.next().is_none_or(|name| *name != signature.name) {
        let message = format!("No such model; there is {:?}", signature.name);
        return Err(HttpError::new(404, message));
    }
    if segments.next().is_some_and(|version| *version != signature.version) {
        let message = format!("No such version; there is {:?}", signature.version);
        return Err(HttpError::new(404, message));
    }
    Ok(signature)
}
