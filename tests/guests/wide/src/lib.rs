//! A model with 500 features, `f0` to `f499`, by generated bindings: the work for a request must
//! not grow with the product of what the model takes and what the client sends.
#![cfg(target_arch = "wasm32")]

use exports::model_api::predictor::predictor::Guest;
use model_api::predictor::types::{
    Description, Explanation, Feature, FeatureNotes, Kind, MissingPolicy, NumberRange, Output,
    OutputKind, OutputNotes, Prediction, QuantityRange, Refusal, Signature, UnusualPolicy, Value,
};

wit_bindgen::generate!({ path: "../../../wit/predictor.wit", world: "model" });

export!(Wide);

const FEATURES: usize = 500;

struct Wide;

impl Guest for Wide {
    fn get_signature() -> Signature {
        let feature = |number| Feature {
            name: format!("f{number}"),
            kind: Kind::Number(NumberRange {
                minimum: 0.0,
                maximum: 1.0,
                whole: false,
                missing_values: Vec::new(),
            }),
            missing: MissingPolicy::Handle,
            unusual: UnusualPolicy::Accept,
            group: None,
        };
        let features = (0..FEATURES).map(feature).collect();
        Signature { name: "wide".into(), version: "1".into(), features }
    }

    fn describe() -> Description {
        let feature = || FeatureNotes {
            description: String::new(),
            unit: String::new(),
            other_units: Vec::new(),
            missing: String::new(),
            reference: None,
        };
        let range = QuantityRange { unit: String::new(), minimum: 0.0, maximum: 500.0 };
        Description {
            summary: "Adds up.".into(),
            source: String::new(),
            license: "Apache-2.0".into(),
            population: String::new(),
            limits: String::new(),
            precision: "float64".into(),
            digest: String::new(),
            features: std::iter::repeat_with(feature).take(FEATURES).collect(),
            outputs: vec![OutputNotes {
                name: "sum".into(),
                description: String::new(),
                kind: OutputKind::Quantity(range),
                positive: None,
                reference: None,
            }],
            examples: Vec::new(),
            explanation: None,
            outcome: None,
            statements: Vec::new(),
        }
    }

    fn predict(values: Vec<Value>) -> Vec<Result<Prediction, Refusal>> {
        let number = |value: &Value| if let Value::Number(number) = value { *number } else { 0.0 };
        let sum = |row: &[Value]| Ok(vec![Output::Quantity(row.iter().map(number).sum())]);
        values.chunks_exact(FEATURES).map(sum).collect()
    }

    fn explain(_: Vec<Value>) -> Vec<Result<Explanation, Refusal>> {
        Vec::new()
    }
}
