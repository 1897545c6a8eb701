//! The statements about the model, completed from its description.

use crate::model::{self, Description, Feature, FeatureNotes, Kind, OutputKind, Signature};
use std::borrow::Cow;

/// The text of an attribute without a statement.
pub const NOT_STATED: &str = "Not stated.";

/// All that the model says about itself.
pub struct Facts {
    pub signature: Signature,
    pub description: Description,
}

impl Facts {
    /// Asks the model.
    pub fn ask() -> Self {
        Self { signature: model::get_signature(), description: model::describe() }
    }

    /// Returns the statement of an attribute, or else the fact in the model's description; none if
    /// there is neither.
    pub fn statement(&self, attribute: &str) -> Option<Cow<'_, str>> {
        let Self { signature, description } = self;
        let own = description.statements.iter().find(|statement| statement.attribute == attribute);
        let own = own.map_or("", |statement| statement.text.trim());
        let text = match attribute {
            // The limits stay in sight, whatever else is stated.
            "known-risks" => [&description.limits, " ", own].concat().trim().to_owned().into(),
            _ if !own.is_empty() => own.into(),
            "name" => signature.name.as_str().into(),
            "version" => signature.version.as_str().into(),
            "summary" => description.summary.as_str().into(),
            "intended-population" => description.population.as_str().into(),
            "bibliography" => description.source.as_str().into(),
            "output" => outputs(description).into(),
            "data-types" => types(signature, description).into(),
            _ => return None,
        };
        Some(text).filter(|text: &Cow<str>| !text.is_empty())
    }
}

/// Writes the outputs with their descriptions.
fn outputs(description: &Description) -> String {
    let sentence = |name: &str, text: &str| format!("{name}: {text}");
    let all = description.outputs.iter().map(|output| sentence(&output.name, &output.description));
    all.collect::<Vec<_>>().join(" ")
}

/// Writes the types of inputs and outputs.
fn types(signature: &Signature, description: &Description) -> String {
    let inputs = signature.features.iter().zip(&description.features).map(input);
    let outputs = description.outputs.iter().map(|output| match &output.kind {
        OutputKind::Classes(labels) => format!("{} (one of {})", output.name, labels.join(", ")),
        OutputKind::Quantity(_) => format!("{} (number)", output.name),
    });
    let (inputs, outputs) = (inputs.collect::<Vec<_>>(), outputs.collect::<Vec<_>>());
    format!("Inputs: {}. Outputs: {}.", inputs.join(", "), outputs.join(", "))
}

fn input((feature, notes): (&Feature, &FeatureNotes)) -> String {
    let kind = match &feature.kind {
        Kind::Number(range) => {
            let words = match (range.minimum.is_finite(), range.maximum.is_finite()) {
                (true, true) => format!("{} to {}", range.minimum, range.maximum),
                (true, false) => format!("from {}", range.minimum),
                (false, true) => format!("up to {}", range.maximum),
                (false, false) => "any number".to_owned(),
            };
            if notes.unit.is_empty() { words } else { [&words, " ", &notes.unit].concat() }
        }
        Kind::Category(names) => format!("one of {}", names.join(", ")),
        Kind::Flag => "true or false".to_owned(),
    };
    format!("{} ({kind})", feature.name)
}
