//! Rows from tensors: from one tensor for each feature, or one for all of them.

use super::columns::Columns;
use super::request::RequestTensor;
use crate::model::{FeatureNotes, Signature};
use crate::validate::collect::{Collector, Given, Input};
use crate::validate::violations::{Place, Violations};

/// Makes rows of the tensors. `ask` asks the model for the notes of its features, if units
/// are in question.
///
/// # Errors
///
/// If the tensors are none of the model's, do not fit together, or have values that the model does
/// not take.
pub fn rows<'s>(
    tensors: &[RequestTensor],
    signature: &'s Signature,
    ask: fn() -> Vec<FeatureNotes>,
) -> Result<Input<'s>, Violations<'s>> {
    let (values, len) = Columns::find(tensors, signature)?.read(signature)?;
    let mut collector = Collector::new(signature, ask);
    let mut values = values.into_iter().map(Given::Element);
    for row in 0..len {
        let row_values = values.by_ref().take(signature.features.len());
        collector.add_row(Place::Row(&[], row), None, row_values);
    }
    collector.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Feature, Kind, MissingPolicy, NumberRange, UnusualPolicy, Value};
    use crate::validate::tensor::request::parse;
    use serde_json::json;

    fn feature(name: &str, kind: Kind, missing: MissingPolicy) -> Feature {
        Feature { name: name.into(), kind, missing, unusual: UnusualPolicy::Refuse, group: None }
    }

    fn signature() -> Signature {
        let age = Kind::Number(NumberRange {
            minimum: 0.0,
            maximum: 130.0,
            whole: false,
            missing_values: Vec::new(),
        });
        let sex = Kind::Category(vec!["f".into(), "m".into()]);
        Signature {
            name: "m".into(),
            version: "1".into(),
            features: vec![
                feature("age", age, MissingPolicy::Refuse),
                feature("smoker", Kind::Flag, MissingPolicy::Refuse),
                feature("sex", sex, MissingPolicy::Handle),
            ],
        }
    }

    /// Returns the values of a request with these inputs, or the message of its refusal.
    fn read(inputs: serde_json::Value) -> Result<Vec<Value>, String> {
        let body = json!({ "inputs": inputs }).to_string();
        let request = parse(body.as_bytes(), &[])?;
        match rows(&request.inputs, &signature(), Vec::new) {
            Ok(input) => Ok(input.rows.values),
            Err(violations) => Err(violations.sentence()),
        }
    }

    fn input(
        name: &str,
        datatype: &str,
        shape: &[i64],
        data: serde_json::Value,
    ) -> serde_json::Value {
        json!({ "name": name, "datatype": datatype, "shape": shape, "data": data })
    }

    #[test]
    fn unfit_tensors_are_refused_with_the_expected_ones() {
        let age = || input("age", "FP64", &[1], json!([65]));
        let smoker = |shape: &[i64], data| input("smoker", "BOOL", shape, data);
        for (inputs, part) in [
            (json!([]), "no inputs"),
            (json!([age()]), "\"smoker\" is required"),
            (json!([age(), age()]), "\"age\" is there twice"),
            (
                json!([age(), smoker(&[2], json!([true, true]))]),
                "\"age\" has shape [1], and \"smoker\" has [2]",
            ),
            (json!([age(), smoker(&[1, 2], json!([true, true]))]), "it takes [rows] or [rows, 1]"),
            (json!([age(), smoker(&[], json!([]))]), "it takes [rows] or [rows, 1]"),
            (json!([input("x", "FP64", &[1, 2], json!([1, 2]))]), "shape [rows, 3]"),
            (json!([age(), input("x", "FP64", &[1], json!([1]))]), "age, smoker, sex"),
            (json!([age(), smoker(&[1], json!([]))]), "\"smoker\": shape [1] means 1 elements"),
            (json!([age(), smoker(&[-1], json!([]))]), "invalid value: integer `-1`"),
        ] {
            let error = read(inputs).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn ten_faults_are_shown_and_the_others_counted() {
        let inputs = json!([
            input("age", "FP64", &[25], json!(vec![-1; 25])),
            input("smoker", "BOOL", &[25], json!(vec![true; 25])),
        ]);
        assert!(read(inputs).unwrap_err().ends_with("; and 15 more"));
    }
}
