//! `POST /outcomes`: what became true, for answers of `/predict`.

use super::error::PredictError;
use super::{Reply, answer_body};
use crate::http::{ErrorForm, Request, Response};
use crate::model::{self, Signature};
use crate::platform::{log, settings};
use crate::record::{self, Observed};
use crate::validate::outcomes;
use serde::Serialize;

/// The answer to outcomes.
#[derive(Serialize)]
struct Counted {
    /// The number of outcomes.
    counted: usize,
}

const OFF: &str = "No outcomes are taken here: the variable outcomes turns them on";

/// Answers the request. Outcomes are counted before the answer, all of them or none.
pub fn post(request: &Request) -> Reply {
    if !settings::takes_outcomes() {
        return ErrorForm::Detail.response(403, OFF).into();
    }
    if request.says_not_json() {
        return PredictError::not_json().reply(Observed::default(), ErrorForm::Detail);
    }
    let (signature, description) = (model::get_signature(), model::describe());
    let reply = answer_body(request, &signature, ErrorForm::Detail, |body, signature| {
        let outcomes = outcomes::read(body, signature, &description);
        let outcomes = outcomes.map_err(PredictError::Invalid)?;
        Ok(count(signature, &outcomes).into())
    });
    // Violations of outcomes are no inputs of the model.
    let Reply { response, observed, may_be_logged } = reply;
    if let Err(error) = record::count_invalid_outcomes(&observed.violations) {
        log::warn(&format!("violations in outcomes were not counted: {error:#}"));
    }
    Reply { response, observed: Observed::default(), may_be_logged }
}

fn count(signature: &Signature, outcomes: &[outcomes::Outcome]) -> Response {
    match record::count_outcomes(&signature.name, outcomes) {
        Ok(()) => Response::json(200, &Counted { counted: outcomes.len() }),
        Err(error) => {
            log::warn(&format!("outcomes were not counted: {error:#}"));
            ErrorForm::Detail.response(503, "The outcomes cannot be counted")
        }
    }
}
