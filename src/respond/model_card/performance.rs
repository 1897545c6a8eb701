//! The performance that the model's card states.

use crate::model::{Description, OutcomeNotes, Signature, measures};
use crate::respond::object::{object, text, texts};
use serde_json::{Value, json};

/// Makes the member `outcome` of the card; null if nothing is stated.
pub fn outcome(signature: &Signature, description: &Description) -> Value {
    let Some(notes) = &description.outcome else { return Value::Null };
    let OutcomeNotes { truth, horizon_days, versions, data, performance, calibration } = notes;
    let performance = performance.iter().map(|performance| {
        let names = measures::Names::of(performance, signature, description);
        let name = |name: String| if name.is_empty() { Value::Null } else { Value::String(name) };
        object(vec![
            ("output", name(names.output)),
            ("measure", text(names.measure)),
            ("class", name(names.class)),
            ("feature", name(names.feature)),
            ("group", name(names.group)),
            ("value", Value::from(performance.value)),
            ("people", Value::from(performance.people)),
        ])
    });
    let calibration = calibration.iter().map(|bin| {
        let output = description.outputs.get(bin.output as usize);
        object(vec![
            ("output", json!(output.map(|output| &output.name))),
            ("upper", Value::from(bin.upper)),
            ("expected", Value::from(bin.expected)),
            ("observed", Value::from(bin.observed)),
            ("people", Value::from(bin.people)),
        ])
    });
    object(vec![
        ("truth", text(truth)),
        ("horizon_days", Value::from(*horizon_days)),
        ("versions", texts(versions)),
        ("data", text(data)),
        ("performance", performance.collect()),
        ("calibration", calibration.collect()),
    ])
}

/// Writes the performance for everyone in a sentence; none if nothing is stated.
pub fn sentence(signature: &Signature, description: &Description) -> Option<String> {
    let notes = description.outcome.as_ref()?;
    let mut words = Vec::new();
    for performance in notes.performance.iter().filter(|performance| performance.group.is_none()) {
        let names = measures::Names::of(performance, signature, description);
        let mut measured = names.measure.replace('_', " ");
        if !names.class.is_empty() {
            measured += &format!(" for {:?}", names.class);
        }
        if description.outputs.len() > 1 {
            measured += &format!(" of {}", names.output);
        }
        words.push(format!("{measured} {} ({} people)", performance.value, performance.people));
    }
    (!words.is_empty()).then(|| format!("{}. {}", words.join(", "), notes.data))
}
