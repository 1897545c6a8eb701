use super::*;
use crate::edge::model::{Feature, Kind, MissingPolicy, NumberRange, UnusualPolicy};
use proptest::prelude::*;
use serde_json::json;

fn feature(name: &str, kind: Kind, missing: MissingPolicy, unusual: UnusualPolicy) -> Feature {
    Feature { name: name.to_owned(), kind, missing, unusual }
}

/// A model with one feature of each kind.
fn signature() -> Signature {
    let range = NumberRange { minimum: -1.5, maximum: f64::INFINITY, whole: false };
    let beats = NumberRange { minimum: 0.0, maximum: 300.0, whole: true };
    let smoking = Kind::Category(vec!["never".into(), "former".into(), "daily".into()]);
    Signature {
        name: "test".into(),
        version: "1".into(),
        features: vec![
            feature("ldl", Kind::Number(range), MissingPolicy::Impute, UnusualPolicy::Refuse),
            feature("beats", Kind::Number(beats), MissingPolicy::Refuse, UnusualPolicy::Accept),
            feature("smoking", smoking, MissingPolicy::Handle, UnusualPolicy::Refuse),
            feature("diabetic", Kind::Flag, MissingPolicy::Handle, UnusualPolicy::Refuse),
        ],
    }
}

/// The problems of a body's `patient_data`, as the client sees them.
fn problems(data: &str) -> Vec<serde_json::Value> {
    let (body, signature) = (format!(r#"{{"patient_data":{data}}}"#), signature());
    let problems = match patient(body.as_bytes(), &signature) {
        Ok(row) => row.warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| serde_json::to_value(problem).unwrap()).collect()
}

#[test]
fn values_come_in_the_order_of_the_features() {
    let signature = signature();
    let body = br#"{"patient_data":{"smoking":"daily","diabetic":false,"beats":70,"ldl":-1.5}}"#;
    let row = patient(body, &signature).unwrap();
    let expected =
        [Value::Number(-1.5), Value::Number(70.0), Value::Text("daily".into()), Value::Flag(false)];
    assert_eq!(row.values, expected);
}

#[test]
fn optional_features_may_be_missing_and_a_required_one_may_not() {
    let signature = signature();
    let row = patient(br#"{"patient_data":{"beats":70}}"#, &signature).unwrap();
    assert_eq!(row.values[2], Value::Missing);
    assert_eq!(problems("{}").len(), 1);
}

#[test]
fn an_unknown_category_is_refused_with_those_that_are_known() {
    let expected = json!([{
        "type": "literal_error",
        "loc": ["body", "patient_data", "smoking"],
        "msg": "Input should be 'never', 'former' or 'daily'",
        "input": "weekly",
        "ctx": {"expected": "'never', 'former' or 'daily'"},
    }]);
    assert_eq!(json!(problems(r#"{"beats":70,"smoking":"weekly"}"#)), expected);
}

#[test]
fn a_model_that_takes_unusual_values_gets_them_with_a_warning() {
    let signature = signature();
    let row = patient(br#"{"patient_data":{"beats":301}}"#, &signature).unwrap();
    assert_eq!((&row.values[1], row.warnings.len()), (&Value::Number(301.0), 1));
    assert_eq!(row.warnings[0].observed(), ("beats".to_owned(), "out_of_range"));
}

#[test]
fn a_bound_is_within_the_range() {
    assert_eq!(problems(r#"{"beats":0,"ldl":-1.5}"#), Vec::<serde_json::Value>::new());
    assert_eq!(problems(r#"{"beats":300}"#), Vec::<serde_json::Value>::new());
}

#[test]
fn of_two_equal_keys_the_last_one_counts() {
    let signature = signature();
    let row = patient(br#"{"patient_data":{"beats":1,"beats":2}}"#, &signature).unwrap();
    assert_eq!(row.values[1], Value::Number(2.0));
}

#[test]
fn a_whole_number_may_have_a_point_and_no_fraction() {
    assert_eq!(problems(r#"{"beats":65.0}"#), Vec::<serde_json::Value>::new());
    assert_eq!(problems(r#"{"beats":65.5}"#)[0]["type"], "int_from_float");
}

#[test]
fn each_kind_refuses_the_types_of_the_others() {
    let types = |data| problems(data).iter().map(|p| p["type"].clone()).collect::<Vec<_>>();
    let data = r#"{"ldl":"1","beats":true,"smoking":2,"diabetic":1}"#;
    assert_eq!(types(data), ["float_type", "float_type", "string_type", "bool_type"]);
}

#[test]
fn features_that_the_model_does_not_know_are_counted() {
    let signature = signature();
    let row = patient(br#"{"patient_data":{"beats":1,"a":1,"a":2,"b":3}}"#, &signature).unwrap();
    assert_eq!(row.unknown_features, 3);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = patient(&body, &signature());
    }

    #[test]
    fn no_text_of_json_characters_makes_it_panic(body in r#"[{}\[\]":,\\u0-9eE+\-.a-f \n]{0,80}"#) {
        let _ = patient(body.as_bytes(), &signature());
    }

    #[test]
    fn a_number_arrives_as_it_was_written(number in -1.5..1e308) {
        let (body, signature) =
            (format!(r#"{{"patient_data":{{"beats":1,"ldl":{number}}}}}"#), signature());
        prop_assert_eq!(&patient(body.as_bytes(), &signature).unwrap().values[0], &Value::Number(number));
    }

    #[test]
    fn a_position_lies_within_the_body(cut in 0_usize..47, text in "[^\u{0}]{0,10}") {
        let body = format!("{}{text}", &r#"{"patient_data": {"age": 65, "cholesterol": 240}}"#[..cut]);
        let signature = signature();
        if let Err(problems) = patient(body.as_bytes(), &signature) {
            let problem = serde_json::to_value(&problems[0]).unwrap();
            if problem["type"] == "json_invalid" {
                let position = problem["loc"][1].as_u64().unwrap();
                prop_assert!(position <= body.len() as u64);
            }
        }
    }

    #[test]
    fn what_is_sent_back_is_json(value in r#"("([^"\\\x00-\x1f]|\\u[0-9a-f]{4}|\\n)*"|-?[1-9][0-9]{0,400}(e[0-9]{1,4})?|\[{1,200})"#) {
        let close = "]".repeat(value.bytes().filter(|b| *b == b'[').count());
        let body = format!(r#"{{"patient_data":{{"diabetic":{value}{close}}}}}"#);
        let signature = signature();
        if let Err(problems) = patient(body.as_bytes(), &signature) {
            let text = serde_json::to_string(&problems).unwrap();
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}
