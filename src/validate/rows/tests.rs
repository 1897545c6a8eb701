use super::*;
use crate::model::{Feature, Kind, MissingPolicy, NumberRange, UnusualPolicy, Value};
use proptest::prelude::*;

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

/// Reads a single row.
fn patient<'a>(body: &'a [u8], signature: &'a Signature) -> Result<Input<'a>, Violations<'a>> {
    let (form, input) = read(body, signature)?;
    assert_eq!((form, input.rows.len), (Form::Patient, 1));
    Ok(input)
}

/// Returns the kinds of all violations of a body's `patient_data`, refused or accepted.
fn kinds(data: &str) -> Vec<&'static str> {
    let (body, signature) = (format!(r#"{{"patient_data":{data}}}"#), signature());
    let violations = match patient(body.as_bytes(), &signature) {
        Ok(input) => input.accepted,
        Err(refused) => refused,
    };
    violations.kept.iter().map(|violation| violation.issue.kind).collect()
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
fn a_bound_is_within_the_range() {
    assert!(kinds(r#"{"beats":0,"ldl":-1.5}"#).is_empty());
    assert!(kinds(r#"{"beats":300}"#).is_empty());
}

#[test]
fn a_whole_number_may_have_a_point_and_no_fraction() {
    assert!(kinds(r#"{"beats":65.0}"#).is_empty());
    assert_eq!(kinds(r#"{"beats":65.5}"#), ["int_from_float"]);
}

#[test]
fn each_kind_refuses_the_types_of_the_others() {
    let data = r#"{"ldl":"one","beats":true,"smoking":2,"diabetic":1}"#;
    assert_eq!(kinds(data), ["float_type", "float_type", "string_type", "bool_type"]);
}

#[test]
fn unknown_keys_are_counted() {
    let signature = signature();
    let input = patient(br#"{"patient_data":{"beats":1,"a":1,"a":2,"b":3}}"#, &signature).unwrap();
    let unknown = ("other".to_owned(), "unknown_feature");
    assert_eq!(input.accepted.counts.0, BTreeMap::from([(unknown, 3)]));
}

#[test]
fn instances_have_to_be_a_list() {
    let signature = signature();
    let violations = read(br#"{"instances":{"beats":1}}"#, &signature).unwrap_err();
    assert_eq!(violations.kept[0].issue.kind, "list_type");
}

#[test]
fn patient_data_goes_before_instances() {
    let signature = signature();
    let body = br#"{"instances":7,"patient_data":{"beats":1}}"#;
    assert_eq!(read(body, &signature).unwrap().0, Form::Patient);
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
        if let Err(violations) = patient(body.as_bytes(), &signature)
            && let Place::Offset(offset) = violations.kept[0].place
        {
            prop_assert!(offset <= body.len());
        }
    }
}
