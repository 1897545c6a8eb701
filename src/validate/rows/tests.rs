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

/// A single row.
fn patient<'a>(body: &'a [u8], signature: &'a Signature) -> Result<Input<'a>, Problems<'a>> {
    let input = read(body, signature);
    if let Ok(input) = &input {
        assert_eq!((input.form, input.rows.len), (Form::Patient, 1));
    }
    input
}

/// What the client sees of problems.
fn detail(problems: &Problems) -> Vec<serde_json::Value> {
    let body = serde_json::to_value(problems).unwrap();
    body["detail"].as_array().unwrap().clone()
}

/// The problems of a body's `patient_data`, as the client sees them.
fn problems(data: &str) -> Vec<serde_json::Value> {
    let (body, signature) = (format!(r#"{{"patient_data":{data}}}"#), signature());
    match patient(body.as_bytes(), &signature) {
        Ok(input) => {
            input.warnings_of(0).map(|warning| serde_json::to_value(warning).unwrap()).collect()
        }
        Err(problems) => detail(&problems),
    }
}

#[test]
fn values_come_in_the_order_of_the_features() {
    let signature = signature();
    let body = br#"{"patient_data":{"smoking":"daily","diabetic":false,"beats":70,"ldl":-1.5}}"#;
    let input = patient(body, &signature).unwrap();
    let expected =
        [Value::Number(-1.5), Value::Number(70.0), Value::Text("daily".into()), Value::Flag(false)];
    assert_eq!(input.rows.values, expected);
}

#[test]
fn optional_features_may_be_missing_and_a_required_one_may_not() {
    let signature = signature();
    let input = patient(br#"{"patient_data":{"beats":70}}"#, &signature).unwrap();
    assert_eq!(input.rows.values[2], Value::Missing);
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
    let input = patient(br#"{"patient_data":{"beats":301}}"#, &signature).unwrap();
    assert_eq!(input.rows.values[1], Value::Number(301.0));
    let warning = input.warnings_of(0).next().unwrap();
    assert_eq!((warning.feature, warning.reason), (Some("beats"), Reason::OutOfRange));
    assert_eq!(input.warnings_of(1).count(), 0);
}

#[test]
fn a_bound_is_within_the_range() {
    assert_eq!(problems(r#"{"beats":0,"ldl":-1.5}"#), Vec::<serde_json::Value>::new());
    assert_eq!(problems(r#"{"beats":300}"#), Vec::<serde_json::Value>::new());
}

#[test]
fn of_two_equal_keys_the_last_one_counts() {
    let signature = signature();
    let input = patient(br#"{"patient_data":{"beats":1,"beats":2}}"#, &signature).unwrap();
    assert_eq!(input.rows.values[1], Value::Number(2.0));
}

#[test]
fn a_whole_number_may_have_a_point_and_no_fraction() {
    assert_eq!(problems(r#"{"beats":65.0}"#), Vec::<serde_json::Value>::new());
    assert_eq!(problems(r#"{"beats":65.5}"#)[0]["type"], "int_from_float");
}

#[test]
fn each_kind_refuses_the_types_of_the_others() {
    let types = |data| problems(data).iter().map(|p| p["type"].clone()).collect::<Vec<_>>();
    let data = r#"{"ldl":"one","beats":true,"smoking":2,"diabetic":1}"#;
    assert_eq!(types(data), ["float_type", "float_type", "string_type", "bool_type"]);
}

#[test]
fn features_that_the_model_does_not_know_are_counted() {
    let signature = signature();
    let input = patient(br#"{"patient_data":{"beats":1,"a":1,"a":2,"b":3}}"#, &signature).unwrap();
    assert_eq!(input.rows.unknown_features, 3);
}

#[test]
fn a_batch_is_row_after_row() {
    let signature = signature();
    let body = br#"{"instances":[{"beats":1,"ldl":2},{"diabetic":true,"beats":301,"x":0}]}"#;
    let input = read(body, &signature).unwrap();
    assert_eq!((input.form, input.rows.len, input.rows.unknown_features), (Form::Instances, 2, 1));
    let missing = Value::Missing;
    let expected = [
        [Value::Number(2.0), Value::Number(1.0), missing.clone(), missing.clone()],
        [missing.clone(), Value::Number(301.0), missing, Value::Flag(true)],
    ];
    assert_eq!(input.rows.values, expected.concat());
    assert_eq!((input.warnings_of(0).count(), input.warnings_of(1).count()), (0, 1));
}

#[test]
fn what_is_wrong_in_a_batch_is_named_by_row() {
    let signature = signature();
    let body = br#"{"instances":[{"beats":1},7,{"beats":1.5,"diabetic":"no"}]}"#;
    let problems = read(body, &signature).unwrap_err();
    let places: Vec<_> = detail(&problems).iter().map(|problem| problem["loc"].clone()).collect();
    let expected = [
        json!(["body", "instances", 1]),
        json!(["body", "instances", 2, "beats"]),
        json!(["body", "instances", 2, "diabetic"]),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_hundred_problems_are_shown_and_the_others_counted() {
    let signature = signature();
    let row = r#"{"beats":true,"ldl":"one","diabetic":1}"#;
    let body = format!(r#"{{"instances":[{}{row}]}}"#, format!("{row},").repeat(79));
    let problems = read(body.as_bytes(), &signature).unwrap_err();
    let shown = serde_json::to_value(&problems).unwrap();
    assert_eq!((shown["detail"].as_array().unwrap().len(), &shown["more"]), (100, &json!(140)));
}

#[test]
fn instances_have_to_be_a_list() {
    let signature = signature();
    let problems = read(br#"{"instances":{"beats":1}}"#, &signature).unwrap_err();
    assert_eq!(detail(&problems)[0]["type"], "list_type");
}

#[test]
fn patient_data_goes_before_instances() {
    let signature = signature();
    let body = br#"{"instances":7,"patient_data":{"beats":1}}"#;
    assert_eq!(read(body, &signature).unwrap().form, Form::Patient);
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
        prop_assert_eq!(&patient(body.as_bytes(), &signature).unwrap().rows.values[0], &Value::Number(number));
    }

    #[test]
    fn a_position_lies_within_the_body(cut in 0_usize..47, text in "[^\u{0}]{0,10}") {
        let body = format!("{}{text}", &r#"{"patient_data": {"age": 65, "cholesterol": 240}}"#[..cut]);
        let signature = signature();
        if let Err(problems) = patient(body.as_bytes(), &signature) {
            let problem = &detail(&problems)[0];
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
