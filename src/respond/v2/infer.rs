//! `POST /v2/models/{model}[/versions/{version}]/infer`: tensors in, tensors out.

use super::named_model;
use super::output::{InferResponse, Warnings, requested, tensor};
use super::tensors::{self, OutputTensor};
use crate::http::{ErrorForm, HttpError, Request, Response, media_type};
use crate::model::{self, Signature};
use crate::platform::log;
use crate::predict::{Answers, NoAnswer};
use crate::record::Observed;
use crate::respond::{NO_ANSWER, Reply, answer_body, call_model, refuse_encoding};
use crate::validate::tensor::request::{parse, split};
use crate::validate::tensor::rows::rows;
use crate::validate::tensor::{HEADER_LENGTH, nan};
use crate::validate::{Issue, Place, Violation, Violations};

/// The reason why a request gets no tensors.
enum InferError<'a> {
    /// The body says that it is something else than JSON.
    NotJson,
    NoSuchModel(HttpError),
    /// The body cannot be unpacked.
    Encoding(HttpError),
    Invalid(Violations<'a>),
    /// The request asks for an output that there is not.
    NoSuchOutput(String),
    /// The model does not keep its contract.
    Broken(String),
}

/// An answer longer than this, in bytes, would send back what the client sent.
const ERROR_BYTES: usize = 2000;

impl<'a> InferError<'a> {
    fn malformed(message: String) -> Self {
        let violation = Violation::new(Issue::malformed(message), Place::Body, None);
        Self::Invalid(violation.into())
    }

    fn of_no_answer(no_answer: NoAnswer, signature: &'a Signature) -> Self {
        match no_answer {
            NoAnswer::Refused(rows) => {
                Self::Invalid(Violations::of_refusals(&rows, Place::Row, signature))
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
        const FORM: ErrorForm = ErrorForm::Error;
        match self {
            Self::NotJson => FORM.response(415, media_type::NOT_JSON),
            Self::NoSuchModel(error) => error.response(FORM),
            Self::Encoding(error) => refuse_encoding(FORM, error),
            Self::Invalid(violations) => FORM.response(400, &cut(violations.sentence())),
            Self::NoSuchOutput(message) => FORM.response(400, &cut(message.clone())),
            Self::Broken(how) => {
                log::warn(how);
                FORM.response(500, NO_ANSWER)
            }
        }
    }
}

/// Cuts a message to [`ERROR_BYTES`].
fn cut(mut message: String) -> String {
    if message.len() > ERROR_BYTES {
        message.truncate(message.floor_char_boundary(ERROR_BYTES));
        message.push('…');
    }
    message
}

/// Answers the request.
pub fn post(request: &Request) -> Reply {
    let header_length = (request.header)(HEADER_LENGTH);
    if header_length.is_none() && request.says_not_json() {
        return InferError::NotJson.reply(Observed::default());
    }
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(error) => return InferError::NoSuchModel(error).reply(Observed::default()),
    };
    answer_body(
        request,
        |body| {
            infer(request, body, header_length.as_deref(), &signature)
                .map_err(|error| error.reply(Observed::default()))
        },
        |error| InferError::Encoding(error).reply(Observed::default()),
    )
}

/// Answers a body that is not compressed.
///
/// # Errors
///
/// If the model cannot be called with it.
fn infer<'s>(
    request: &Request,
    body: &[u8],
    header_length: Option<&str>,
    signature: &'s Signature,
) -> Result<Reply, InferError<'s>> {
    // Read the request.
    let (json, binary) = split(body, header_length).map_err(InferError::malformed)?;
    let replaced;
    let asked = match parse(json, binary) {
        Ok(asked) => asked,
        Err(message) => {
            replaced = nan::replaced(json);
            let json = replaced.as_deref().ok_or_else(|| InferError::malformed(message))?;
            parse(json, binary).map_err(InferError::malformed)?
        }
    };

    // Validate what it asks for, and the rows.
    let outputs = tensors::outputs(&model::describe());
    let outputs = requested(&outputs, &asked).map_err(InferError::NoSuchOutput)?;
    let input = rows(&asked.inputs, signature).map_err(InferError::Invalid)?;

    // Predict, and answer.
    let (call, observed) = call_model(&input, signature, request);
    let accepted = &input.accepted;
    match call.answers {
        Ok(answers) => {
            let answer = InferResponse {
                model_name: &signature.name,
                model_version: &signature.version,
                id: asked.id.as_deref().unwrap_or(request.id),
                parameters: (!accepted.is_empty())
                    .then(|| Warnings { warnings: accepted.sentence() }),
                outputs: Vec::with_capacity(outputs.len()),
            };
            Ok(Reply { response: respond(answer, &outputs, &answers), observed })
        }
        Err(no_answer) => Ok(InferError::of_no_answer(no_answer, signature).reply(observed)),
    }
}

/// Responds with JSON, and after it the data of those tensors that are asked for in binary.
fn respond<'a>(
    mut answer: InferResponse<'a>,
    outputs: &[(&'a OutputTensor, bool)],
    answers: &'a Answers,
) -> Response {
    let mut binary = Vec::new();
    for (output, is_binary) in outputs {
        let binary = is_binary.then_some(&mut binary);
        answer.outputs.push(tensor(output, &answers.predictions, binary));
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
