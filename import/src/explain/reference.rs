//! Finds the reference person: a made-up row, whose values absent features have.

use crate::card::Card;
use crate::card::describe::Described;
use crate::verify::rows;
use anyhow::{Context, Result};
use predictor_contract::{Feature, Kind, Reference, ReferenceBins, Value};

/// Returns the reference person, one value for each feature.
///
/// It is the example named by the card. Otherwise each value is the median or the most frequent
/// category of the feature's reference, or else the value in the first example.
///
/// # Errors
///
/// If the card names no example of its own, or nothing is known of a feature.
pub fn person(card: &Card, described: &Described) -> Result<Vec<Value>> {
    let signature = &described.signature;
    let named = card.explanation.as_ref().and_then(|explanation| explanation.reference.as_ref());
    if let Some(name) = named {
        let example = card.examples.iter().find(|example| example.name == *name);
        let example = example.with_context(|| {
            format!("[explanation] names the example {name:?}, which is not in the card")
        })?;
        return rows::from_table(signature, &example.row);
    }
    let usual = card.examples.first().map(|example| rows::from_table(signature, &example.row));
    let usual = usual.transpose()?;
    let features = signature.features.iter().zip(&described.description.features).enumerate();
    features
        .map(|(place, (feature, notes))| {
            let typical = notes.reference.as_ref().and_then(|known| typical(feature, known));
            let typical = typical.or_else(|| usual.as_ref().map(|row| row[place].clone()));
            typical.with_context(|| {
                format!(
                    "the usual value of {:?} is unknown: give --data, or an example",
                    feature.name
                )
            })
        })
        .collect()
}

/// Returns the median, rounded up to the bound of its bin, or the most frequent category.
fn typical(feature: &Feature, reference: &Reference) -> Option<Value> {
    match (&reference.bins, &feature.kind) {
        (ReferenceBins::Number(bins), Kind::Number(_)) => {
            let mut below = 0.0;
            let is_median = |share: f64| {
                below += share;
                below >= 0.5
            };
            let median = bins.iter().map(|bin| bin.share).position(is_median)?;
            let upper = bins[median].upper;
            // The last bin has no bound above.
            let upper = if upper.is_finite() { upper } else { bins[median.checked_sub(1)?].upper };
            Some(Value::Number(upper))
        }
        (ReferenceBins::Category(shares), Kind::Category(names)) => {
            let known = names.iter().zip(shares);
            let most = known.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
            Some(Value::Text(most.0.clone()))
        }
        (ReferenceBins::Flag(share), Kind::Flag) => Some(Value::Flag(*share >= 0.5)),
        _ => None,
    }
}

/// Describes the reference person in a sentence.
pub fn sentence(features: &[Feature], person: &[Value]) -> String {
    let shown = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::Missing => "missing".to_owned(),
    };
    let values = features.iter().zip(person);
    let values: Vec<String> =
        values.map(|(feature, value)| format!("{} {}", feature.name, shown(value))).collect();
    format!("The answer for a made-up reference person: {}.", values.join(", "))
}
