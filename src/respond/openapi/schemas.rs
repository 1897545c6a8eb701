//! Schemas of the model's rows and answers.

use super::Described;
use crate::model::{
    Feature, FeatureNotes, Kind, MissingPolicy, OtherUnit, OutputKind, OutputNotes, UnusualPolicy,
};
use crate::respond::object::{object, part, set, text, texts};
use crate::respond::v2::tensors;
use crate::validate::tensor::Datatype;
use serde_json::{Map, Value, json};

/// The format of numbers. Without it some client generators use 32 bits.
const DOUBLE: &str = "double";

/// Puts the model's features, outputs and limits into the schemas.
pub fn fill(schemas: &mut Value, model: &Described) {
    set(schemas, "/Row", row(model));
    set(schemas, "/BatchRequest/properties/instances/maxItems", json!(model.max_batch_rows));
    set(schemas, "/Prediction/properties/prediction", prediction(model));
    set(schemas, "/Prediction/properties/model_version/const", text(&model.signature.version));
    set(schemas, "/Datatype/enum", Datatype::names().collect());
    let features = model.signature.features.iter().map(|feature| feature.name.clone());
    set(schemas, "/InputTensor/properties/name/examples", features.collect());
    let outputs = tensors::outputs(&model.description).into_iter().map(|output| output.name);
    set(schemas, "/RequestedOutput/properties/name/enum", outputs.collect());
}

/// Removes the schemas and properties of explanations.
pub fn remove_explanations(schemas: &mut Value) {
    remove(
        schemas,
        "",
        &[
            "Explain",
            "ExplainOptions",
            "Explanations",
            "RowExplanation",
            "Explanation",
            "Contribution",
            "FeatureValue",
        ],
    );
    for request in ["RowRequest", "BatchRequest"] {
        remove(schemas, &format!("/{request}/properties"), &["explain"]);
    }
    remove(schemas, "/Prediction/properties", &["explanation"]);
}

/// Removes members of the object at a path.
pub fn remove(schemas: &mut Value, path: &str, names: &[&str]) {
    if let Some(members) = part(schemas, path).as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
}

fn row(model: &Described) -> Value {
    let features = &model.signature.features;
    let mut properties = Map::new();
    for (feature, notes) in features.iter().zip(&model.description.features) {
        properties.insert(feature.name.clone(), self::feature(feature, notes));
    }
    let required: Vec<_> = features
        .iter()
        .filter(|feature| feature.missing == MissingPolicy::Refuse)
        .map(|feature| &feature.name)
        .collect();
    of_object(json!(required), properties)
}

/// Makes the schema of an object.
fn of_object(required: Value, properties: Map<String, Value>) -> Value {
    let properties = Value::Object(properties);
    object(vec![("type", text("object")), ("required", required), ("properties", properties)])
}

/// Makes the schema of a feature. If the model accepts unusual values, its constraints are only in
/// the description and under `x-usual`, since an unusual value is no error.
fn feature(feature: &Feature, notes: &FeatureNotes) -> Value {
    let is_strict = feature.unusual == UnusualPolicy::Refuse;
    let mut description = notes.description.clone();
    // The type of the feature's kind, its constraints, and the same constraints in words.
    let (kind, constraints, usual) = match &feature.kind {
        Kind::Number(range) => {
            let kind = if range.whole { "integer" } else { "number" };
            let bounds = [("minimum", range.minimum), ("maximum", range.maximum)];
            let bounds = bounds.into_iter().filter(|(_, bound)| bound.is_finite());
            let constraints = bounds.map(|(name, bound)| (name, json!(bound))).collect();
            (kind, constraints, format!("from {} to {}", range.minimum, range.maximum))
        }
        Kind::Category(names) => {
            ("string", vec![("enum", texts(names))], format!("one of {}", names.join(", ")))
        }
        Kind::Flag => ("boolean", Vec::new(), String::new()),
    };
    // The type. An optional value may be null.
    let mut schema = Map::new();
    let may_be_missing = feature.missing != MissingPolicy::Refuse;
    schema.insert("type".into(), if may_be_missing { json!([kind, "null"]) } else { text(kind) });
    if kind == "number" {
        schema.insert("format".into(), text(DOUBLE));
    }
    // The constraints. If the model accepts values beyond them, they are apart.
    let mut usual_values = Map::new();
    let rules = if is_strict { &mut schema } else { &mut usual_values };
    for (name, mut value) in constraints {
        if let (Value::Array(names), true) = (&mut value, may_be_missing) {
            names.push(Value::Null);
        }
        rules.insert(name.to_owned(), value);
    }
    if !is_strict && !usual.is_empty() {
        description += &format!(" Usually {usual}; other values are answered with a warning.");
        schema.insert("x-usual".into(), Value::Object(usual_values));
    }
    // The notes, also without the rest of the description.
    schema.insert("x-description".into(), text(&notes.description));
    if !notes.unit.is_empty() {
        description += &format!(" Unit: {}.", notes.unit);
        schema.insert("x-unit".into(), text(&notes.unit));
    }
    if !notes.other_units.is_empty() {
        let codes: Vec<&str> = notes.other_units.iter().map(|other| &other.code[..]).collect();
        description += " In another unit it is an object with `value` and `unit`: ";
        description += &codes.join(", ");
        description.push('.');
        schema.insert("x-other-units".into(), notes.other_units.iter().map(other_unit).collect());
    }
    if !notes.missing.is_empty() {
        description += &format!(" If it is missing: {}", notes.missing);
        schema.insert("x-missing".into(), text(&notes.missing));
    }
    schema.insert("description".into(), text(&description));
    schema.into()
}

/// Makes the entry of another unit: its code, and the factor and the offset to the feature's own.
fn other_unit(OtherUnit { code, factor, offset }: &OtherUnit) -> Value {
    Value::Array(vec![text(code), json!(factor), json!(offset)])
}

/// Makes the schema of `prediction`: the single output, or an object of several.
fn prediction(model: &Described) -> Value {
    let outputs = &model.description.outputs;
    if let [output] = &outputs[..] {
        return self::output(output);
    }
    let names: Vec<_> = outputs.iter().map(|output| &output.name).collect();
    let properties: Map<_, _> =
        outputs.iter().map(|output| (output.name.clone(), self::output(output))).collect();
    of_object(json!(names), properties)
}

fn output(output: &OutputNotes) -> Value {
    match &output.kind {
        OutputKind::Classes(classes) => {
            let mut schema = object(vec![
                ("type", text("string")),
                ("enum", texts(classes)),
                ("description", text(&output.description)),
            ]);
            if let Some(positive) = output.positive.and_then(|index| classes.get(index as usize)) {
                schema["x-positive"] = text(positive);
            }
            schema
        }
        OutputKind::Quantity(range) => {
            let mut schema = object(vec![
                ("type", text("number")),
                ("format", text(DOUBLE)),
                ("description", text(&output.description)),
            ]);
            for (name, bound) in [("minimum", range.minimum), ("maximum", range.maximum)] {
                if bound.is_finite() {
                    schema[name] = json!(bound);
                }
            }
            if !range.unit.is_empty() {
                schema["x-unit"] = text(&range.unit);
            }
            schema
        }
    }
}
