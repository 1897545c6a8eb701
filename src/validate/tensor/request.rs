//! The inference request, as the client sent it.

use super::data::{from_binary, from_json};
use super::{Datatype, HEADER_LENGTH};
use crate::model::Value;
use crate::validate::json::without_bom;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The protocol's `$inference_request`.
pub struct InferRequest<'a> {
    pub id: Option<String>,
    pub inputs: Vec<RequestTensor<'a>>,
    /// Requested outputs, not read yet. An empty list requests all outputs, as with KServe,
    /// MLServer and Triton.
    pub outputs: Vec<&'a RawValue>,
    /// True if outputs are binary by default.
    pub binary_outputs: bool,
}

/// An input tensor. Its data is not read yet.
pub struct RequestTensor<'a> {
    pub name: Cow<'a, str>,
    pub datatype: Datatype,
    pub shape: Vec<usize>,
    data: Data<'a>,
}

enum Data<'a> {
    Json(&'a RawValue),
    Binary(&'a [u8]),
}

/// The protocol's `$request_output`.
pub struct RequestedOutput {
    pub name: String,
    /// True for binary data, false for JSON; none if the request does not say so of this output.
    pub is_binary: Option<bool>,
}

#[derive(Deserialize)]
struct Document<'a> {
    id: Option<String>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    inputs: Vec<&'a RawValue>,
    #[serde(borrow)]
    outputs: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct RequestParameters {
    binary_data_output: Option<bool>,
}

#[derive(Deserialize)]
struct InputDocument<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<usize>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct InputParameters<'a> {
    binary_data_size: Option<usize>,
    #[serde(borrow)]
    shared_memory_region: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct OutputDocument<'a> {
    name: String,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct OutputParameters<'a> {
    binary_data: Option<bool>,
    #[serde(borrow)]
    classification: Option<&'a RawValue>,
    #[serde(borrow)]
    shared_memory_region: Option<&'a RawValue>,
}

/// Reads an object. Serde would also take a list, but the protocol does not allow one.
fn object<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> Result<T, String> {
    if !text.trim_start().starts_with('{') {
        return Err(format!("{what} is not a JSON object"));
    }
    serde_json::from_str(text).map_err(|error| format!("{what} is not valid: {error}"))
}

fn parameters<'a, T: Default + Deserialize<'a>>(
    given: Option<&'a RawValue>,
    what: &str,
) -> Result<T, String> {
    match given {
        Some(raw) => object(raw.get(), &format!("parameters of {what}")),
        None => Ok(T::default()),
    }
}

fn not_served(extension: &str, what: &str) -> String {
    format!("{what}: the {extension} extension is not served")
}

/// Reads a request from its JSON and from the binary data after it.
///
/// # Errors
///
/// A sentence for the client, if the request is not valid or asks for an extension not served here.
pub fn parse<'a>(json: &'a [u8], mut binary: &'a [u8]) -> Result<InferRequest<'a>, String> {
    let json = std::str::from_utf8(without_bom(json))
        .map_err(|error| format!("the body is not text: {error}"))?;
    let document: Document = object(json, "the body")?;
    let RequestParameters { binary_data_output } = parameters(document.parameters, "the request")?;
    let mut inputs = Vec::with_capacity(document.inputs.len());
    for (index, input) in document.inputs.into_iter().enumerate() {
        let input = object(input.get(), &format!("input {index}"))?;
        inputs.push(read_input(input, &mut binary)?);
    }
    if !binary.is_empty() {
        return Err(format!("{} bytes of binary data belong to no input", binary.len()));
    }
    let outputs = document.outputs.unwrap_or_default();
    let binary_outputs = binary_data_output.unwrap_or(false);
    Ok(InferRequest { id: document.id, inputs, outputs, binary_outputs })
}

/// Splits a body into JSON and binary data. `header_length` is the header with the length of the
/// JSON, in bytes; without it, the whole body is JSON.
///
/// # Errors
///
/// If the header is not a length, or is larger than the length of the body.
pub fn split<'a>(
    body: &'a [u8],
    header_length: Option<&str>,
) -> Result<(&'a [u8], &'a [u8]), String> {
    let Some(text) = header_length else { return Ok((body, &[])) };
    let length = text.trim().parse().map_err(|_| format!("{HEADER_LENGTH} is not a length"))?;
    body.split_at_checked(length).ok_or_else(|| {
        format!("{HEADER_LENGTH} is {length}, and the body has {} bytes", body.len())
    })
}

fn read_input<'a>(
    input: InputDocument<'a>,
    binary: &mut &'a [u8],
) -> Result<RequestTensor<'a>, String> {
    // Read the input's own description.
    let InputDocument { name, shape, datatype, parameters, data } = input;
    let what = format!("input {name:?}");
    let InputParameters { binary_data_size, shared_memory_region } =
        self::parameters(parameters, &what)?;
    if shared_memory_region.is_some() {
        return Err(not_served("shared memory", &what));
    }
    // Find its type, and its data: in the JSON, or in the next bytes after it.
    let datatype = Datatype::parse(&datatype).ok_or_else(|| {
        let known: Vec<_> = Datatype::names().collect();
        format!("{what} has an unknown datatype; known are {}", known.join(", "))
    })?;
    let data = match (data, binary_data_size) {
        (Some(data), None) => Data::Json(data),
        (None, Some(size)) => {
            let (data, rest) = binary.split_at_checked(size).ok_or_else(|| {
                let left = binary.len();
                format!("{what} has {size} bytes of binary data, and the body has {left}")
            })?;
            *binary = rest;
            Data::Binary(data)
        }
        (None, None) => return Err(format!("{what} has no data")),
        (Some(_), Some(_)) => return Err(format!("{what} has both data and binary_data_size")),
    };
    Ok(RequestTensor { name, datatype, shape, data })
}

impl RequestedOutput {
    /// Reads the output at `index` of a request's list.
    ///
    /// # Errors
    ///
    /// If the output is not valid, or asks for an extension not served here.
    pub fn parse(output: &RawValue, index: usize) -> Result<Self, String> {
        let OutputDocument { name, parameters } = object(output.get(), &format!("output {index}"))?;
        let what = format!("output {name:?}");
        let OutputParameters { binary_data, classification, shared_memory_region } =
            self::parameters(parameters, &what)?;
        if classification.is_some() {
            return Err(not_served("classification", &what));
        }
        if shared_memory_region.is_some() {
            return Err(not_served("shared memory", &what));
        }
        Ok(Self { name, is_binary: binary_data })
    }
}

impl RequestTensor<'_> {
    /// Reads the elements, in row-major order.
    ///
    /// # Errors
    ///
    /// If the data does not have this shape and type; the message names the input.
    pub fn values(&self) -> Result<Vec<Value>, String> {
        let values = match self.data {
            Data::Json(data) => from_json(data, self.datatype, &self.shape),
            Data::Binary(data) => from_binary(data, self.datatype, &self.shape),
        };
        values.map_err(|fault| format!("input {:?}: {fault}", self.name))
    }
}
