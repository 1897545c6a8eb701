//! What the server and the model say of themselves.

use super::named_model;
use crate::edge::model::{Feature, describe};
use crate::http::{Request, Response};
use crate::tensor::{BINARY_EXTENSION, signature};
use serde::Serialize;

#[derive(Serialize)]
struct Server {
    name: &'static str,
    version: &'static str,
    extensions: [&'static str; 1],
}

/// `$metadata_model_response`
#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: &'static str,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
}

/// `$metadata_tensor`
#[derive(Serialize)]
struct Tensor {
    name: String,
    datatype: &'static str,
    /// -1 stands for the number of rows.
    shape: Vec<i64>,
}

/// `GET /v2`
pub fn server() -> Response {
    let extensions = [BINARY_EXTENSION];
    Response::json(
        200,
        &Server { name: "model-api", version: env!("CARGO_PKG_VERSION"), extensions },
    )
}

/// `GET /v2/models/{model}[/versions/{version}]`
pub fn model(request: &Request) -> Response {
    let model = match named_model(request) {
        Ok(model) => model,
        Err(response) => return response,
    };
    let input = |feature: &Feature| Tensor {
        name: feature.name.clone(),
        datatype: signature::datatype(feature).name(),
        shape: vec![-1],
    };
    let output = |output: signature::OutputTensor| Tensor {
        name: output.name,
        datatype: output.datatype.name(),
        shape: [-1].into_iter().chain(output.width.map(|width| width as i64)).collect(),
    };
    let metadata = Model {
        name: &model.name,
        versions: [&model.version],
        platform: "wasm_component",
        inputs: model.features.iter().map(input).collect(),
        outputs: signature::outputs(&describe()).into_iter().map(output).collect(),
    };
    Response::json(200, &metadata)
}
