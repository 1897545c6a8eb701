use super::*;
use crate::model::{
    Feature, FeatureNotes, Kind, MissingPolicy, NumberRange, OtherUnit, UnusualPolicy, Value,
};
use crate::validate::check::check;
use crate::validate::units::Units;
use proptest::prelude::*;

fn feature(name: &str, kind: Kind, missing: MissingPolicy, unusual: UnusualPolicy) -> Feature {
    Feature { name: name.to_owned(), kind, missing, unusual, group: None }
}

/// A model with one feature of each kind.
fn signature() -> Signature {
    let range = NumberRange {
        minimum: -1.5,
        maximum: f64::INFINITY,
        whole: false,
        missing_values: Vec::new(),
    };
    let beats =
        NumberRange { minimum: 0.0, maximum: 300.0, whole: true, missing_values: Vec::new() };
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

/// The units of the model's first feature.
fn units() -> Vec<FeatureNotes> {
    let other = |code: &str, factor, offset| OtherUnit { code: code.into(), factor, offset };
    vec![FeatureNotes {
        description: String::new(),
        unit: "mg/dL".into(),
        other_units: vec![other("mmol/L", 38.67, 0.0), other("x", -2.0, 1.0)],
        missing: String::new(),
        reference: None,
    }]
}

/// Reads a single row.
fn patient<'a>(body: &'a [u8], signature: &'a Signature) -> Result<Input<'a>, Violations<'a>> {
    let Asked { form, input, .. } = read(body, RowForm::Json, signature, units, None)?;
    assert!(!form.is_batch && input.rows.len == 1);
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
    let data = r#"{"ldl":"one","beats":true,"smoking":2,"diabetic":2}"#;
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
    let violations =
        read(br#"{"instances":{"beats":1}}"#, RowForm::Json, &signature, units, None).unwrap_err();
    assert_eq!(violations.kept[0].issue.kind, "list_type");
}

#[test]
fn patient_data_goes_before_instances() {
    let signature = signature();
    let body = br#"{"instances":7,"patient_data":{"beats":1}}"#;
    assert_eq!(read(body, RowForm::Json, &signature, units, None).unwrap().form, PATIENT);
}

/// Returns the values of the rows of a body, and the kinds of its warnings; or the path of the
/// first violation.
fn rows(body: &str) -> Result<(Vec<f64>, Vec<&'static str>), String> {
    let signature = signature();
    match read(body.as_bytes(), RowForm::Json, &signature, units, None) {
        Ok(Asked { input, .. }) => {
            let beats = input.rows.values.chunks(signature.features.len()).map(|row| &row[1]);
            let number =
                |value: &Value| if let Value::Number(number) = value { *number } else { f64::NAN };
            let kinds = input.accepted.kept.iter().map(|violation| violation.issue.kind);
            Ok((beats.map(number).collect(), kinds.collect()))
        }
        Err(refused) => Err(format!("{:?}", refused.kept[0].place)),
    }
}

#[test]
fn rows_are_taken_in_every_form_that_is_not_ambiguous() {
    for body in [
        r#"{"instances":[{"beats":1},{"beats":2}]}"#,
        r#"{"inputs":[{"beats":1},{"beats":2}]}"#,
        r#"{"dataframe_records":[{"beats":1},{"beats":2}]}"#,
        r#"{"columns":["beats","ldl"],"data":[[1,null],[2,3]],"index":[0,1]}"#,
        r#"{"dataframe_split":{"columns":["beats"],"data":[[1],[2]]}}"#,
        r#"[{"beats":1},{"beats":2}]"#,
    ] {
        assert_eq!(rows(body), Ok((vec![1.0, 2.0], vec![])), "{body}");
    }
    assert_eq!(rows(r#"{"beats":1}"#), Ok((vec![1.0], vec![])));
}

#[test]
fn rows_may_have_their_keys_in_different_orders() {
    let body = r#"[{"beats":1,"ldl":7},{"ldl":7,"beats":2},{"ldl":7,"beats":9,"beats":3},
        {"beats":9,"x":0,"ldl":7,"beats":4},{"beats":5}]"#;
    assert_eq!(rows(body), Ok((vec![1.0, 2.0, 3.0, 4.0, 5.0], vec!["unexpected_keys"])));
}

#[test]
fn a_violation_is_at_its_path_in_every_form() {
    for (body, place) in [
        (r#"{"columns":["beats"],"data":[[1],["x"]]}"#, "Row([\"data\"], 1)"),
        (r#"{"columns":["beats"],"data":[[1,2]]}"#, "Row([\"data\"], 0)"),
        (r#"{"columns":["beats","beats"],"data":[]}"#, "Part([\"data\"])"),
        (r#"{"columns":["beats"],"data":7}"#, "Part([\"data\"])"),
        (r#"{"dataframe_split":{"columns":["beats"]}}"#, "Part([\"dataframe_split\", \"data\"])"),
        (r#"{"dataframe_split":7}"#, "Part([\"dataframe_split\"])"),
        (r#"[{"beats":1},7]"#, "Row([], 1)"),
        (r#"{"beats":"x"}"#, "Part([])"),
        (r#"{"Beats":1}"#, "Part([\"patient_data\"])"),
        (r#"{"inputs":{"beats":1}}"#, "Part([\"inputs\"])"),
    ] {
        assert_eq!(rows(body), Err(place.to_owned()), "{body}");
    }
}

#[test]
fn a_model_with_a_feature_named_as_a_form_takes_rows_under_a_key_only() {
    let mut signature = signature();
    signature.features[1].name = "instances".to_owned();
    assert!(
        read(br#"{"instances":[{"instances":1}]}"#, RowForm::Json, &signature, units, None).is_ok()
    );
    assert!(
        read(br#"{"patient_data":{"instances":1}}"#, RowForm::Json, &signature, units, None)
            .is_ok()
    );
    for body in [&br#"{"ldl":1,"instances":1}"#[..], br#"[{"instances":1}]"#] {
        assert!(
            read(body, RowForm::Json, &signature, units, None).is_err(),
            "{}",
            String::from_utf8_lossy(body)
        );
    }
}

#[test]
fn another_type_that_means_one_thing_is_taken_with_a_warning() {
    for diabetic in ["1", "0", "1.0", "\"true\"", "\"False\"", "\"1\""] {
        let body = format!(r#"{{"beats":1,"diabetic":{diabetic}}}"#);
        assert_eq!(rows(&body), Ok((vec![1.0], vec!["bool_type"])), "{body}");
    }
    let mut signature = signature();
    let names = ["2", "3.0", "True"].map(str::to_owned).to_vec();
    signature.features[2].kind = Kind::Category(names.clone());
    for (given, name) in [("2", "2"), ("2.0", "2"), ("3", "3.0"), ("true", "True")] {
        let body = format!(r#"{{"patient_data":{{"beats":1,"smoking":{given}}}}}"#);
        let input = patient(body.as_bytes(), &signature).unwrap();
        assert_eq!(input.rows.values[2], Value::Text(name.to_owned()), "{given}");
        assert_eq!(input.accepted.kept[0].issue.kind, "string_type");
    }
    // Two categories of one value are two things.
    signature.features[2].kind = Kind::Category(vec!["2.0".into(), "2.00".into()]);
    assert!(patient(br#"{"patient_data":{"beats":1,"smoking":2}}"#, &signature).is_err());
}

#[test]
fn a_key_with_half_of_a_surrogate_pair_is_an_unknown_one() {
    assert_eq!(
        rows(r#"{"patient_data":{"beats":1,"\ud800":2}}"#),
        Ok((vec![1.0], vec!["unexpected_keys"]))
    );
}

#[test]
fn a_warning_of_many_keys_names_the_first() {
    let keys: String = (0..9).map(|key| format!(r#""k{key}{}":1,"#, "x".repeat(50))).collect();
    let (body, signature) = (format!(r#"{{"patient_data":{{{keys}"beats":1}}}}"#), signature());
    let input = patient(body.as_bytes(), &signature).unwrap();
    let message = &input.accepted.kept[0].issue.message;
    assert!(
        message.contains("…' and 4 more, and has no value for 'ldl', 'smoking' and 'diabetic'"),
        "{message}"
    );
    assert!(message.len() < 400, "{message}");
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

#[test]
fn a_number_with_a_unit_is_converted_to_the_features_own() {
    for (given, expected) in [
        (r#"{"value":2,"unit":"mmol/L"}"#, Value::Number(77.34)),
        (r#"{"unit":"mg/dL","value":-1.5}"#, Value::Number(-1.5)),
        (r#"{"value":1.25,"unit":"x"}"#, Value::Number(-1.5)),
        (r#"{"value":null,"unit":"x"}"#, Value::Missing),
    ] {
        let (body, signature) = (format!(r#"{{"ldl":{given},"beats":1}}"#), signature());
        let input = patient(body.as_bytes(), &signature).unwrap();
        assert_eq!(input.rows.values[0], expected, "{given}");
        assert!(input.accepted.is_empty(), "{given}");
    }
}

/// Returns the sentence about a value of the first feature; none if it is taken.
fn sentence(ldl: &str) -> Option<String> {
    let (body, signature) = (format!(r#"{{"ldl":{ldl},"beats":1}}"#), signature());
    patient(body.as_bytes(), &signature).err().map(|violations| violations.sentence())
}

#[test]
fn an_unknown_unit_is_refused_with_the_known_ones() {
    let unknown = sentence(r#"{"value":2,"unit":"g/L"}"#).unwrap();
    assert_eq!(unknown, "The unit should be 'mg/dL', 'mmol/L' or 'x'");
    for other in [r#"{"value":2}"#, r#"{"unit":"x"}"#, r#"{"value":2,"unit":"x","z":1}"#, "{}"] {
        let refused = sentence(other).unwrap();
        assert_eq!(refused, "Input should be a number, or an object with 'value' and 'unit'");
    }
    // A feature without a unit.
    assert_eq!(kinds(r#"{"beats":{"value":60,"unit":"/min"}}"#), ["float_type"]);
}

#[test]
fn a_bare_number_outside_is_refused_with_the_unit_it_would_be_inside_in() {
    let remark = "Input should be greater than or equal to -1.5 mg/dL. It would be inside in x: such \
                  a number goes into {\"value\": …, \"unit\": \"x\"}";
    assert_eq!(sentence("-1.6"), Some(remark.into()));
    let stated = sentence(r#"{"value":2,"unit":"x"}"#);
    assert_eq!(stated, Some("Input should be greater than or equal to -1.5 mg/dL".into()));
}

/// A laboratory value: its range in mg/dL or %, the factor and the offset from mmol/L, µmol/L or
/// mmol/mol, and a usual number there.
type LaboratoryValue = ([f64; 2], [f64; 2], f64);

const LABORATORY: [(&str, LaboratoryValue); 6] = [
    ("total cholesterol", ([130.0, 320.0], [1.0 / 0.02586, 0.0], 5.2)),
    ("HDL cholesterol", ([20.0, 100.0], [1.0 / 0.02586, 0.0], 1.3)),
    ("triglycerides", ([30.0, 1000.0], [88.57, 0.0], 1.4)),
    ("creatinine", ([0.1, 25.0], [1.0 / 88.4, 0.0], 80.0)),
    ("glucose", ([40.0, 600.0], [18.016, 0.0], 5.5)),
    ("HbA1c", ([4.5, 15.0], [0.09148, 2.152], 53.0)),
];

fn laboratory_units() -> Vec<FeatureNotes> {
    let notes = |(_, (_, [factor, offset], _)): (&str, LaboratoryValue)| FeatureNotes {
        other_units: vec![OtherUnit { code: "other".into(), factor, offset }],
        ..units().remove(0)
    };
    LABORATORY.map(notes).into()
}

#[test]
fn a_laboratory_value_in_the_other_unit_is_recognized() {
    let units = Units::new(laboratory_units);
    for (index, (name, ([minimum, maximum], [factor, offset], usual))) in
        LABORATORY.into_iter().enumerate()
    {
        let range = NumberRange { minimum, maximum, whole: false, missing_values: Vec::new() };
        let feature =
            feature(name, Kind::Number(range), MissingPolicy::Refuse, UnusualPolicy::Refuse);
        let mut issue = check(Value::Number(usual), &feature).unwrap_err();
        units.add_remark(index, &feature, &mut issue);
        let remark = issue.message;
        assert!(remark.contains("It would be inside in other"), "{name}: {remark}");
        let own = usual * factor + offset;
        assert!(check(Value::Number(own), &feature).is_ok(), "{name}: {own}");
    }
}

/// A model with one feature, which answers unusual numbers and has a number for a missing value.
fn lenient() -> Signature {
    let missing_values = vec![-999.0, 1.0];
    let range = NumberRange { minimum: -1.5, maximum: 320.0, whole: false, missing_values };
    let kind = Kind::Number(range);
    let ldl = feature("ldl", kind, MissingPolicy::Handle, UnusualPolicy::Accept);
    Signature { features: vec![ldl], ..signature() }
}

#[test]
fn an_accepted_number_in_the_wrong_unit_is_warned_of_with_the_remark() {
    let signature = lenient();
    let warning = |ldl: &str| {
        let body = format!(r#"{{"ldl":{ldl}}}"#);
        patient(body.as_bytes(), &signature).unwrap().accepted.sentence()
    };
    assert!(warning("-1.6").contains("It would be inside in x"));
    let stated = warning(r#"{"value":9,"unit":"mmol/L"}"#);
    assert_eq!(stated, "Input should be less than or equal to 320 mg/dL");
    assert_eq!(warning(r#"{"value":"5.2","unit":"mmol/L"}"#), "Input should be a valid number");
    // Too large for a number.
    let huge = r#"{"ldl":{"value":1e308,"unit":"mmol/L"}}"#;
    let refused = patient(huge.as_bytes(), &signature).unwrap_err().sentence();
    assert_eq!(refused, "Input should be a finite number");
}

#[test]
fn a_number_for_a_missing_value_is_one_before_it_is_converted() {
    let signature = lenient();
    for (ldl, expected) in [
        (r#"{"value":-999,"unit":"mmol/L"}"#, Value::Missing),
        // 0 in the unit x is 1 in the model's own.
        (r#"{"value":0,"unit":"x"}"#, Value::Number(1.0)),
        // A bound that rounding has moved.
        (r#"{"value":8.275148693,"unit":"mmol/L"}"#, Value::Number(8.275148693 * 38.67)),
        (r#"{"value":-159.5000000000001,"unit":"x"}"#, Value::Number(320.0)),
    ] {
        let body = format!(r#"{{"ldl":{ldl}}}"#);
        let input = patient(body.as_bytes(), &signature).unwrap();
        assert_eq!(input.rows.values, [expected], "{ldl}");
    }
}
