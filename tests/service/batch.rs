//! `POST /predict` with many rows.

use super::{scrape, serve, serve_changed, with_default};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};

fn send(server: &TestServer, body: &Value) -> Response {
    server.send(&Request::post("/predict", body.to_string()))
}

#[test]
fn each_row_is_answered_in_order_as_if_it_were_alone() {
    let instances = json!([{"age": 65, "cholesterol": 240}, {"age": 45}, {"age": 61}]);
    let response = send(&serve(), &json!({ "instances": instances }));
    let answer = |prediction, confidence: f64| json!({"prediction": prediction, "confidence": confidence, "model_version": "v1.0.0"});
    let predictions =
        [answer("High Risk", 0.92), answer("Low Risk", 0.75), answer("High Risk", 0.92)];
    assert_eq!((response.status, response.json()), (200, json!({ "predictions": predictions })));
}

#[test]
fn a_batch_without_rows_has_no_predictions() {
    let response = send(&serve(), &json!({"instances": []}));
    assert_eq!((response.status, response.text()), (200, r#"{"predictions":[]}"#));
}

#[test]
fn violations_of_all_rows_are_in_one_answer_by_row() {
    let instances = json!([{"age": 65}, {"age": 200, "cholesterol": "x"}, [], {}]);
    let response = send(&serve(), &json!({ "instances": instances }));
    assert_eq!(response.status, 422);
    let detail = response.json()["detail"].clone();
    let places: Vec<_> = detail.as_array().unwrap().iter().map(|one| one["loc"].clone()).collect();
    let expected = [
        json!(["body", "instances", 1, "age"]),
        json!(["body", "instances", 1, "cholesterol"]),
        json!(["body", "instances", 2]),
        json!(["body", "instances", 3, "age"]),
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_thousand_rows_are_one_call_into_the_model() {
    let server = serve_changed(|text| with_default(text, "drift_sample_interval", "1"));
    let instances: Vec<_> = (0..1000).map(|row| json!({"age": row % 100, "x": 1})).collect();
    let response = send(&server, &json!({ "instances": instances }));
    assert_eq!(response.json()["predictions"].as_array().unwrap().len(), 1000);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 1.0);
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"High Risk\""), 390.0);
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"Low Risk\""), 610.0);
    assert_eq!(scrape.sum("model_prediction_confidence_count", ""), 1000.0);
    assert_eq!(scrape.sum("model_feature_bin_total", "feature=\"age\""), 1000.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"unknown_feature\""), 1000.0);
    assert_eq!(scrape.sum("http_requests_total", "handler=\"/predict\""), 1.0);
}

#[test]
fn a_variable_sets_the_largest_batch() {
    let server = serve_changed(|text| with_default(text, "max_batch_rows", "1001"));
    let batch = |rows| json!({"instances": vec![json!({"age": 1}); rows]});
    assert_eq!(send(&server, &batch(1001)).status, 200);
    let response = send(&server, &batch(1002));
    assert_eq!(response.status, 422);
    let problem = &response.json()["detail"][0];
    assert_eq!(problem["type"], "too_long");
    assert_eq!(problem["msg"], "List should have at most 1001 items, not 1002");
    assert_eq!(problem["ctx"], json!({"max_length": 1001}));
}

#[test]
fn ten_thousand_rows_are_taken_and_one_more_is_not() {
    let server = serve();
    let batch = |rows| json!({"instances": vec![json!({"age": 1}); rows]});
    assert_eq!(send(&server, &batch(10_000)).status, 200);
    assert_eq!(send(&server, &batch(10_001)).status, 422);
}

#[test]
fn a_batch_of_rubbish_is_answered_in_little_and_counted_whole() {
    let server = serve();
    let response = send(&server, &json!({"instances": vec![json!({"age": "x".repeat(40)}); 9000]}));
    assert_eq!(response.status, 422);
    assert!(response.body.len() < 32 * 1024, "{} bytes", response.body.len());
    assert_eq!(response.json()["more"], 8900);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"wrong_type\""), 9000.0);
}
