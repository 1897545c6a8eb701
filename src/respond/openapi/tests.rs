use super::Described;
use super::document::document;
use super::{OPERATIONS, parse_packed};
use crate::model::{
    Attribution, Classification, Description, Example, ExplanationMethod, ExplanationNotes,
    Feature, FeatureNotes, Kind, MissingPolicy, NumberRange, Output, OutputKind, OutputNotes,
    QuantityRange, Scale, Signature, UnusualPolicy, Value as Cell,
};
use crate::respond::{docs, routes};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

#[path = "../../../tests/support/schema.rs"]
mod schema;

fn feature(name: &str, kind: Kind, missing: MissingPolicy, unusual: UnusualPolicy) -> Feature {
    Feature { name: name.into(), kind, missing, unusual, group: None }
}

/// A model with features and outputs of every kind.
fn model() -> Described {
    let range = |maximum, whole| {
        Kind::Number(NumberRange { minimum: 0.0, maximum, whole, missing_values: Vec::new() })
    };
    let sex = Kind::Category(vec!["f".into(), "m".into()]);
    let features = vec![
        feature(
            "weight",
            range(f64::INFINITY, false),
            MissingPolicy::Impute,
            UnusualPolicy::Refuse,
        ),
        feature("beats", range(300.0, true), MissingPolicy::Refuse, UnusualPolicy::Accept),
        feature("sex", sex, MissingPolicy::Handle, UnusualPolicy::Refuse),
        feature("smoker", Kind::Flag, MissingPolicy::Refuse, UnusualPolicy::Refuse),
    ];
    let notes = |unit: &str, missing: &str| FeatureNotes {
        description: "A thing.".into(),
        unit: unit.into(),
        other_units: Vec::new(),
        missing: missing.into(),
        reference: None,
    };
    let class = |label: &str| {
        Output::Class(Classification {
            label: label.into(),
            confidence: Some(0.75),
            probabilities: vec![0.75, 0.25],
        })
    };
    let example = |name: &str, weight, label| Example {
        name: name.into(),
        row: vec![weight, Cell::Number(70.0), Cell::Missing, Cell::Flag(true)],
        expected: Ok(vec![class(label), Output::Quantity(1.5)]),
        tolerance: 0.0,
    };
    let quantity = QuantityRange { unit: "a".into(), minimum: 0.0, maximum: f64::INFINITY };
    let output = |name: &str, kind| OutputNotes {
        name: name.into(),
        description: "An answer.".into(),
        kind,
        positive: Some(1),
        reference: None,
    };
    let attribution = |output, class, deviations| Attribution {
        output,
        class,
        base: 0.5,
        contributions: vec![0.25, -0.5, 0.0, 1.0],
        deviations,
    };
    Described {
        max_batch_rows: 7,
        explanation: Some(vec![
            attribution(0, Some(1), Vec::new()),
            attribution(1, None, vec![0.5; 4]),
        ]),
        signature: Signature { name: "m".into(), version: "2".into(), features },
        description: Description {
            summary: "A model.".into(),
            source: "Nowhere.".into(),
            license: "MIT".into(),
            population: "Nobody.".into(),
            limits: "All.".into(),
            precision: "float64".into(),
            digest: String::new(),
            features: vec![notes("kg", "The mean."), notes("", ""), notes("", ""), notes("", "")],
            outputs: vec![
                output("risk", OutputKind::Classes(vec!["low".into(), "high".into()])),
                output("years", OutputKind::Quantity(quantity)),
            ],
            statements: Vec::new(),
            examples: vec![
                example("a light one", Cell::Number(50.5), "low"),
                example("unknown weight", Cell::Missing, "high"),
            ],
            outcome: None,
            explanation: Some(ExplanationNotes {
                method: ExplanationMethod::Permutations,
                scales: vec![Scale::LogOdds, Scale::Log],
                base: "The mean.".into(),
                cost: 1,
                reference: Vec::new(),
                shares: Vec::new(),
            }),
        },
    }
}

/// Visits every object in a document, with its path.
fn walk<'a>(way: &str, value: &'a Value, visit: &mut impl FnMut(&str, &'a Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(way, members);
            for (name, member) in members {
                walk(&format!("{way}/{name}"), member, visit);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(way, item, visit)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_path_and_every_path_an_operation() {
    let document = document(&model());
    let mut used = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if method != "parameters" {
                assert!(operation["responses"].is_object(), "{method} {path}");
                let id = operation["operationId"].as_str().unwrap();
                let id = if id == "v1_model_ready" { "model_ready" } else { id };
                used.insert(id.trim_start_matches("versioned_").to_owned());
            }
        }
    }
    let operations = parse_packed(OPERATIONS);
    let known = operations.as_object().unwrap().keys().cloned().collect();
    assert_eq!(used, known);
    let routes = routes::ROUTES.len() + docs::ROUTES.len();
    assert_eq!(document["paths"].as_object().unwrap().len(), routes);
}

#[test]
fn every_segment_in_braces_is_a_parameter() {
    for (path, item) in document(&model())["paths"].as_object().unwrap() {
        let braces = path.matches('{').count();
        let mut parameters = 0;
        walk("", item, &mut |_, members| {
            parameters += usize::from(members.get("in") == Some(&json!("path")));
        });
        assert_eq!(braces, parameters, "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(&model());
    let mut references = 0;
    walk("", &document, &mut |way, members| {
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some_and(Value::is_object), "{reference} at {way}");
            references += 1;
        }
    });
    assert!(references > 20);
}

/// Returns true if a value is valid by a schema of the document.
fn is_valid(document: &Value, schema: &Value, value: &Value) -> bool {
    schema::violations(document, schema, value).is_empty()
}

#[test]
fn every_example_is_valid_by_its_schema() {
    let document = document(&model());
    let mut checked = 0;
    walk("", &document, &mut |way, members| {
        let Some(schema) = members.get("schema") else { return };
        let named = members.get("examples").and_then(Value::as_object).into_iter().flatten();
        for value in named.map(|(_, example)| &example["value"]).chain(members.get("example")) {
            assert!(is_valid(&document, schema, value), "{way}: {value}");
            checked += 1;
        }
    });
    // Two rows and a batch, with answers, and one with an explanation, which has a route of its own and one of
    // KServe; two violations; an inference, with its answer.
    assert!(checked >= 16, "{checked}");
}

#[test]
fn the_schema_of_a_row_has_the_rules_of_its_features() {
    let document = document(&model());
    let row = &document["components"]["schemas"]["Row"];
    assert_eq!(row["required"], json!(["beats", "smoker"]));
    let features: Vec<_> = row["properties"].as_object().unwrap().keys().collect();
    assert_eq!(features, ["weight", "beats", "sex", "smoker"]);
    let valid = |row| is_valid(&document, &json!({"$ref": "#/components/schemas/Row"}), &row);
    assert!(valid(json!({"beats": 301, "smoker": true, "sex": null, "weight": null, "x": [1]})));
    assert!(valid(json!({"beats": 70.0, "smoker": true, "sex": "f", "weight": 1e300})));
    for row in [
        json!({"beats": 70}),
        json!({"beats": null, "smoker": true}),
        json!({"beats": 70.5, "smoker": true}),
        json!({"beats": 70, "smoker": "yes"}),
        json!({"beats": 70, "smoker": true, "sex": "x"}),
        json!({"beats": 70, "smoker": true, "weight": -1}),
    ] {
        assert!(!valid(row.clone()), "{row}");
    }
}

#[test]
fn a_feature_has_its_unit_and_its_policies() {
    let document = document(&model());
    let features = &document["components"]["schemas"]["Row"]["properties"];
    assert_eq!(features["weight"]["x-unit"], "kg");
    assert_eq!(features["weight"]["minimum"], 0.0);
    assert_eq!(features["weight"].get("maximum"), None);
    let description = features["weight"]["description"].as_str().unwrap();
    assert_eq!(description, "A thing. Unit: kg. If it is missing: The mean.");
    let description = features["beats"]["description"].as_str().unwrap();
    assert!(description.contains("Usually from 0 to 300; other values"), "{description}");
    assert_eq!(features["beats"].get("maximum"), None);
    assert_eq!(features["beats"]["x-usual"], json!({"minimum": 0.0, "maximum": 300.0}));
    assert_eq!(features["weight"].get("x-usual"), None);
    assert_eq!(features["weight"]["x-description"], "A thing.");
    assert_eq!(features["weight"]["x-missing"], "The mean.");
    assert_eq!(features["smoker"].get("x-missing"), None);
}

#[test]
fn a_request_with_both_forms_is_one_row() {
    let document = document(&model());
    let schema = &document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    let row = json!({"beats": 70, "smoker": true});
    let valid = |body| is_valid(&document, schema, &body);
    assert!(valid(json!({"patient_data": row, "instances": 7})));
    assert!(valid(json!({"instances": [row, row]})));
    assert!(!valid(json!({"patient_data": 7, "instances": [row]})));
    assert!(!valid(json!({"instances": [row, 7]})));
}

#[test]
fn a_tensors_data_is_elements_or_a_list_of_them_for_each_row() {
    let document = document(&model());
    let schemas = &document["components"]["schemas"];
    let valid =
        |tensor: &str, data| is_valid(&document, &schemas[tensor]["properties"]["data"], &data);
    for data in [json!([]), json!([65, 0.5, null, "f", true]), json!([[65, null], ["f", true]])] {
        assert!(valid("InputTensor", data.clone()), "{data}");
    }
    for data in [json!(65), json!([{}]), json!([[[65]]])] {
        assert!(!valid("InputTensor", data.clone()), "{data}");
    }
    assert!(valid("OutputTensor", json!(["low", 0.5, null])));
    assert!(!valid("OutputTensor", json!([true])));
}

/// Some client generators stop at the first unknown schema, or leave it out.
#[test]
fn every_schema_is_known_to_generators_of_clients() {
    let document = document(&model());
    walk("", &document, &mut |way, members| {
        let Some(kind) = members.get("type").filter(|_| !way.ends_with("properties")) else {
            return;
        };
        let is_nullable = |kinds: &Vec<Value>| kinds.len() == 2 && kinds[1] == "null";
        assert!(kind.as_array().is_none_or(is_nullable), "{way} has several types");
        assert!(kind != "array" || members.contains_key("items"), "{way} has no items");
        let format = members.get("format").and_then(Value::as_str);
        let is_number = kind == "number" || *kind == json!(["number", "null"]);
        assert_eq!(is_number, format == Some("double"), "{way} is a number of unknown size");
    });
}

#[test]
fn a_model_without_explanations_has_a_document_without_them() {
    let mut model = model();
    (model.description.explanation, model.explanation) = (None, None);
    let document = document(&model);
    assert_eq!(document.to_string().matches("xplan").count(), 0, "{document}");
    walk("", &document, &mut |way, members| {
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some_and(Value::is_object), "{reference} at {way}");
        }
    });
}

#[test]
fn several_outputs_are_an_object() {
    let document = document(&model());
    let prediction = &document["components"]["schemas"]["Prediction"]["properties"]["prediction"];
    assert_eq!(prediction["required"], json!(["risk", "years"]));
    assert_eq!(prediction["properties"]["risk"]["enum"], json!(["low", "high"]));
    assert_eq!(prediction["properties"]["risk"]["x-positive"], "high");
    assert_eq!(prediction["properties"]["years"].get("x-positive"), None);
    assert_eq!(prediction["properties"]["years"]["x-unit"], "a");
}

#[test]
fn the_document_has_the_models_notes_for_programs_too() {
    let mut model = model();
    let notes = |model: &Described| document(model)["info"]["x-model"].clone();
    assert_eq!(notes(&model)["limits"], "All.");
    assert_eq!(notes(&model)["population"], "Nobody.");
    assert_eq!(notes(&model)["explanation_base"], "The mean.");
    model.description.explanation = None;
    assert_eq!(notes(&model).get("explanation_base"), None);
}
