//! `POST /predict`: one patient in, one prediction out; or many of both.

use super::answer::{Answer, Batch};
use super::detail::{Detail, Entry};
use super::{NO_ANSWER, Reply, answer_body, call_model, refuse_encoding};
use crate::http::{ErrorForm, HttpError, Request, Response, media_type};
use crate::model::{self, Signature};
use crate::platform::log;
use crate::predict::{Answers, NoAnswer};
use crate::record::Observed;
use crate::validate::rows::{self, Form};
use crate::validate::{Input, Violations};

/// The reason why a request gets no prediction.
enum PredictError<'a> {
    /// The body says that it is something else than JSON.
    NotJson,
    /// The body cannot be unpacked.
    Encoding(HttpError),
    Invalid(Violations<'a>),
    /// The model does not keep its contract.
    Broken(String),
}

impl<'a> PredictError<'a> {
    fn of_no_answer(no_answer: NoAnswer, form: Form, signature: &'a Signature) -> Self {
        match no_answer {
            NoAnswer::Refused(rows) => {
                Self::Invalid(Violations::of_refusals(&rows, |row| form.place(row), signature))
            }
            NoAnswer::Broken(how) => Self::Broken(how),
        }
    }

    /// Makes the reply, and adds the violations to the facts that were `observed` before.
    fn reply(self, mut observed: Observed) -> Reply {
        if let Self::Invalid(violations) = &self {
            observed.violations.merge(&violations.counts);
        }
        Reply { response: self.response(), observed }
    }

    fn response(&self) -> Response {
        const FORM: ErrorForm = ErrorForm::Detail;
        match self {
            Self::NotJson => FORM.response(415, media_type::NOT_JSON),
            Self::Encoding(error) => refuse_encoding(FORM, error),
            Self::Invalid(violations) => Response::json(422, &Detail::new(violations)),
            Self::Broken(how) => {
                log::warn(how);
                FORM.response(500, NO_ANSWER)
            }
        }
    }
}

/// Answers the request.
pub fn post(request: &Request) -> Reply {
    if request.says_not_json() {
        return PredictError::NotJson.reply(Observed::default());
    }
    let signature = model::get_signature();
    answer_body(
        request,
        |body| predict(request, body, &signature).map_err(|error| error.reply(Observed::default())),
        |error| PredictError::Encoding(error).reply(Observed::default()),
    )
}

/// Answers a body that is not compressed.
///
/// # Errors
///
/// If the model cannot be called with it.
fn predict<'a>(
    request: &Request,
    body: &'a [u8],
    signature: &'a Signature,
) -> Result<Reply, PredictError<'a>> {
    let (form, input) = rows::read(body, signature).map_err(PredictError::Invalid)?;
    let (call, observed) = call_model(&input, signature, request);
    match call.answers {
        Ok(answers) => Ok(Reply { response: respond(signature, form, &input, &answers), observed }),
        Err(no_answer) => {
            Ok(PredictError::of_no_answer(no_answer, form, signature).reply(observed))
        }
    }
}

fn respond(signature: &Signature, form: Form, input: &Input, answers: &Answers) -> Response {
    let accepted = &input.accepted;
    let answer = |row: usize| {
        let warnings = accepted.of_row(row).map(Entry::new).collect();
        Answer::new(signature, &answers.predictions[row], &answers.names, warnings)
    };
    match form {
        Form::Patient => Response::json(200, &answer(0)),
        Form::Instances => {
            let predictions = (0..input.rows.len).map(answer).collect();
            let more_warnings = accepted.not_kept();
            Response::json(200, &Batch { predictions, more_warnings })
        }
    }
}
