//! Numbers in other units.

use super::{ANSWER, scrape, serve, serve_model};
use serde_json::{Value, json};

/// A row of the guest `tests/guests/triage`.
fn row(temperature: Value) -> String {
    let row = json!({"beats": 70, "temperature": temperature, "conscious": true});
    json!({ "patient_data": row }).to_string()
}

#[test]
fn a_number_with_a_known_unit_is_answered_as_the_bare_one() {
    let server = serve();
    for cholesterol in [r#"{"value":6.2,"unit":"mmol/L"}"#, r#"{"unit":"mg/dL","value":240}"#] {
        let body = format!(r#"{{"patient_data":{{"age":65,"cholesterol":{cholesterol}}}}}"#);
        assert_eq!(server.post("/predict", body).text(), ANSWER);
    }
    let rows = r#"{"instances":[{"age":65,"cholesterol":{"value":null,"unit":"mmol/L"}}]}"#;
    let expected = format!(r#"{{"predictions":[{ANSWER}]}}"#);
    assert_eq!(server.post("/v1/models/heart-risk-demo:predict", rows).text(), expected);
}

#[test]
fn an_explanation_has_the_number_in_the_features_own_unit() {
    let server = serve_model("triage");
    for (given, expected) in
        [(json!(38.5), 38.5), (json!({"value": 101.3, "unit": "[degF]"}), 38.5)]
    {
        let response = server.post("/explain", row(given));
        let explanation = &response.json()["explanation"][0]["contributions"];
        let parts = explanation.as_array().unwrap_or_else(|| panic!("{}", response.text()));
        let part = parts.iter().find(|part| part["feature"] == "temperature").unwrap();
        let value = part["value"].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-12, "{value}");
    }
}

#[test]
fn an_unknown_unit_is_422_and_named_with_the_known_ones() {
    let server = serve_model("triage");
    let response = server.post("/predict", row(json!({"value": 310, "unit": "K"})));
    let violation = &response.json()["detail"][0];
    assert_eq!(response.status, 422);
    assert_eq!(violation["loc"], json!(["body", "patient_data", "temperature"]));
    assert_eq!(violation["msg"], "The unit should be 'Cel' or '[degF]'");
    assert_eq!(violation["input"], json!({"value": 310, "unit": "K"}));
    let counted = scrape(&mut server.client())
        .sum("model_invalid_inputs_total", r#"feature="temperature",reason="unknown_unit""#);
    assert_eq!(counted, 1.0);
}

#[test]
fn a_number_that_fits_another_unit_is_refused_with_that_remark() {
    let server = serve_model("triage");
    let message = |temperature: Value| {
        let response = server.post("/predict", row(temperature));
        assert_eq!(response.status, 422);
        response.json()["detail"][0]["msg"].as_str().unwrap().to_owned()
    };
    let remark = message(json!(98.6));
    assert!(remark.contains("It would be inside in [degF]"), "{remark}");
    // Not if its unit is stated, nor if it fits in none.
    for other in [json!({"value": 98.6, "unit": "Cel"}), json!(5000)] {
        assert!(!message(other).contains("inside"));
    }
    // The inference protocol says it too.
    let input = |name: &str, datatype: &str, data: Value| json!({"name": name, "datatype": datatype, "shape": [1], "data": data});
    let inputs = [
        input("beats", "FP64", json!([70])),
        input("temperature", "FP64", json!([98.6])),
        input("conscious", "BOOL", json!([true])),
    ];
    let response = server.post("/v2/models/triage/infer", json!({ "inputs": inputs }).to_string());
    assert!(response.text().contains("It would be inside in [degF]"), "{}", response.text());
}
