//! `POST /predict` with many rows.

use super::{manifest, scrape, serve, serve_with, with_default};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};

fn send(server: &TestServer, body: &Value) -> Response {
    server.post("/predict", body.to_string())
}

fn batch(rows: usize) -> Value {
    json!({"instances": vec![json!({"age": 1}); rows]})
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
    let server = serve_with(&[("drift_sample_interval", "1")]);
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

/// The sample of 10,000 rows is expected to have 625, give or take 24 (the standard deviation).
#[test]
fn one_row_in_sixteen_is_sampled_for_drift() {
    let server = serve();
    assert_eq!(send(&server, &batch(10_000)).status, 200);
    let scrape = scrape(&mut server.client());
    let sampled = scrape.sum("model_feature_bin_total", "feature=\"age\"");
    assert!((400.0..850.0).contains(&sampled), "{sampled}");
}

#[test]
fn a_variable_sets_the_largest_batch() {
    let server = serve_with(&[("max_batch_rows", "101")]);
    assert_eq!(send(&server, &batch(101)).status, 200);
    let response = send(&server, &batch(102));
    assert_eq!(response.status, 422);
    let problem = &response.json()["detail"][0];
    assert_eq!(problem["type"], "too_long");
    assert_eq!(problem["msg"], "List should have at most 101 items, not 102");
    assert_eq!(problem["ctx"], json!({"max_length": 101}));
    let schemas = server.get("/openapi.json").json()["components"]["schemas"].clone();
    assert_eq!(schemas["BatchRequest"]["properties"]["instances"]["maxItems"], 101);
}

#[test]
fn a_variable_sets_the_largest_number_of_values() {
    let server = serve_with(&[("max_batch_values", "301")]);
    assert_eq!(send(&server, &batch(150)).status, 200);
    assert_eq!(send(&server, &batch(151)).status, 422);
    let body = json!({"inputs": [
        {"name": "age", "datatype": "FP64", "shape": [151], "data": vec![1; 151]},
    ]});
    let infer = Request::post("/v2/models/heart-risk-demo/infer", body.to_string());
    let response = server.send(&infer);
    assert_eq!(
        (response.status, response.text()),
        (400, r#"{"error":"151 rows are more than 150"}"#)
    );
}

#[test]
fn ten_thousand_rows_are_taken_and_one_more_is_not() {
    let server = serve();
    assert_eq!(send(&server, &batch(10_000)).status, 200);
    assert_eq!(send(&server, &batch(10_001)).status, 422);
}

#[test]
fn a_refused_batch_is_counted_like_an_answered_one() {
    let server = serve();
    let rows = json!([{"age": 65, "x": 1}, {"age": -1, "y": 2}]);
    assert_eq!(send(&server, &json!({ "instances": rows })).status, 422);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"unknown_feature\""), 2.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"out_of_range\""), 1.0);
}

#[test]
fn a_list_longer_than_any_limit_is_refused() {
    let server = TestServer::start(
        &manifest(|text| with_default(text, "max_body_bytes", "8388608")),
        |settings| settings.limits.body_bytes = 8 << 20,
    );
    let body = format!(r#"{{"instances":[{}1]}}"#, "1,".repeat(4_000_000));
    let response = server.post("/predict", body);
    assert_eq!(response.status, 422);
    assert!(response.text().contains("not 4000001"), "{}", response.text());
    let body = format!(
        r#"{{"inputs":[{{"name":"age","datatype":"FP64","shape":[1],"data":[{}1]}}]}}"#,
        "1,".repeat(4_000_000)
    );
    let response = server.post("/v2/models/heart-risk-demo/infer", body);
    assert_eq!(response.status, 400);
    assert!(response.text().contains("the data has 4000001"), "{}", response.text());
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
