//! KServe's first protocol: rows in JSON, predictions and explanations in lists.

use super::Reply;
use super::named::named_model;
use super::predict::{self, AnswerForm, Manner};
use crate::http::{ErrorForm, Request};
use crate::validate::Explain;

/// Answers `POST /v1/models/{model}:predict`.
pub fn predict(request: &Request) -> Reply {
    answer(request, None, AnswerForm::Predictions)
}

/// Answers `POST /v1/models/{model}:explain`.
pub fn explain(request: &Request) -> Reply {
    answer(request, Some(Explain::DEFAULT), AnswerForm::Explanations)
}

fn answer(request: &Request, explain: Option<Explain>, form: AnswerForm) -> Reply {
    match named_model(request) {
        Ok(signature) => {
            let manner = Manner { errors: ErrorForm::Error, explain, form, is_counted: true };
            predict::answer(request, manner, &signature)
        }
        Err(error) => error.response(ErrorForm::Error).into(),
    }
}
