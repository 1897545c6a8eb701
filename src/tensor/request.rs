//! The inference request, as the client sent it.

use super::data::{from_binary, from_json};
use super::{Datatype, HEADER_LENGTH};
use crate::edge::model::Value;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// `$inference_request`
pub struct InferRequest<'a> {
    pub id: Option<String>,
    pub inputs: Vec<Input<'a>>,
    /// The outputs that are asked for; none is all of them.
    pub outputs: Option<Vec<RequestedOutput>>,
    /// Whether outputs are binary unless they say otherwise.
    pub binary_outputs: bool,
}

/// An input tensor, whose data is not read yet.
pub struct Input<'a> {
    pub name: Cow<'a, str>,
    pub datatype: Datatype,
    pub shape: Vec<usize>,
    data: Data<'a>,
}

enum Data<'a> {
    Json(&'a RawValue),
    Binary(&'a [u8]),
}

#[derive(Deserialize)]
pub struct RequestedOutput {
    pub name: String,
    #[serde(default)]
    parameters: OutputParameters,
}

#[derive(Default, Deserialize)]
struct OutputParameters {
    binary_data: Option<bool>,
    classification: Option<u64>,
}

impl RequestedOutput {
    /// Whether its data has to be binary, if the request says so of it.
    pub fn is_binary(&self) -> Option<bool> {
        self.parameters.binary_data
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    id: Option<String>,
    #[serde(default)]
    parameters: RequestParameters,
    #[serde(borrow)]
    inputs: Vec<InputDocument<'a>>,
    outputs: Option<Vec<RequestedOutput>>,
}

#[derive(Default, Deserialize)]
struct RequestParameters {
    #[serde(default)]
    binary_data_output: bool,
}

#[derive(Deserialize)]
struct InputDocument<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<usize>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(default)]
    parameters: InputParameters,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct InputParameters {
    binary_data_size: Option<usize>,
}

/// Reads a body. `header_length` is the header that says how much of it is JSON; all, without it.
///
/// # Errors
///
/// A sentence for the client, if the body is not such a request or asks for what is not served.
pub fn parse<'a>(body: &'a [u8], header_length: Option<&str>) -> Result<InferRequest<'a>, String> {
    let (json, mut binary) = split(body, header_length)?;
    let document: Document = serde_json::from_slice(json)
        .map_err(|error| format!("the body is not an inference request: {error}"))?;
    let mut inputs = Vec::with_capacity(document.inputs.len());
    for input in document.inputs {
        inputs.push(read_input(input, &mut binary)?);
    }
    if !binary.is_empty() {
        return Err(format!("{} bytes of binary data belong to no input", binary.len()));
    }
    let outputs = document.outputs;
    let mut requested = outputs.iter().flatten();
    if let Some(output) = requested.find(|output| output.parameters.classification.is_some()) {
        let name = &output.name;
        return Err(format!("output {name:?}: the classification extension is not served"));
    }
    let binary_outputs = document.parameters.binary_data_output;
    Ok(InferRequest { id: document.id, inputs, outputs, binary_outputs })
}

fn split<'a>(body: &'a [u8], header_length: Option<&str>) -> Result<(&'a [u8], &'a [u8]), String> {
    let Some(text) = header_length else { return Ok((body, &[])) };
    let length = text.trim().parse().map_err(|_| format!("{HEADER_LENGTH} is not a length"))?;
    body.split_at_checked(length).ok_or_else(|| {
        format!("{HEADER_LENGTH} is {length}, and the body has {} bytes", body.len())
    })
}

fn read_input<'a>(input: InputDocument<'a>, binary: &mut &'a [u8]) -> Result<Input<'a>, String> {
    let InputDocument { name, shape, datatype, parameters, data } = input;
    let datatype = Datatype::parse(&datatype).ok_or_else(|| {
        let known: Vec<_> = Datatype::names().collect();
        format!("input {name:?} has an unknown datatype; known are {}", known.join(", "))
    })?;
    let data = match (data, parameters.binary_data_size) {
        (Some(data), None) => Data::Json(data),
        (None, Some(size)) => {
            let (data, rest) = binary.split_at_checked(size).ok_or_else(|| {
                let left = binary.len();
                format!("input {name:?} has {size} bytes of binary data, and the body has {left}")
            })?;
            *binary = rest;
            Data::Binary(data)
        }
        (None, None) => return Err(format!("input {name:?} has no data")),
        (Some(_), Some(_)) => {
            return Err(format!("input {name:?} has both data and binary_data_size"));
        }
    };
    Ok(Input { name, datatype, shape, data })
}

impl Input<'_> {
    /// The elements, in row-major order.
    ///
    /// # Errors
    ///
    /// If the data has not this shape and type.
    pub fn values(&self) -> Result<Vec<Value>, String> {
        match self.data {
            Data::Json(data) => from_json(data, self.datatype, &self.shape),
            Data::Binary(data) => from_binary(data, self.datatype, &self.shape),
        }
    }
}
