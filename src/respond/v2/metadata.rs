//! The metadata of the server and of the model.

use super::tensors::{self, OutputTensor};
use crate::http::{ErrorForm, Request, Response};
use crate::model::{Feature, FeatureNotes, describe};
use crate::respond::named::named_model;
use crate::respond::object::{object, set, text};
use crate::validate::tensor::Datatype;
use serde_json::{Value, json};

/// The name of the extension for binary data. Clients look for it.
const BINARY_EXTENSION: &str = "binary_tensor_data";

/// Answers `GET /v2` with the server's name, version and extensions.
pub fn server() -> Response {
    let (version, extensions) = (env!("CARGO_PKG_VERSION"), [BINARY_EXTENSION]);
    let metadata = object(vec![
        ("name", text("model-api")),
        ("version", text(version)),
        ("extensions", json!(extensions)),
    ]);
    Response::json(200, &metadata)
}

/// Answers `GET /v2/models/{model}[/versions/{version}]` with a `$metadata_model_response`.
pub fn model(request: &Request) -> Response {
    let model = match named_model(request) {
        Ok(model) => model,
        Err(error) => return error.response(ErrorForm::Error),
    };
    let description = describe();
    let input = |(feature, notes): (&Feature, &FeatureNotes)| {
        let mut tensor = tensor(&feature.name, tensors::datatype(feature), &[]);
        // Tensors have no other unit than this one.
        if !notes.unit.is_empty() {
            set(&mut tensor, "/parameters", object(vec![("unit", text(&notes.unit))]));
        }
        tensor
    };
    let inputs = model.features.iter().zip(&description.features);
    let output = |output: OutputTensor| tensor(&output.name, output.datatype, &output.shape);
    let metadata = object(vec![
        ("name", text(&model.name)),
        ("versions", json!([model.version])),
        ("platform", text("wasm_component")),
        ("inputs", inputs.map(input).collect()),
        ("outputs", tensors::outputs(&description).into_iter().map(output).collect()),
    ]);
    Response::json(200, &metadata)
}

/// Makes a `$metadata_tensor`. In its shape, -1 stands for the number of rows.
fn tensor(name: &str, datatype: Datatype, row: &[usize]) -> Value {
    let shape: Vec<_> = [-1].into_iter().chain(row.iter().map(|size| *size as i64)).collect();
    object(vec![("name", text(name)), ("datatype", text(datatype.name())), ("shape", json!(shape))])
}
