//! `POST /predict`: a prediction for one patient, or for a batch.

use super::answer::{Answer, Batch};
use super::detail::Entry;
use super::error::PredictError;
use super::{Reply, answer_body, call_model, predicted};
use crate::http::{ErrorForm, Request, Response};
use crate::model::{self, Signature};
use crate::predict::Answers;
use crate::record::Observed;
use crate::validate::Input;
use crate::validate::rows::{self, Form};

/// The form of errors.
const FORM: ErrorForm = ErrorForm::Detail;

/// Answers the request.
pub fn post(request: &Request) -> Reply {
    if request.says_not_json() {
        return PredictError::not_json().reply(Observed::default(), FORM);
    }
    let signature = model::get_signature();
    answer_body(request, &signature, FORM, |body, signature| predict(request, body, signature))
}

/// Answers an uncompressed body.
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
    let (call, mut observed) = call_model(&input, signature, request);
    // A warning may contain input of the client.
    observed.has_few_sizes = input.accepted.is_empty();
    Ok(match call.answers {
        Ok(answers) => predicted(respond(signature, form, &input, &answers), observed),
        Err(no_answer) => {
            let place = |row| form.place(row);
            PredictError::of_no_answer(no_answer, place, signature).reply(observed, FORM)
        }
    })
}

fn respond(signature: &Signature, form: Form, input: &Input, answers: &Answers) -> Response {
    let accepted = &input.accepted;
    let answer = |row: usize| {
        let warnings = accepted.of_row(row).map(Entry::new).collect();
        Answer::new(signature, &answers.predictions[row], &answers.names, warnings)
    };
    if !form.is_batch {
        return Response::json(200, &answer(0));
    }
    let predictions = (0..input.rows.len).map(answer).collect();
    let more_warnings = accepted.not_kept();
    Response::json(200, &Batch { predictions, more_warnings })
}
