//! The metadata of the server and of the model.

use super::named_model;
use super::tensors::{self, OutputTensor};
use crate::http::{ErrorForm, Request, Response};
use crate::model::{Feature, describe};
use serde::Serialize;

/// The name of the extension for binary data, which clients look for.
const BINARY_EXTENSION: &str = "binary_tensor_data";

#[derive(Serialize)]
struct Server {
    name: &'static str,
    version: &'static str,
    extensions: [&'static str; 1],
}

/// `$metadata_model_response`
#[derive(Serialize)]
struct ModelMetadata<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: &'static str,
    inputs: Vec<TensorMetadata>,
    outputs: Vec<TensorMetadata>,
}

/// `$metadata_tensor`
#[derive(Serialize)]
struct TensorMetadata {
    name: String,
    datatype: &'static str,
    /// -1 stands for the number of rows.
    shape: Vec<i64>,
}

/// Answers `GET /v2`
pub fn server() -> Response {
    let extensions = [BINARY_EXTENSION];
    Response::json(
        200,
        &Server { name: "model-api", version: env!("CARGO_PKG_VERSION"), extensions },
    )
}

/// Answers `GET /v2/models/{model}[/versions/{version}]`
pub fn model(request: &Request) -> Response {
    let model = match named_model(request) {
        Ok(model) => model,
        Err(error) => return error.response(ErrorForm::Error),
    };
    // Describe the tensors.
    let input = |feature: &Feature| TensorMetadata {
        name: feature.name.clone(),
        datatype: tensors::datatype(feature).name(),
        shape: vec![-1],
    };
    let output = |output: OutputTensor| TensorMetadata {
        name: output.name,
        datatype: output.datatype.name(),
        shape: [-1].into_iter().chain(output.width.map(|width| width as i64)).collect(),
    };
    // Respond with all of it.
    let metadata = ModelMetadata {
        name: &model.name,
        versions: [&model.version],
        platform: "wasm_component",
        inputs: model.features.iter().map(input).collect(),
        outputs: tensors::outputs(&describe()).into_iter().map(output).collect(),
    };
    Response::json(200, &metadata)
}
