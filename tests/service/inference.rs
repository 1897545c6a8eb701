//! The Open Inference Protocol under `/v2`.

use super::{EXAMPLE, predict, scrape, serve, serve_with};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};

const MODEL: &str = "/v2/models/heart-risk-demo";
const VERSION: &str = "/v2/models/heart-risk-demo/versions/v1.0.0";
const INFER: &str = "/v2/models/heart-risk-demo/infer";

fn infer(server: &TestServer, body: &Value) -> Response {
    let request = Request::post(INFER, body.to_string());
    server.send(&request.header("content-type", "application/json"))
}

fn tensor(name: &str, datatype: &str, shape: &[i64], data: Value) -> Value {
    json!({ "name": name, "datatype": datatype, "shape": shape, "data": data })
}

fn two_patients() -> Value {
    json!({"id": "42", "inputs": [
        tensor("age", "FP64", &[2], json!([65, 45])),
        tensor("cholesterol", "FP64", &[2], json!([240, null])),
    ]})
}

fn two_answers() -> Value {
    json!([
        {"name": "risk", "datatype": "BYTES", "shape": [2], "data": ["High Risk", "Low Risk"]},
        {"name": "risk_confidence", "datatype": "FP64", "shape": [2], "data": [0.92, 0.75]},
    ])
}

/// The message of an error in the protocol's form.
fn error(response: &Response, status: u16) -> String {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("application/json"));
    let body = response.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["error"].as_str().unwrap().to_owned()
}

#[test]
fn the_servers_metadata_has_its_name_and_extensions() {
    let response = serve().get("/v2");
    let version = env!("CARGO_PKG_VERSION");
    let expected =
        json!({"name": "model-api", "version": version, "extensions": ["binary_tensor_data"]});
    assert_eq!((response.status, response.json()), (200, expected));
}

#[test]
fn the_models_metadata_lists_its_tensors() {
    let expected = json!({
        "name": "heart-risk-demo",
        "versions": ["v1.0.0"],
        "platform": "wasm_component",
        "inputs": [
            {"name": "age", "datatype": "FP64", "shape": [-1], "parameters": {"unit": "a"}},
            {
                "name": "cholesterol",
                "datatype": "FP64",
                "shape": [-1],
                "parameters": {"unit": "mg/dL"},
            },
        ],
        "outputs": [
            {"name": "risk", "datatype": "BYTES", "shape": [-1]},
            {"name": "risk_confidence", "datatype": "FP64", "shape": [-1]},
            {"name": "risk_contributions", "datatype": "FP64", "shape": [-1, 3]},
        ],
    });
    let server = serve();
    let escaped = "/v2/models/heart%2Drisk%2ddemo/versions/v1%2E0.0";
    for path in [MODEL, VERSION, escaped] {
        assert_eq!(server.get(path).json(), expected, "{path}");
    }
}

#[test]
fn server_and_model_are_live_and_ready() {
    let server = serve();
    let model = json!({"name": "heart-risk-demo", "ready": true});
    for (path, expected) in [
        ("/v2/health/live".to_owned(), json!({"live": true})),
        ("/v2/health/ready".to_owned(), json!({"ready": true})),
        (format!("{MODEL}/ready"), model.clone()),
        (format!("{VERSION}/ready"), model),
    ] {
        let response = server.get(&path);
        assert_eq!((response.status, response.json()), (200, expected), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn a_tensor_for_each_feature_is_inferred() {
    let server = serve();
    let expected = json!({
        "model_name": "heart-risk-demo",
        "model_version": "v1.0.0",
        "id": "42",
        "outputs": two_answers(),
    });
    let response = infer(&server, &two_patients());
    assert_eq!((response.status, response.json()), (200, expected.clone()));
    let versioned = format!("{VERSION}/infer");
    let response = server.post(&versioned, two_patients().to_string());
    assert_eq!((response.status, response.json()), (200, expected));
}

#[test]
fn one_tensor_of_all_features_is_inferred_flat_and_nested() {
    let server = serve();
    for data in [json!([65, 240, 45, null]), json!([[65, 240], [45, null]])] {
        for datatype in ["FP64", "FP32", "FP16", "INT64", "INT16", "UINT8", "UINT64"] {
            let body = json!({"inputs": [tensor("patients", datatype, &[2, 2], data.clone())]});
            assert_eq!(infer(&server, &body).json()["outputs"], two_answers(), "{datatype}");
        }
    }
}

#[test]
fn a_column_may_have_a_second_dimension_of_one_and_an_optional_one_may_be_left_out() {
    let server = serve();
    let age = tensor("age", "INT32", &[2, 1], json!([[65], [45]]));
    let cholesterol = tensor("cholesterol", "FP32", &[2, 1], json!([240.5, 180]));
    for inputs in [vec![age.clone(), cholesterol], vec![age]] {
        let body = json!({ "inputs": inputs });
        assert_eq!(infer(&server, &body).json()["outputs"], two_answers(), "{body}");
    }
}

#[test]
fn outputs_come_as_they_are_asked_for_and_an_unknown_one_is_400_at_once() {
    let server = serve();
    let mut body = two_patients();
    body["outputs"] = json!([{"name": "risk_confidence"}]);
    assert_eq!(infer(&server, &body).json()["outputs"], json!([two_answers()[1]]));
    let unknown: Vec<_> = (0..50_000).map(|number| json!({ "name": number.to_string() })).collect();
    body["outputs"] = json!(unknown);
    let message = error(&infer(&server, &body), 400);
    let known = "risk, risk_confidence, risk_contributions";
    assert_eq!(message, format!("there is no output \"0\"; there are {known}"));
}

/// Each would be as large as the batch.
#[test]
fn an_output_is_asked_for_once() {
    let mut body = two_patients();
    body["outputs"] = json!([{"name": "risk"}, {"name": "risk"}]);
    let message = error(&infer(&serve(), &body), 400);
    assert_eq!(message, "output \"risk\" is there twice");
}

#[test]
fn both_apis_read_a_number_alike() {
    let server = serve();
    for age in ["60.000000000000004", "59.99999999999999", "60.00000000000001", "6.0e1"] {
        let body = format!(r#"{{"patient_data":{{"age":{age}}}}}"#);
        let predicted = server.post("/predict", body).json()["prediction"].clone();
        let body = format!(
            r#"{{"inputs":[{{"name":"age","datatype":"FP64","shape":[1],"data":[{age}]}}]}}"#
        );
        let inferred = server.post(INFER, body).json();
        assert_eq!(inferred["outputs"][0]["data"][0], predicted, "{age}");
    }
}

#[test]
fn a_float_of_32_bits_is_the_same_as_json_and_in_binary() {
    let server = serve();
    let json = json!({"inputs": [tensor("age", "FP32", &[1], json!([60.000001]))]});
    assert_eq!(infer(&server, &json).json()["outputs"][0]["data"], json!(["Low Risk"]));
    let document = json!({"inputs": [binary_input("age", "FP32", 1, 4)]});
    let response = send_binary(&server, &document, &60.000001_f32.to_le_bytes());
    assert_eq!(response.json()["outputs"][0]["data"], json!(["Low Risk"]));
}

#[test]
fn a_list_is_no_object() {
    let server = serve();
    for body in [
        r#"["x",{},[["age",[1],"FP64",{},[65]]],null]"#,
        r#"{"inputs":[["age",[1],"FP64",{},[65]]]}"#,
        r#"{"inputs":[],"parameters":[true]}"#,
    ] {
        let message = error(&server.post(INFER, body), 400);
        assert!(message.ends_with("is not a JSON object"), "{message}");
    }
}

#[test]
fn unserved_extensions_are_refused() {
    let server = serve();
    let region = json!({"shared_memory_region": "r", "shared_memory_byte_size": 64});
    let mut body = two_patients();
    body["outputs"] = json!([{"name": "risk", "parameters": region}]);
    let message = error(&infer(&server, &body), 400);
    assert_eq!(message, "output \"risk\": the shared memory extension is not served");
    let mut body = two_patients();
    body["inputs"][0]["parameters"] = region;
    let message = error(&infer(&server, &body), 400);
    assert_eq!(message, "input \"age\": the shared memory extension is not served");
}

#[test]
fn missing_and_wrong_values_are_counted_as_for_predict() {
    let server = serve();
    error(
        &infer(&server, &json!({"inputs": [tensor("cholesterol", "FP64", &[1], json!([1]))]})),
        400,
    );
    error(&infer(&server, &json!({"inputs": [tensor("age", "FP64", &[1], json!(["x"]))]})), 400);
    let mut body = two_patients();
    body["outputs"] = json!([{"name": "odds"}]);
    error(&infer(&server, &body), 400);
    let scrape = scrape(&mut server.client());
    let invalid = |labels| scrape.sum("model_invalid_inputs_total", labels);
    assert_eq!(invalid("feature=\"age\",reason=\"missing\""), 1.0);
    assert_eq!(invalid("feature=\"age\",reason=\"wrong_type\""), 1.0);
    assert_eq!(invalid(""), 2.0);
}

#[test]
fn an_empty_list_of_outputs_asks_for_all() {
    let server = serve();
    let mut body = two_patients();
    body.as_object_mut().unwrap().remove("outputs");
    let all = infer(&server, &body).json()["outputs"].clone();
    body["outputs"] = json!([]);
    assert_eq!(infer(&server, &body).json()["outputs"], all);
    assert_eq!(all.as_array().unwrap().len(), 2);
}

/// As Python's `json` writes them, and so Triton's client.
#[test]
fn nan_is_a_missing_value_and_an_infinity_is_named() {
    let server = serve();
    let send = |cholesterol: &str| {
        let body = format!(
            r#"{{"inputs": [{{"name":"age","datatype":"FP64","shape":[2],"data":[65, 45]}},
                {{"name":"cholesterol","datatype":"FP64","shape":[2],"data":{cholesterol}}}]}}"#
        );
        server.post(INFER, body)
    };
    let missing = send("[240, null]").json()["outputs"].clone();
    assert_eq!(send("[240, NaN]").json()["outputs"], missing);
    for infinity in ["Infinity", "-Infinity"] {
        let message = error(&send(&format!("[240, {infinity}]")), 400);
        assert_eq!(message, "input \"cholesterol\": element 1 of its data is infinite");
    }
    error(&send("[240, Nan]"), 400);
}

#[test]
fn an_id_is_made_when_there_is_none() {
    let mut body = two_patients();
    body.as_object_mut().unwrap().remove("id");
    let response = infer(&serve(), &body);
    let id = response.header("x-request-id").unwrap();
    assert_eq!(response.json()["id"], id);
}

#[test]
fn unknown_parameters_are_ignored() {
    let mut body = two_patients();
    body["parameters"] = json!({"content_type": "pd", "priority": 7});
    body["inputs"][0]["parameters"] = json!({"content_type": "np"});
    assert_eq!(infer(&serve(), &body).status, 200);
}

#[test]
fn an_unknown_model_or_version_is_404() {
    let server = serve();
    for path in ["/v2/models/other", "/v2/models/other/ready", "/v2/models/other/versions/v1.0.0"] {
        assert!(error(&server.get(path), 404).contains("heart-risk-demo"), "{path}");
    }
    let message = error(&server.get(&format!("{MODEL}/versions/2")), 404);
    assert_eq!(message, "No such version; there is \"v1.0.0\"");
    let request = Request::post(&format!("{MODEL}/versions/2/infer"), two_patients().to_string());
    error(&server.send(&request), 404);
}

#[test]
fn other_paths_and_methods_have_the_protocols_form_of_error() {
    let server = serve();
    assert_eq!(error(&server.get("/v2/models"), 404), "Not Found");
    assert_eq!(error(&server.get(INFER), 405), "Method Not Allowed");
    let request = Request::post(INFER, "{}").header("content-type", "text/plain");
    error(&server.send(&request), 415);
    error(&server.post(INFER, " ".repeat((1 << 20) + 1)), 413);
}

#[test]
fn a_shape_is_named_beside_data_of_another_length() {
    let body = json!({"inputs": [tensor("age", "FP64", &[3], json!([65, 45]))]});
    let message = error(&infer(&serve(), &body), 400);
    assert_eq!(message, "input \"age\": shape [3] means 3 elements, and the data has 2");
}

#[test]
fn every_violation_is_named_by_input_and_row() {
    let server = serve();
    let body = json!({"inputs": [
        tensor("age", "FP64", &[3], json!([65, -1, null])),
        tensor("cholesterol", "FP64", &[3], json!([1, 2, 3000])),
    ]});
    let message = error(&infer(&server, &body), 400);
    for part in [
        "input \"age\", row 1: Input should be greater than or equal to 0",
        "input \"age\", row 2: Field required",
        "input \"cholesterol\", row 2: Input should be less than or equal to 2000",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let scrape = scrape(&mut server.client());
    let invalid = |labels| scrape.sum("model_invalid_inputs_total", labels);
    assert_eq!(invalid("feature=\"age\",reason=\"out_of_range\""), 1.0);
    assert_eq!(invalid("feature=\"age\",reason=\"missing\""), 1.0);
    assert_eq!(invalid("feature=\"cholesterol\""), 1.0);
}

/// A body that is wrong in one way, for each way.
#[test]
fn rubbish_is_400_and_short() {
    let server = serve();
    let long = "x".repeat(100_000);
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    for body in [
        String::new(),
        "{}".into(),
        "[]".into(),
        "null".into(),
        "{\"inputs\":7}".into(),
        "{\"inputs\":[{}]}".into(),
        "{\"inputs\":[]}".into(),
        "{\"inputs\":[[]]}".into(),
        format!("{{\"inputs\":{deep}}}"),
        format!("{{\"x\":{deep},\"inputs\":[]}}"),
        json!({"inputs": [tensor(&long, "FP64", &[1], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("age", &long, &[1], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("age", "FP64", &[1], json!(long))]}).to_string(),
        json!({"inputs": [tensor("age", "FP64", &[1], json!([long]))]}).to_string(),
        json!({"inputs": long}).to_string(),
        json!({"id": 7, "inputs": []}).to_string(),
        json!({"inputs": [tensor("age", "FP64", &[-1], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("age", "FP64", &[i64::MAX], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("x", "FP64", &[1 << 31, 2], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("age", "FP64", &[10_001], json!([1]))]}).to_string(),
        json!({"inputs": [tensor("age", "INT8", &[1], json!([128]))]}).to_string(),
        json!({"inputs": [tensor("age", "BOOL", &[1], json!([true]))]}).to_string(),
        format!(
            "{{\"inputs\":[{{\"name\":\"age\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":{deep}}}]}}"
        ),
    ] {
        let response = server.post(INFER, body.clone());
        let message = error(&response, 400);
        let shown = &body[..body.len().min(100)];
        assert!((1..2100).contains(&message.len()), "{} for {shown}", message.len());
    }
    assert_eq!(infer(&server, &two_patients()).status, 200);
}

#[test]
fn inference_and_predict_feed_the_same_families() {
    let server = serve_with(&[("drift_sample_interval", "1")]);
    infer(&server, &two_patients());
    infer(&server, &json!({"inputs": [tensor("age", "FP64", &[1], json!([65]))]}));
    predict(&mut server.client(), EXAMPLE);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"High Risk\""), 3.0);
    assert_eq!(scrape.sum("model_predictions_total", "prediction=\"Low Risk\""), 1.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 3.0);
    assert_eq!(scrape.sum("model_feature_bin_total", "feature=\"cholesterol\""), 4.0);
    let handler = r#"handler="/v2/models/{model}/infer""#;
    assert_eq!(scrape.sum("http_requests_total", handler), 2.0);
}

/// A request with binary data: the JSON, and then the bytes.
fn send_binary(server: &TestServer, document: &Value, data: &[u8]) -> Response {
    let json = document.to_string();
    let request = Request::post(INFER, [json.as_bytes(), data].concat())
        .header("content-type", "application/octet-stream")
        .header("inference-header-content-length", &json.len().to_string());
    server.send(&request)
}

fn binary_input(name: &str, datatype: &str, rows: usize, size: usize) -> Value {
    json!({
        "name": name, "datatype": datatype, "shape": [rows],
        "parameters": {"binary_data_size": size},
    })
}

#[test]
fn binary_data_is_taken_and_given() {
    let ages = [65_f32, 45.0].map(f32::to_le_bytes).concat();
    let cholesterol = [240_f64, f64::NAN].map(f64::to_le_bytes).concat();
    let document = json!({
        "inputs": [
            binary_input("age", "FP32", 2, ages.len()),
            binary_input("cholesterol", "FP64", 2, cholesterol.len()),
        ],
        "outputs": [
            {"name": "risk", "parameters": {"binary_data": true}},
            {"name": "risk_confidence"},
        ],
    });
    let response = send_binary(&serve(), &document, &[ages, cholesterol].concat());
    assert_eq!(response.status, 200, "{:?}", String::from_utf8_lossy(&response.body));
    assert_eq!(response.header("content-type"), Some("application/octet-stream"));
    let length: usize =
        response.header("inference-header-content-length").unwrap().parse().unwrap();
    let (json, data) = response.body.split_at(length);
    let outputs = serde_json::from_slice::<Value>(json).unwrap()["outputs"].clone();
    let expected = json!([
        {"name": "risk", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": 25}},
        two_answers()[1],
    ]);
    assert_eq!(outputs, expected);
    let texts = [&9_u32.to_le_bytes()[..], b"High Risk", &8_u32.to_le_bytes(), b"Low Risk"];
    assert_eq!(data, texts.concat());
}

#[test]
fn all_outputs_are_binary_if_the_request_says_so() {
    let age = 65_i64.to_le_bytes();
    let document = json!({
        "parameters": {"binary_data_output": true},
        "inputs": [binary_input("age", "INT64", 1, 8)],
    });
    let response = send_binary(&serve(), &document, &age);
    assert!(response.body.ends_with(&0.92_f64.to_le_bytes()));
}

#[test]
fn binary_data_of_a_wrong_length_is_400() {
    let server = serve();
    let age = 65_i64.to_le_bytes();
    let document = |size| json!({"inputs": [binary_input("age", "INT64", 1, size)]});
    for (size, part) in
        [(9, "9 bytes of binary data"), (4, "4 bytes of binary data belong to no input")]
    {
        let message = error(&send_binary(&server, &document(size), &age), 400);
        assert!(message.contains(part), "{message}");
    }
    let request = Request::post(INFER, "{}");
    for length in ["-1", "x", "3", "99999999999999999999"] {
        let response = server
            .send(&Request::post(INFER, "{}").header("inference-header-content-length", length));
        assert!(error(&response, 400).contains("inference-header-content-length"));
    }
    error(&server.send(&request), 400);
    let mut asked = document(8);
    asked["outputs"] = json!([{"name": "risk", "parameters": {"classification": 2}}]);
    assert!(error(&send_binary(&server, &asked, &age), 400).contains("classification extension"));
}
