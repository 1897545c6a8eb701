//! Answers to `POST /predict`.

use super::detail::Entry;
use super::explanation::RowExplanation;
use crate::model::{Output, Prediction, Signature};
use serde::{Serialize, Serializer};
use std::num::NonZero;

/// The answer to a batch.
#[derive(Serialize)]
pub struct Batch<'a> {
    /// The answers in the order of the instances.
    pub predictions: Vec<Answer<'a>>,
    /// The number of warnings left out of all answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_warnings: Option<NonZero<usize>>,
}

/// The explanations of a batch, in the order of the instances.
#[derive(Serialize)]
pub struct Explanations<'a> {
    pub explanations: Vec<Option<RowExplanation<'a>>>,
}

/// The answer to one row, in the form of the original service, with warnings if the model accepted
/// an unusual value.
#[derive(Serialize)]
pub struct Answer<'a> {
    prediction: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<RowExplanation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Entry<'a>>,
}

impl<'a> Answer<'a> {
    /// Makes the answer of a row. `names` are the names of the outputs; a single output needs none.
    pub fn new(
        signature: &'a Signature,
        outputs: &'a Prediction,
        names: &'a [String],
        explanation: Option<RowExplanation<'a>>,
        warnings: Vec<Entry<'a>>,
    ) -> Self {
        Self {
            prediction: Named { outputs, names },
            confidence: match &outputs[..] {
                [Output::Class(class)] => class.confidence,
                _ => None,
            },
            model_version: &signature.version,
            explanation,
            warnings,
        }
    }
}

/// A class or a number; for several outputs an object by their names.
struct Named<'a> {
    outputs: &'a [Output],
    names: &'a [String],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.outputs {
            [output] => Plain(output).serialize(serializer),
            outputs => serializer.collect_map(self.names.iter().zip(outputs.iter().map(Plain))),
        }
    }
}

/// The label of a class, or the number of a quantity.
struct Plain<'a>(&'a Output);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Output::Class(class) => class.label.serialize(serializer),
            Output::Quantity(quantity) => quantity.serialize(serializer),
        }
    }
}
