//! `POST /v2/models/{model}[/versions/{version}]/infer`: tensors in, tensors out.

use super::named_model;
use crate::edge::log;
use crate::edge::model::{self, Signature};
use crate::http::{ErrorForm, Reply, Request, Response, media_type};
use crate::inference::{self, NoAnswer};
use crate::metrics::Observed;
use crate::tensor::output::{InferResponse, Warnings, requested, tensor};
use crate::tensor::request::parse;
use crate::tensor::rows::{Faults, rows};
use crate::tensor::{HEADER_LENGTH, signature};

pub fn post(request: &Request) -> Reply {
    let header_length = (request.header)(HEADER_LENGTH);
    let content_type = (request.header)("content-type");
    if header_length.is_none() && !media_type::may_be_json(content_type.as_deref()) {
        return ErrorForm::Error.response(415, media_type::NOT_JSON).into();
    }
    let signature = match named_model(request) {
        Ok(signature) => signature,
        Err(response) => return response.into(),
    };
    match infer(request, header_length.as_deref(), &signature) {
        Ok(reply) => reply,
        Err(faults) => refuse(faults),
    }
}

fn infer(
    request: &Request,
    header_length: Option<&str>,
    signature: &Signature,
) -> Result<Reply, Faults> {
    let asked = parse(&request.body, header_length).map_err(Faults::of)?;
    let outputs = signature::outputs(&model::describe());
    let outputs = requested(&outputs, &asked).map_err(Faults::of)?;
    let (rows, unusual) = rows(&asked.inputs, signature)?;
    let answers = match inference::predict(&rows) {
        Ok(answers) => answers,
        Err(NoAnswer::Refused(refused)) => return Err(Faults::refused(&refused, signature)),
        Err(NoAnswer::Broken(how)) => {
            log::warn(&how);
            return Ok(ErrorForm::Error.response(500, "The model gave no answer").into());
        }
    };
    let (mut tensors, mut binary) = (Vec::with_capacity(outputs.len()), Vec::new());
    for (output, is_binary) in &outputs {
        tensors.push(tensor(output, &answers.predictions, is_binary.then_some(&mut binary)));
    }
    let document = InferResponse {
        model_name: &signature.name,
        model_version: &signature.version,
        id: asked.id.as_deref().unwrap_or(request.id),
        parameters: unusual.map(|faults| Warnings { warnings: faults.message() }),
        outputs: tensors,
    };
    let is_binary = outputs.iter().any(|(_, is_binary)| *is_binary);
    Ok(Reply {
        response: respond(&document, is_binary.then_some(binary)),
        observed: inference::observe(&answers, &rows, signature, request.chance),
    })
}

/// JSON, and the binary data after it if there is any.
fn respond(document: &InferResponse, binary: Option<Vec<u8>>) -> Response {
    let mut response = Response::json(200, document);
    let Some(binary) = binary else { return response };
    let header_length = response.body.len();
    response.body.extend_from_slice(&binary);
    response.content_type = Some("application/octet-stream");
    response.with_header(HEADER_LENGTH, header_length.to_string())
}

/// An answer longer than this, in bytes, would send back what the client sent.
const ERROR_BYTES: usize = 2000;

fn refuse(faults: Faults) -> Reply {
    let mut message = faults.message();
    if message.len() > ERROR_BYTES {
        message.truncate(message.floor_char_boundary(ERROR_BYTES));
        message.push('…');
    }
    let response = ErrorForm::Error.response(400, &message);
    Reply { response, observed: Observed { invalid: faults.invalid, ..Observed::default() } }
}
