//! One file for each endpoint, or for a few that are alike.

pub mod metrics;
pub mod openapi;
pub mod predict;
pub mod root;
pub mod v2;

use crate::http::{ErrorForm, HttpError, Reply, Request, encoding};
use crate::limits;
use crate::routes::Endpoint;

/// Answers a request to an endpoint of the API.
pub fn handle(endpoint: Endpoint, request: &Request) -> Reply {
    match endpoint {
        Endpoint::Predict => predict::post(request),
        Endpoint::Root => root::get().into(),
        Endpoint::Metrics => metrics::get(request).into(),
        Endpoint::OpenApi => openapi::get(request).into(),
        Endpoint::ServerMetadata => v2::metadata::server().into(),
        Endpoint::ServerLive => v2::health::live().into(),
        Endpoint::ServerReady => v2::health::ready().into(),
        Endpoint::ModelMetadata => v2::metadata::model(request).into(),
        Endpoint::ModelReady => v2::health::model_ready(request).into(),
        Endpoint::Infer => v2::infer::post(request),
    }
}

/// Answers a request with a body by `answer`, which gives `Err` if it cannot make sense of the body.
/// Only then is the body looked at again: it may be compressed.
pub fn answer_body(
    request: &Request,
    errors: ErrorForm,
    answer: impl Fn(&[u8]) -> Result<Reply, Reply>,
) -> Reply {
    let refused = match answer(&request.body) {
        Ok(reply) => return reply,
        Err(refused) => refused,
    };
    let Some(coding) = request.content_encoding() else { return refused };
    match encoding::decode(&request.body, &coding, limits::max_body_bytes()) {
        Ok(body) => answer(&body).unwrap_or_else(|refused| refused),
        Err(HttpError { status, message }) => {
            let response = errors.response(status, &message);
            response.with_header("accept-encoding", encoding::ACCEPTED).into()
        }
    }
}
