//! Other models bring their own API, and change nothing in the service.

use super::{EXAMPLE, errors, model_manifest, scrape, serve_model};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

fn predict(server: &TestServer, row: Value) -> Response {
    server.post("/predict", json!({ "patient_data": row }).to_string())
}

fn infer(server: &TestServer, inputs: Value) -> Response {
    let body = json!({ "inputs": inputs }).to_string();
    server.post("/v2/models/triage/infer", body)
}

#[test]
fn several_outputs_are_answered_by_name() {
    let server = serve_model("triage");
    let response = predict(&server, json!({"beats": 70, "conscious": true}));
    let expected = json!({
        "prediction": {"urgency": "calm", "wait": 60.0},
        "model_version": "2",
        "groups": {"beats": "60 to <100", "conscious": "true"},
    });
    assert_eq!((response.status, response.json()), (200, expected));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"calm\""), 1.0);
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"wait\""), 1.0);
    assert_eq!(scrape.sum("model_prediction_confidence_count", ""), 1.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 1.0);
    assert_eq!(
        scrape.sum("http_requests_total", "handler=\"/predict\",method=\"POST\",status=\"2xx\""),
        1.0
    );
}

#[test]
fn an_accepted_unusual_value_is_a_warning_in_its_row() {
    let server = serve_model("triage");
    let rows = json!([{"beats": 70, "conscious": true}, {"beats": 301, "conscious": true}]);
    let body = json!({ "instances": rows }).to_string();
    let response = server.post("/predict", body).json();
    assert_eq!(response["predictions"][0].get("warnings"), None);
    let warning = &response["predictions"][1]["warnings"][0];
    assert_eq!(warning["loc"], json!(["body", "instances", 1, "beats"]));
    let inputs = json!([
        {"name": "beats", "datatype": "INT64", "shape": [2], "data": [70, 301]},
        {"name": "conscious", "datatype": "BOOL", "shape": [2], "data": [true, true]},
    ]);
    let response = infer(&server, inputs).json();
    let expected = "input \"beats\", row 1: Input should be less than or equal to 300";
    assert_eq!(response["parameters"]["warnings"], expected);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"out_of_range\""), 2.0);
}

#[test]
fn a_hundred_warnings_are_shown_and_the_others_counted() {
    let server = serve_model("triage");
    let rows = vec![json!({"beats": 301, "conscious": true}); 250];
    let body = json!({ "instances": rows }).to_string();
    let response = server.post("/predict", body).json();
    assert_eq!(response["more_warnings"], 150);
    assert!(response["predictions"][99].get("warnings").is_some());
    assert_eq!(response["predictions"][100].get("warnings"), None);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"out_of_range\""), 250.0);
}

#[test]
fn a_row_refused_by_the_model_is_422() {
    let server = serve_model("triage");
    let row = json!({"beats": 70, "arrival": "on foot", "conscious": false});
    let response = predict(&server, row.clone());
    assert_eq!(response.status, 422);
    let problem = &response.json()["detail"][0];
    assert_eq!(problem["msg"], "Nobody comes on foot unconscious");
    assert_eq!(problem["loc"], json!(["body", "patient_data"]));
    let body = json!({"instances": [{"beats": 70, "conscious": true}, row]}).to_string();
    let response = server.post("/predict", body);
    assert_eq!(response.json()["detail"][0]["loc"], json!(["body", "instances", 1]));
    let inputs = json!([
        {"name": "beats", "datatype": "INT64", "shape": [1], "data": [70]},
        {"name": "arrival", "datatype": "BYTES", "shape": [1], "data": ["on foot"]},
        {"name": "conscious", "datatype": "BOOL", "shape": [1], "data": [false]},
    ]);
    let response = infer(&server, inputs);
    let message = "row 0: Nobody comes on foot unconscious";
    assert_eq!((response.status, response.json()), (400, json!({ "error": message })));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"unanswerable\""), 3.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 3.0);
    assert_eq!(scrape.sum("model_predictions_total", ""), 0.0);
}

#[test]
fn tensors_are_those_of_the_model() {
    let server = serve_model("triage");
    let metadata = server.get("/v2/models/triage").json();
    let tensor = |name: &str, datatype: &str, shape: Value| json!({"name": name, "datatype": datatype, "shape": shape});
    let with_unit = |name: &str, datatype: &str, unit: &str| {
        let mut tensor = tensor(name, datatype, json!([-1]));
        tensor["parameters"] = json!({ "unit": unit });
        tensor
    };
    let expected = json!([
        with_unit("beats", "INT64", "/min"),
        with_unit("temperature", "FP64", "Cel"),
        tensor("arrival", "BYTES", json!([-1])),
        tensor("conscious", "BOOL", json!([-1])),
    ]);
    assert_eq!(metadata["inputs"], expected);
    let expected = json!([
        tensor("urgency", "BYTES", json!([-1])),
        tensor("urgency_confidence", "FP64", json!([-1])),
        tensor("urgency_probabilities", "FP64", json!([-1, 2])),
        tensor("urgency_contributions", "FP64", json!([-1, 5])),
        tensor("wait", "FP64", json!([-1])),
        tensor("wait_contributions", "FP64", json!([-1, 5])),
    ]);
    assert_eq!(metadata["outputs"], expected);
    let inputs = json!([
        {"name": "beats", "datatype": "INT64", "shape": [2], "data": [70, 130]},
        {"name": "conscious", "datatype": "BOOL", "shape": [2], "data": [true, true]},
    ]);
    let outputs = infer(&server, inputs).json()["outputs"].clone();
    // What the model does not state is null.
    assert_eq!(outputs[1]["data"], json!([0.75, null]));
    assert_eq!(outputs[2]["shape"], json!([2, 2]));
    assert_eq!(outputs[2]["data"], json!([0.75, 0.25, 0.5, 0.5]));
    assert_eq!(outputs[3]["data"], json!([60.0, 0.0]));
}

#[test]
fn a_flag_is_a_number_in_a_tensor_of_numbers_and_a_category_is_not() {
    let server = serve_model("triage");
    let matrix =
        |row: Value| json!([{"name": "rows", "datatype": "FP64", "shape": [1, 4], "data": row}]);
    assert_eq!(infer(&server, matrix(json!([70, 36.5, null, 1]))).status, 200);
    for (row, message) in [
        (json!([70, 36.5, 0, 1]), "input \"arrival\", row 0: Input should be a valid string"),
        (json!([70, 36.5, null, 2]), "input \"conscious\", row 0: Input should be a valid boolean"),
    ] {
        let response = infer(&server, matrix(row));
        assert_eq!((response.status, response.json()), (400, json!({ "error": message })));
    }
}

#[test]
fn a_model_is_not_ready_if_it_fails_its_examples() {
    let server = serve_model("silent");
    for (path, expected) in [
        ("/v2/health/ready", json!({"ready": false})),
        ("/v2/models/silent/ready", json!({"name": "silent", "ready": false})),
    ] {
        let response = server.get(path);
        assert_eq!((response.status, response.json()), (503, expected), "{path}");
    }
    let line = server.logged("not ready");
    assert!(line.contains("it gave 0 answers for its 1 examples"), "{line}");
    assert_eq!(server.get("/v2/health/live").status, 200);
}

#[test]
fn a_prediction_is_500_if_the_model_breaks_its_contract() {
    let server = serve_model("silent");
    let response = server.post("/predict", EXAMPLE);
    assert_eq!(
        (response.status, response.text()),
        (500, r#"{"detail":"The model gave no answer"}"#)
    );
    let line = server.logged("0 answers for 1 rows");
    assert!(line.contains("request_id="), "{line}");
}

/// A body for the guest `tests/guests/faulty-model`.
fn with_fault(fault: &str) -> Request {
    Request::post("/predict", json!({"patient_data": {"fault": fault}}).to_string())
}

#[test]
fn an_answer_that_the_description_forbids_is_500_counted_and_logged() {
    let server = serve_model("faulty_model");
    for (fault, what) in [
        ("no output", "0 outputs, and its description has 1"),
        ("two outputs", "2 outputs, and its description has 1"),
        ("another kind", "another kind of output for its output \"risk\""),
        ("confidence NaN", "a confidence or probability of NaN"),
        ("confidence infinite", "a confidence or probability of inf"),
        ("confidence above 1", "a confidence or probability of 1.5"),
        ("confidence below 0", "a confidence or probability of -0.5"),
        ("probability NaN", "a confidence or probability of NaN"),
        ("probability above 1", "a confidence or probability of 2"),
    ] {
        let response =
            server.send(&with_fault(fault).header("x-request-id", &fault.replace(' ', "-")));
        let expected = (500, r#"{"detail":"The model gave no answer"}"#);
        assert_eq!((response.status, response.text()), expected, "{fault}");
        let id = fault.replace(' ', "-");
        let line = format!("the model answered row 0 with {what} request_id={id}");
        server.logged(&line);
    }
    assert_eq!(server.send(&with_fault("none")).status, 200);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("http_requests_total", "status=\"5xx\""), 9.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 10.0);
    assert_eq!(scrape.sum("model_predictions_total", ""), 1.0);
    assert_eq!(scrape.sum("model_prediction_confidence_count", ""), 1.0);
}

/// A look at the description would cost each prediction time.
#[test]
fn a_class_that_is_not_described_is_answered_counted_by_its_label_and_logged_at_a_scrape() {
    let server = serve_model("faulty_model");
    scrape(&mut server.client());
    let response = server.send(&with_fault("unknown label"));
    assert_eq!((response.status, &response.json()["prediction"]), (200, &json!("other")));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"other\""), 1.0);
    let warning = "the model has answered with a class that is not in its description";
    let lines = server.stop();
    assert_eq!(lines.iter().filter(|line| line.contains(warning)).count(), 1, "{lines:?}");
}

#[test]
fn a_model_that_traps_loops_or_takes_all_memory_costs_its_own_request_alone() {
    let server = TestServer::start(&model_manifest("faulty_model"), |settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    });
    let mut looping = server.client();
    looping.begin(&with_fault("loop"));
    for (fault, status, line) in [
        ("trap", 500, "service: trapped: wasm trap: wasm `unreachable` instruction executed"),
        ("allocate", 500, "refused more than 67108864 bytes of memory"),
    ] {
        assert_eq!(server.send(&with_fault(fault)).status, status, "{fault}");
        server.logged(line);
        assert_eq!(server.send(&with_fault("none")).status, 200, "after {fault}");
    }
    assert_eq!(looping.receive().status, 504);
    server.logged("service: stopped: it took too long request_id=");
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_inference_started_total", ""), 5.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 2.0);
    assert_eq!(errors(&server, "trapped") + errors(&server, "timed_out"), 3.0);
}
