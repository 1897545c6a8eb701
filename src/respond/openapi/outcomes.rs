//! Schemas and examples of outcomes.

use super::Described;
use super::schemas;
use crate::model::{groups, versions};
use crate::respond::object::{object, part, set, text, texts};
use serde_json::{Map, Value, json};

/// Puts the model's versions, outputs and subgroups into the schemas.
pub fn fill(schemas: &mut Value, model: &Described) {
    let outputs = &model.description.outputs;
    let prediction = part(schemas, "/Prediction/properties/prediction").clone();
    let one = part(schemas, "/Outcome");
    if outputs.len() == 1 {
        set(one, "/properties/outcome", prediction.clone());
    } else {
        // One of the values in `prediction`.
        set(one, "/required", json!(["prediction", "model_version", "output", "outcome"]));
    }
    set(one, "/properties/prediction", prediction);
    set(
        one,
        "/properties/model_version/enum",
        json!(versions(&model.signature, &model.description)),
    );
    let names = outputs.iter().map(|output| output.name.as_str()).collect();
    set(one, "/properties/output/enum", names);
    match subgroups(model) {
        groups if groups.is_empty() => {
            schemas::remove(schemas, "", &["Groups"]);
            schemas::remove(schemas, "/Prediction/properties", &["groups"]);
            schemas::remove(schemas, "/Outcome/properties", &["groups"]);
        }
        groups => set(schemas, "/Groups/properties", groups.into()),
    }
}

/// Makes the schema of each feature with subgroups.
fn subgroups(model: &Described) -> Map<String, Value> {
    let mut subgroups = Map::new();
    for feature in &model.signature.features {
        if let Some(names) = groups::names(feature) {
            let schema = object(vec![("type", text("string")), ("enum", texts(&names))]);
            subgroups.insert(feature.name.clone(), schema);
        }
    }
    subgroups
}

/// Makes a request of an answer: its first output became true.
pub fn request(model: &Described, mut answer: Value) -> Value {
    let mut truth = part(&mut answer, "/prediction").clone();
    if let [output, _, ..] = &model.description.outputs[..] {
        set(&mut answer, "/output", text(&output.name));
        truth = truth[&output.name].take();
    }
    set(&mut answer, "/outcome", truth);
    answer
}
