//! The answers: a file for each endpoint, or for a few similar ones.
//!
//! [`routes`] has the routing table of the API, [`docs`] the table of the documentation's
//! component.

mod answer;
mod detail;
pub mod docs;
mod error;
mod explanation;
mod metrics;
mod model_card;
mod named;
mod object;
mod openapi;
mod outcomes;
mod predict;
mod root;
mod routes;
mod table;
mod v1;
mod v2;

pub use routes::ROUTES;

use crate::http::{ErrorForm, Request, Response, encoding};
use crate::model::{Description, Explanation, Signature};
use crate::platform::settings::{self, Logging};
use crate::predict::{Answers, Call, NoAnswer};
use crate::record::{self, Observed, Sample};
use crate::serve;
use crate::validate::{Explain, Input, Rows};
use error::PredictError;
use routes::Endpoint;
use std::borrow::Cow;

/// An endpoint's response, and the facts to record.
type Reply = serve::Reply<Observed>;

/// Answers a request to an endpoint of the API.
pub fn respond(endpoint: Endpoint, request: &Request) -> Reply {
    match endpoint {
        Endpoint::Predict => predict::post(request, None),
        Endpoint::Explain => predict::post(request, Some(Explain::DEFAULT)),
        Endpoint::WhatIf => predict::what_if(request),
        Endpoint::Outcomes => outcomes::post(request),
        Endpoint::Root => root::get().into(),
        Endpoint::Metrics => metrics::get(request).into(),
        Endpoint::OpenApi => openapi::get(request).into(),
        Endpoint::ModelCard => model_card::get(request).into(),
        Endpoint::ServerMetadata => v2::metadata::server().into(),
        Endpoint::ServerLive => v2::health::live().into(),
        Endpoint::ServerReady => v2::health::ready().into(),
        Endpoint::ModelMetadata => v2::metadata::model(request).into(),
        Endpoint::ModelReady => v2::health::model_ready(request).into(),
        Endpoint::Infer => v2::infer::post(request),
        Endpoint::V1Predict => v1::predict(request),
        Endpoint::V1Explain => v1::explain(request),
    }
}

/// Calls the model for all rows, and collects the facts to record.
fn call_model(input: &Input, signature: &Signature, request: &Request) -> (Call, Observed) {
    let started = record::started(signature);
    let call = crate::predict::call(&input.rows);
    let sample = Sample::draw(input.rows.len, started, request.random);
    let logging = if sample.is_empty() { Logging::Off } else { settings::logging() };
    if let (Logging::Audit, Ok(answers)) = (logging, &call.answers) {
        record::audit(&input.rows, answers, signature);
    }
    let observed = Observed::of_call(&call, input, signature, sample, logging);
    (call, observed)
}

/// Calls the model for the explanations of all rows, and adds the facts to record.
///
/// # Errors
///
/// If the model does not explain all rows.
fn explain_model(
    rows: &Rows,
    answers: &Answers,
    signature: &Signature,
    description: &Description,
    observed: &mut Observed,
) -> Result<Vec<Explanation>, NoAnswer> {
    record::explanation_started(signature);
    let call = crate::predict::explanation::call(rows, answers, signature, description);
    observed.add_explanations(&call, rows.len, signature);
    call.explanations
}

/// Makes the reply to a predicted request. It may be logged if it is in the sample.
fn predicted(response: Response, observed: Observed) -> Reply {
    Reply { response, may_be_logged: observed.is_sampled, observed }
}

/// Returns the body of a request, uncompressed.
///
/// # Errors
///
/// If it cannot be decompressed.
fn uncompressed<'a>(request: &'a Request) -> Result<Cow<'a, [u8]>, PredictError<'a>> {
    let Some(coding) = request.content_encoding() else { return Ok((&request.body).into()) };
    let body = encoding::decode(&request.body, &coding, settings::max_body_bytes());
    body.map(Cow::Owned).map_err(PredictError::Encoding)
}

/// Answers a request with a body by `answer`. An `Err` means the model cannot be called with the
/// body. Only then the body is checked for compression, so the usual request reads no header for
/// it. `form` is the form of errors.
fn answer_body(
    request: &Request,
    signature: &Signature,
    form: ErrorForm,
    answer: impl for<'a> Fn(&'a [u8], &'a Signature) -> Result<Reply, PredictError<'a>>,
) -> Reply {
    let refuse = |error: PredictError| error.reply(Observed::default(), form);
    let error = match answer(&request.body, signature) {
        Ok(reply) => return reply,
        Err(error) => error,
    };
    let Some(coding) = request.content_encoding() else { return refuse(error) };
    match encoding::decode(&request.body, &coding, settings::max_body_bytes()) {
        Ok(body) => answer(&body, signature).unwrap_or_else(refuse),
        Err(error) => refuse(PredictError::Encoding(error)),
    }
}
