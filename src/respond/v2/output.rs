//! Tensors, built from the model's answers.

use super::tensors::{OutputTensor, Part};
use crate::model::{Explanation, Output, Prediction};
use crate::validate::tensor::request::{InferRequest, RequestedOutput};
use serde::Serialize;

/// The body of an answer: `$inference_response`.
#[derive(Serialize)]
pub struct InferResponse<'a> {
    pub model_name: &'a str,
    pub model_version: &'a str,
    pub id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Warnings>,
    pub outputs: Vec<ResponseTensor<'a>>,
}

/// A parameter of the response, present if the model accepted unusual values.
#[derive(Serialize)]
pub struct Warnings {
    pub warnings: String,
}

/// A tensor of the answer: `$response_output`.
#[derive(Serialize)]
pub struct ResponseTensor<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BinarySize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Column<'a>>,
}

#[derive(Serialize)]
struct BinarySize {
    binary_data_size: usize,
}

/// The elements of a tensor.
#[derive(Serialize)]
#[serde(untagged)]
enum Column<'a> {
    Texts(Vec<&'a str>),
    /// Numbers; none for a number absent from the model's answer.
    Numbers(Vec<Option<f64>>),
}

/// Finds the requested outputs, in the order of the request, each with true for binary data.
///
/// The first unknown output ends the search, so even a long list costs no more than the number of
/// the model's outputs.
///
/// # Errors
///
/// If an output is not valid, is unknown to the model, or is requested twice.
pub fn requested<'a>(
    outputs: &'a [OutputTensor],
    request: &InferRequest,
) -> Result<Vec<(&'a OutputTensor, bool)>, String> {
    if request.outputs.is_empty() {
        let usual = outputs.iter().filter(|output| output.part != Part::Contributions);
        return Ok(usual.map(|output| (output, request.binary_outputs)).collect());
    }
    let mut found = Vec::<(&OutputTensor, bool)>::new();
    for (index, asked) in request.outputs.iter().enumerate() {
        let RequestedOutput { name, is_binary } = RequestedOutput::parse(asked, index)?;
        // A duplicate output would multiply the response.
        if found.iter().any(|(output, _)| output.name == name) {
            return Err(format!("output {name:?} is there twice"));
        }
        let Some(output) = outputs.iter().find(|output| output.name == name) else {
            let known: Vec<_> = outputs.iter().map(|output| output.name.as_str()).collect();
            return Err(format!("there is no output {name:?}; there are {}", known.join(", ")));
        };
        found.push((output, is_binary.unwrap_or(request.binary_outputs)));
    }
    Ok(found)
}

/// Makes the tensor of an output: a value or a block for each row. `explanations` has those of all
/// rows, or none if no requested tensor needs them. With `binary`, the data is appended there
/// instead.
pub fn tensor<'a>(
    output: &'a OutputTensor,
    predictions: &'a [Prediction],
    explanations: &[Explanation],
    binary: Option<&mut Vec<u8>>,
) -> ResponseTensor<'a> {
    let column = column(output, predictions, explanations);
    let shape = [&[predictions.len()], &output.shape[..]].concat();
    let (parameters, data) = match binary {
        Some(binary) => {
            let before = binary.len();
            column.encode(binary);
            (Some(BinarySize { binary_data_size: binary.len() - before }), None)
        }
        None => (None, Some(column)),
    };
    ResponseTensor { name: &output.name, datatype: output.datatype.name(), shape, parameters, data }
}

fn column<'a>(
    output: &OutputTensor,
    predictions: &'a [Prediction],
    explanations: &[Explanation],
) -> Column<'a> {
    let outputs = predictions.iter().map(|prediction| prediction.get(output.output));
    match output.part {
        Part::Label => Column::Texts(outputs.map(label).collect()),
        Part::Confidence => Column::Numbers(outputs.map(confidence).collect()),
        Part::Quantity => Column::Numbers(outputs.map(quantity).collect()),
        Part::Probabilities => {
            let width = output.shape.iter().product();
            let row = |output| (0..width).map(move |class| probability(output, class));
            Column::Numbers(outputs.flat_map(row).collect())
        }
        Part::Contributions => contributions(output, explanations),
    }
}

/// Lists the contributions to an output, class after class, each with the base at the end.
fn contributions(output: &OutputTensor, explanations: &[Explanation]) -> Column<'static> {
    let attributions = explanations.iter().flatten();
    let own = attributions.filter(|attribution| attribution.output as usize == output.output);
    let numbers = own.flat_map(|attribution| {
        attribution.contributions.iter().chain([&attribution.base]).map(|number| Some(*number))
    });
    Column::Numbers(numbers.collect())
}

fn label(output: Option<&Output>) -> &str {
    match output {
        Some(Output::Class(class)) => &class.label,
        _ => "",
    }
}

fn confidence(output: Option<&Output>) -> Option<f64> {
    match output {
        Some(Output::Class(class)) => class.confidence,
        _ => None,
    }
}

fn quantity(output: Option<&Output>) -> Option<f64> {
    match output {
        Some(Output::Quantity(quantity)) => Some(*quantity),
        _ => None,
    }
}

fn probability(output: Option<&Output>, class: usize) -> Option<f64> {
    match output {
        Some(Output::Class(answer)) => answer.probabilities.get(class).copied(),
        _ => None,
    }
}

impl Column<'_> {
    /// Appends the elements: numbers of 8 bytes in little-endian order, and strings, each after its
    /// length in four bytes. A missing number is encoded as NaN.
    fn encode(&self, binary: &mut Vec<u8>) {
        match self {
            Self::Texts(texts) => {
                for text in texts {
                    binary.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    binary.extend_from_slice(text.as_bytes());
                }
            }
            Self::Numbers(numbers) => {
                for number in numbers {
                    binary.extend_from_slice(&number.unwrap_or(f64::NAN).to_le_bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attribution;
    use crate::validate::tensor::Datatype;
    use serde_json::json;

    #[test]
    fn the_contributions_of_three_classes_have_three_dimensions_and_the_base_at_the_end() {
        let output = OutputTensor {
            name: "kind_contributions".into(),
            datatype: Datatype::FP64,
            shape: vec![3, 2],
            output: 1,
            part: Part::Contributions,
        };
        let attribution = |output, class, contribution| Attribution {
            output,
            class: Some(class),
            base: f64::from(class),
            contributions: vec![contribution],
            deviations: vec![0.5],
        };
        let row = |x| {
            let other = [attribution(0, 1, 9.0)];
            let own = (0..3).map(|class| attribution(1, class, x));
            other.into_iter().chain(own).collect::<Vec<_>>()
        };
        let predictions = [Vec::new(), Vec::new()];
        let tensor = tensor(&output, &predictions, &[row(0.25), row(-1.0)], None);
        let expected = json!({
            "name": "kind_contributions", "datatype": "FP64", "shape": [2, 3, 2],
            "data": [0.25, 0.0, 0.25, 1.0, 0.25, 2.0, -1.0, 0.0, -1.0, 1.0, -1.0, 2.0],
        });
        assert_eq!(json!(tensor), expected);
    }
}
