//! The answers: a file for each endpoint, or for a few that are alike.
//!
//! [`routes`] has the table of the API, [`docs`] the one of the documentation's component.

mod answer;
mod detail;
pub mod docs;
mod metrics;
mod openapi;
mod predict;
mod root;
mod routes;
mod v2;

pub use routes::ROUTES;

use crate::http::{ErrorForm, HttpError, Request, Response, encoding};
use crate::model::Signature;
use crate::platform::settings;
use crate::predict::Call;
use crate::record::{self, Observed};
use crate::serve;
use crate::validate::Input;
use routes::Endpoint;

/// An endpoint's response, and the facts that are recorded.
type Reply = serve::Reply<Observed>;

/// The message of a 500: the model does not keep its contract. The log says how.
const NO_ANSWER: &str = "The model gave no answer";

/// Answers a request to an endpoint of the API.
pub fn respond(endpoint: Endpoint, request: &Request) -> Reply {
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

/// Calls the model for all rows, and takes the facts that are recorded.
fn call_model(input: &Input, signature: &Signature, request: &Request) -> (Call, Observed) {
    record::started(signature);
    let call = crate::predict::call(&input.rows);
    let observed = Observed::of_call(&call, input, signature, request.random);
    (call, observed)
}

/// Answers a request with a body by `answer`, which returns `Err` if the body makes no sense. Only
/// then is it looked at whether the body is compressed, so that the usual request reads no header
/// for it.
fn answer_body(
    request: &Request,
    answer: impl Fn(&[u8]) -> Result<Reply, Reply>,
    refuse: impl Fn(HttpError) -> Reply,
) -> Reply {
    let refused = match answer(&request.body) {
        Ok(reply) => return reply,
        Err(refused) => refused,
    };
    let Some(coding) = request.content_encoding() else { return refused };
    match encoding::decode(&request.body, &coding, settings::max_body_bytes()) {
        Ok(body) => answer(&body).unwrap_or_else(|refused| refused),
        Err(error) => refuse(error),
    }
}

/// Makes the response to a body that cannot be unpacked.
fn refuse_encoding(form: ErrorForm, error: &HttpError) -> Response {
    error.response(form).with_header("accept-encoding", encoding::ACCEPTED)
}
