//! Schemas and examples of outcomes.

use super::Described;
use super::schemas;
use crate::model::groups;
use crate::respond::object::object;
use serde_json::{Map, Value, json};

/// Puts the model's versions, outputs and subgroups into the schemas.
pub fn fill(schemas: &mut Value, model: &Described) {
    let outputs = &model.description.outputs;
    let one = &mut schemas["Outcome"]["properties"];
    one["prediction"] = schemas::prediction(model);
    one["model_version"]["enum"] = json!(versions(model));
    one["output"]["enum"] = outputs.iter().map(|output| output.name.as_str()).collect();
    one["outcome"] = match &outputs[..] {
        [output] => schemas::output(output),
        outputs => object(vec![("oneOf", outputs.iter().map(schemas::output).collect())]),
    };
    if outputs.len() > 1 {
        schemas["Outcome"]["required"] =
            json!(["prediction", "model_version", "output", "outcome"]);
    }
    match subgroups(model) {
        groups if groups.is_empty() => {
            schemas::remove(schemas, "", &["Groups"]);
            schemas::remove(schemas, "/Prediction/properties", &["groups"]);
            schemas::remove(schemas, "/Outcome/properties", &["groups"]);
        }
        groups => schemas["Groups"]["properties"] = groups.into(),
    }
}

fn versions(model: &Described) -> Vec<&String> {
    let others = model.description.outcome.iter().flat_map(|outcome| &outcome.versions);
    std::iter::once(&model.signature.version).chain(others).collect()
}

/// Makes the schema of each feature with subgroups.
fn subgroups(model: &Described) -> Map<String, Value> {
    let mut subgroups = Map::new();
    for feature in &model.signature.features {
        if let Some(names) = groups::names(feature) {
            let schema = object(vec![("type", json!("string")), ("enum", json!(names))]);
            subgroups.insert(feature.name.clone(), schema);
        }
    }
    subgroups
}

/// Makes a request of an answer: its first output became true.
pub fn request(model: &Described, mut answer: Value) -> Value {
    if let [output, _, ..] = &model.description.outputs[..] {
        answer["output"] = json!(output.name);
        answer["outcome"] = answer["prediction"][&output.name].clone();
    } else {
        answer["outcome"] = answer["prediction"].clone();
    }
    answer
}
