//! `POST /v2/models/{model}[/versions/{version}]/infer`: tensors in, tensors out.

use super::named_model;
use crate::edge::model::{self, Signature};
use crate::handlers::answer_body;
use crate::http::{ErrorForm, Reply, Request, Response, media_type};
use crate::inference::{self, Answers, NoAnswer};
use crate::metrics::{Invalid, Observed};
use crate::tensor::faults::Faults;
use crate::tensor::output::{InferResponse, Warnings, requested, tensor};
use crate::tensor::request::{parse, split};
use crate::tensor::rows::rows;
use crate::tensor::signature::OutputTensor;
use crate::tensor::{HEADER_LENGTH, nan, signature};

pub fn post(request: &Request) -> Reply {
    let header_length = (request.header)(HEADER_LENGTH);
    if header_length.is_none() && request.says_not_json() {
        return ErrorForm::Error.response(415, media_type::NOT_JSON).into();
    }
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(response) => return response.into(),
    };
    answer_body(request, ErrorForm::Error, |body| {
        infer(request, body, header_length.as_deref(), &signature).map_err(refuse)
    })
}

fn infer(
    request: &Request,
    body: &[u8],
    header_length: Option<&str>,
    signature: &Signature,
) -> Result<Reply, Faults> {
    let (json, binary) = split(body, header_length).map_err(Faults::malformed)?;
    let replaced;
    let asked = match parse(json, binary) {
        Ok(asked) => asked,
        Err(fault) => {
            replaced = nan::replaced(json);
            let json = replaced.as_deref().ok_or_else(|| Faults::malformed(fault))?;
            parse(json, binary).map_err(Faults::malformed)?
        }
    };
    let outputs = signature::outputs(&model::describe());
    let outputs = requested(&outputs, &asked).map_err(Faults::elsewhere)?;
    let (rows, unusual) = rows(&asked.inputs, signature)?;
    let call = inference::call(&rows);
    let (response, refused) = match &call.answers {
        Ok(answers) => {
            let answer = InferResponse {
                model_name: &signature.name,
                model_version: &signature.version,
                id: asked.id.as_deref().unwrap_or(request.id),
                parameters: unusual.map(|faults| Warnings { warnings: faults.message() }),
                outputs: Vec::with_capacity(outputs.len()),
            };
            (respond(answer, &outputs, answers), Invalid::default())
        }
        Err(NoAnswer::Refused(refused)) => {
            let faults = Faults::refused(refused, signature);
            (error(&faults), faults.invalid)
        }
        Err(NoAnswer::Broken(how)) => {
            (inference::broken(how, ErrorForm::Error), Invalid::default())
        }
    };
    let observed = call.observed(&rows, refused, signature, request.chance);
    Ok(Reply { response, observed })
}

/// JSON, and after it the data of those tensors that are asked for in binary.
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

/// An answer longer than this, in bytes, would send back what the client sent.
const ERROR_BYTES: usize = 2000;

fn refuse(faults: Faults) -> Reply {
    let response = error(&faults);
    Reply { response, observed: Observed { invalid: faults.invalid, ..Observed::default() } }
}

fn error(faults: &Faults) -> Response {
    let mut message = faults.message();
    if message.len() > ERROR_BYTES {
        message.truncate(message.floor_char_boundary(ERROR_BYTES));
        message.push('…');
    }
    ErrorForm::Error.response(400, &message)
}
