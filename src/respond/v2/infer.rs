//! `POST /v2/models/{model}[/versions/{version}]/infer`: predictions in tensors.

use super::output::{InferResponse, Warnings, requested, tensor};
use super::tensors::{self, OutputTensor, Part};
use crate::http::{ErrorForm, HttpError, Request, Response};
use crate::model::{self, Explanation, Signature};
use crate::predict::Answers;
use crate::record::Observed;
use crate::respond::error::PredictError;
use crate::respond::named::named_model;
use crate::respond::{Reply, answer_body, call_model, explain_model, predicted};
use crate::validate::tensor::request::{parse, split};
use crate::validate::tensor::rows::rows;
use crate::validate::tensor::{HEADER_LENGTH, nan};
use crate::validate::{Explain, Place};

/// The form of errors.
const FORM: ErrorForm = ErrorForm::Error;

/// Answers the request.
pub fn post(request: &Request) -> Reply {
    let header_length = (request.header)(HEADER_LENGTH);
    if header_length.is_none() && request.says_not_json() {
        return PredictError::not_json().reply(Observed::default(), FORM);
    }
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(error) => return error.response(FORM).into(),
    };
    answer_body(request, &signature, FORM, |body, signature| {
        infer(request, body, header_length.as_deref(), signature)
    })
}

/// Answers an uncompressed body.
///
/// # Errors
///
/// If the model cannot be called with it.
fn infer<'s>(
    request: &Request,
    body: &[u8],
    header_length: Option<&str>,
    signature: &'s Signature,
) -> Result<Reply, PredictError<'s>> {
    // Read the request.
    let (json, binary) = split(body, header_length).map_err(PredictError::malformed)?;
    let replaced;
    let asked = match parse(json, binary) {
        Ok(asked) => asked,
        Err(message) => {
            replaced = nan::replaced(json);
            let json = replaced.as_deref().ok_or_else(|| PredictError::malformed(message))?;
            parse(json, binary).map_err(PredictError::malformed)?
        }
    };

    // Validate the requested outputs, and the rows.
    let description = model::describe();
    let outputs = tensors::outputs(&description);
    let outputs = requested(&outputs, &asked)
        .map_err(|message| PredictError::Http(HttpError::new(400, message)))?;
    let input = rows(&asked.inputs, signature, || model::describe().features)
        .map_err(PredictError::Invalid)?;
    let explains = outputs.iter().any(|(output, _)| output.part == Part::Contributions);
    if explains {
        Explain::DEFAULT
            .check(&description, signature.features.len(), input.rows.len)
            .map_err(|violation| PredictError::Invalid(violation.into()))?;
    }

    // Predict, and explain.
    let (call, mut observed) = call_model(&input, signature, request);
    let refuse = |no_answer, observed| {
        let place = |row| Place::Row(&[], row);
        Ok(PredictError::of_no_answer(no_answer, place, signature).reply(observed, FORM))
    };
    let answers = match call.answers {
        Ok(answers) => answers,
        Err(no_answer) => return refuse(no_answer, observed),
    };
    let explanations = if explains {
        explain_model(&input.rows, &answers, signature, &description, &mut observed)
    } else {
        Ok(Vec::new())
    };
    let explanations = match explanations {
        Ok(explanations) => explanations,
        Err(no_answer) => return refuse(no_answer, observed),
    };

    // Answer.
    let accepted = &input.accepted;
    let answer = InferResponse {
        model_name: &signature.name,
        model_version: &signature.version,
        id: asked.id.as_deref().unwrap_or(request.id),
        parameters: (!accepted.is_empty()).then(|| Warnings { warnings: accepted.sentence() }),
        outputs: Vec::with_capacity(outputs.len()),
    };
    Ok(predicted(respond(answer, &outputs, &answers, &explanations), observed))
}

/// Responds with JSON, followed by the data of binary outputs.
fn respond<'a>(
    mut answer: InferResponse<'a>,
    outputs: &[(&'a OutputTensor, bool)],
    answers: &'a Answers,
    explanations: &[Explanation],
) -> Response {
    let mut binary = Vec::new();
    for (output, is_binary) in outputs {
        let binary = is_binary.then_some(&mut binary);
        answer.outputs.push(tensor(output, &answers.predictions, explanations, binary));
    }
    let mut response = Response::json(200, &answer);
    if !outputs.iter().any(|(_, is_binary)| *is_binary) {
        return response;
    }
    let header_length = response.body.len();
    response.body.to_mut().append(&mut binary);
    response.content_type = Some("application/octet-stream");
    response.with_header(HEADER_LENGTH, header_length.to_string())
}
