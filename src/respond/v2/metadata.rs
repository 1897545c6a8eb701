//! The metadata of the server and of the model.

use super::tensors::{self, OutputTensor};
use crate::http::{ErrorForm, Request, Response};
use crate::model::{Feature, describe};
use crate::respond::named::named_model;
use crate::validate::tensor::Datatype;
use serde_json::{Value, json};

/// The name of the extension for binary data. Clients look for it.
const BINARY_EXTENSION: &str = "binary_tensor_data";

/// Answers `GET /v2` with the server's name, version and extensions.
pub fn server() -> Response {
    let (version, extensions) = (env!("CARGO_PKG_VERSION"), [BINARY_EXTENSION]);
    let metadata = json!({ "name": "model-api", "version": version, "extensions": extensions });
    Response::json(200, &metadata)
}

/// Answers `GET /v2/models/{model}[/versions/{version}]` with a `$metadata_model_response`.
pub fn model(request: &Request) -> Response {
    let model = match named_model(request) {
        Ok(model) => model,
        Err(error) => return error.response(ErrorForm::Error),
    };
    let input = |feature: &Feature| tensor(&feature.name, tensors::datatype(feature), &[]);
    let output = |output: OutputTensor| tensor(&output.name, output.datatype, &output.shape);
    let metadata = json!({
        "name": model.name,
        "versions": [model.version],
        "platform": "wasm_component",
        "inputs": model.features.iter().map(input).collect::<Vec<_>>(),
        "outputs": tensors::outputs(&describe()).into_iter().map(output).collect::<Vec<_>>(),
    });
    Response::json(200, &metadata)
}

/// Makes a `$metadata_tensor`. In its shape, -1 stands for the number of rows.
fn tensor(name: &str, datatype: Datatype, row: &[usize]) -> Value {
    let shape: Vec<_> = [-1].into_iter().chain(row.iter().map(|size| *size as i64)).collect();
    json!({ "name": name, "datatype": datatype.name(), "shape": shape })
}
