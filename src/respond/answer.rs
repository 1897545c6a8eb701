//! Answers to `POST /predict`.

use super::detail::Entry;
use super::explanation::RowExplanation;
use crate::model::{Feature, Output, OutputNotes, Prediction, Signature, Value, groups};
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
    pub prediction: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    pub model_version: &'a str,
    /// The subgroups of the person, to send back with the outcome.
    #[serde(skip_serializing_if = "Groups::is_empty")]
    pub groups: Groups<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<RowExplanation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Entry<'a>>,
}

impl<'a> Answer<'a> {
    /// Makes the answer of a row with these values. `notes` are those of the outputs; a single
    /// output needs none.
    pub fn new(
        signature: &'a Signature,
        values: &'a [Value],
        outputs: &'a Prediction,
        notes: &'a [OutputNotes],
        explanation: Option<RowExplanation<'a>>,
        warnings: Vec<Entry<'a>>,
    ) -> Self {
        Self {
            prediction: Named { outputs, notes },
            confidence: match &outputs[..] {
                [Output::Class(class)] => class.confidence,
                _ => None,
            },
            model_version: &signature.version,
            groups: Groups { features: &signature.features, values },
            explanation,
            warnings,
        }
    }
}

/// A class or a number; for several outputs an object by their names.
pub struct Named<'a> {
    pub outputs: &'a [Output],
    pub notes: &'a [OutputNotes],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.outputs {
            [output] => Plain(output).serialize(serializer),
            outputs => {
                let names = self.notes.iter().map(|notes| &notes.name);
                serializer.collect_map(names.zip(outputs.iter().map(Plain)))
            }
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

/// The subgroups of a row, by feature.
pub struct Groups<'a> {
    features: &'a [Feature],
    values: &'a [Value],
}

impl<'a> Groups<'a> {
    /// Returns the feature and the name of each subgroup; no name if the row is in none of the feature's.
    pub fn cells(&self) -> impl Iterator<Item = (&'a Feature, Option<String>)> {
        let cells = self.features.iter().zip(self.values);
        let cells = cells.filter(|(feature, _)| feature.group.is_some());
        cells.map(|(feature, value)| {
            let place = groups::place(value, feature);
            let name = place.and_then(|place| Some(groups::names(feature)?.swap_remove(place)));
            (feature, name)
        })
    }

    fn is_empty(&self) -> bool {
        self.features.iter().all(|feature| feature.group.is_none())
    }
}

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(self.cells().filter_map(|(feature, name)| Some((&feature.name, name?))))
    }
}
