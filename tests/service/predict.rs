//! `POST /predict`.

use super::{ANSWER, EXAMPLE, predict, scrape, serve, serve_with};
use serde_json::{Value, json};

#[test]
fn the_blueprints_exchange_is_answered_byte_for_byte() {
    let response = serve().post("/predict", EXAMPLE);
    assert_eq!((response.status, response.text()), (200, ANSWER));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("content-length"), Some("69"));
}

#[test]
fn sixty_years_are_low_risk_and_cholesterol_is_optional() {
    let response = serve().post("/predict", r#"{"patient_data":{"age":60}}"#);
    let answer = r#"{"prediction":"Low Risk","confidence":0.75,"model_version":"v1.0.0"}"#;
    assert_eq!((response.status, response.text()), (200, answer));
}

#[test]
fn a_body_that_means_the_same_is_answered_alike() {
    let server = serve();
    for (case, body) in [
        ("null is a missing value", r#"{"patient_data":{"age":65,"cholesterol":null}}"#),
        (
            "unknown keys are ignored",
            r#"{"patient_data":{"age":65,"cholesterol":null,"x":{"y":["z"]}},"trace":1}"#,
        ),
        ("the last key counts", r#"{"patient_data":7,"patient_data":{"age":"old","age":65}}"#),
        ("an escaped key is what it stands for", r#"{"patient\u005fdata":{"\u0061ge":65}}"#),
    ] {
        let response = server.post("/predict", body);
        assert_eq!((response.status, response.text()), (200, ANSWER), "{case}");
    }
}

/// The `detail` of the 422 that a body gets.
fn detail(body: &str) -> Value {
    let response = serve().post("/predict", body);
    assert_eq!(response.status, 422, "{}", response.text());
    response.json()["detail"].clone()
}

#[test]
fn every_violation_is_in_one_answer() {
    let expected = json!([
        {
            "type": "float_type",
            "loc": ["body", "patient_data", "age"],
            "msg": "Input should be a valid number",
            "input": "old",
        },
        {
            "type": "less_than_equal",
            "loc": ["body", "patient_data", "cholesterol"],
            "msg": "Input should be less than or equal to 2000",
            "input": 2001,
            "ctx": {"le": 2000.0},
        },
    ]);
    assert_eq!(detail(r#"{"patient_data":{"age":"old","cholesterol":2001}}"#), expected);
}

#[test]
fn a_number_below_its_range_is_refused_with_the_bound() {
    let violation = &detail(r#"{"patient_data":{"age":-0.5}}"#)[0];
    assert_eq!(violation["type"], "greater_than_equal");
    assert_eq!(violation["msg"], "Input should be greater than or equal to 0");
    assert_eq!(violation["ctx"], json!({"ge": 0.0}));
}

#[test]
fn what_is_missing_is_named_beside_the_object_that_lacks_it() {
    for (body, loc, input) in [
        (r#"{"patient_data":{"x":1}}"#, json!(["body", "patient_data", "age"]), json!({"x": 1})),
        (r#"{"Age":65}"#, json!(["body", "patient_data"]), json!({"Age": 65})),
        (" \n", json!(["body"]), Value::Null),
    ] {
        let (kind, msg) = ("missing", "Field required");
        let violation = json!({ "type": kind, "loc": loc, "msg": msg, "input": input });
        assert_eq!(detail(body), json!([violation]), "{body}");
    }
}

#[test]
fn a_number_too_large_for_any_float_is_not_finite() {
    let violation = &detail(r#"{"patient_data":{"age":1e999}}"#)[0];
    assert_eq!(violation["type"], "finite_number");
    // Shown as text: many parsers would not take it as a number.
    assert_eq!(violation["input"], "1e999");
}

#[test]
fn unusual_json_is_shown_as_text() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for input in [r#""\ud800""#, &deep, &"9".repeat(400)] {
        let violation = &detail(&format!(r#"{{"patient_data":{{"age":{input}}}}}"#))[0];
        assert_eq!(violation["input"], input);
    }
}

#[test]
fn patient_data_must_be_an_object() {
    let violation = &detail(r#"{"patient_data":[65,240]}"#)[0];
    assert_eq!(violation["type"], "dict_type");
    assert_eq!(violation["loc"], json!(["body", "patient_data"]));
}

#[test]
fn malformed_json_names_the_position() {
    let violation = &detail("{\"patient_data\":\n  {\"age\": 65,}}")[0];
    assert_eq!(violation["type"], "json_invalid");
    assert_eq!(violation["loc"], json!(["body", 30]));
    let error = violation["ctx"]["error"].as_str().unwrap();
    assert!(error.contains("line 2 column 14"), "{error}");
}

#[test]
fn long_input_is_not_sent_back() {
    let body = format!(r#"{{"patient_data":{{"age":"{}"}}}}"#, "x".repeat(5000));
    assert_eq!(detail(&body)[0]["input"], "<5002 bytes>");
}

#[test]
fn a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_413() {
    let server = serve();
    let mut body = EXAMPLE.as_bytes().to_vec();
    body.resize(1 << 20, b' ');
    assert_eq!(server.post("/predict", body.clone()).text(), ANSWER);
    body.push(b' ');
    let response = server.post("/predict", body);
    assert_eq!(response.status, 413);
    assert_eq!(response.text(), r#"{"detail":"The body is larger than 1048576 bytes"}"#);
}

#[test]
fn a_variable_sets_the_largest_body() {
    let server = serve_with(&[("max_body_bytes", "5000")]);
    let mut body = EXAMPLE.as_bytes().to_vec();
    body.resize(5000, b' ');
    assert_eq!(server.post("/predict", body.clone()).status, 200);
    body.push(b' ');
    assert_eq!(server.post("/predict", body).status, 413);
}

#[test]
fn a_connection_serves_on_after_a_refusal() {
    let server = serve();
    let mut client = server.client();
    assert_eq!(predict(&mut client, "{").status, 422);
    assert_eq!(predict(&mut client, EXAMPLE).text(), ANSWER);
}

/// FastAPI takes them, since forms send them.
#[test]
fn a_number_in_quotes_is_taken_and_is_unusual() {
    let server = serve();
    let body = r#"{"patient_data": {"age": "65", "cholesterol": "2.4e2"}}"#;
    let answer = server.post("/predict", body).json();
    assert_eq!(answer["prediction"], "High Risk");
    assert_eq!(answer["confidence"], 0.92);
    let warning = &answer["warnings"][0];
    assert_eq!((&warning["loc"][2], &warning["input"]), (&json!("age"), &json!("65")));
    let scrape = scrape(&mut server.client());
    let labels = |feature| format!("feature=\"{feature}\",reason=\"wrong_type\"");
    assert_eq!(scrape.sum("model_invalid_inputs_total", &labels("age")), 1.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", &labels("cholesterol")), 1.0);
}

#[test]
fn a_string_is_refused_unless_it_is_a_json_number() {
    for text in
        ["", " 65", "65 ", "0x41", "+65", "065", "NaN", "Infinity", "6_5", "1e", "true", "1 2"]
    {
        let violation = &detail(&format!(r#"{{"patient_data":{{"age":"{text}"}}}}"#))[0];
        assert_eq!(violation["type"], "float_type", "{text}");
    }
    assert_eq!(detail(r#"{"patient_data":{"age":"1e999"}}"#)[0]["type"], "finite_number");
}

#[test]
fn null_in_the_place_of_one_form_leaves_the_other() {
    let server = serve();
    let mut client = server.client();
    let body = r#"{"patient_data": null, "instances": [{"age": 65}]}"#;
    assert_eq!(predict(&mut client, body).json()["predictions"].as_array().unwrap().len(), 1);
    let body = r#"{"instances": null, "patient_data": {"age": 65}}"#;
    assert_eq!(predict(&mut client, body).json()["prediction"], "High Risk");
    assert_eq!(detail(r#"{"patient_data": null, "instances": null}"#)[0]["type"], "dict_type");
}
