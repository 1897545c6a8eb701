//! `GET /openapi.json`: it says what is served, and what it says is true.

use super::{EXAMPLE, serve, serve_changed, serve_model, serve_with, with_default};
use crate::support::http::{Request, Response};
use crate::support::schema;
use crate::support::server::TestServer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OUTCOME: &str = r#"{"prediction":"Low Risk","model_version":"v1.0.0","outcome":"High Risk"}"#;
const INFER: &str = "/v2/models/heart-risk-demo/infer";

fn document(server: &TestServer) -> Value {
    let response = server.get("/openapi.json");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    response.json()
}

/// The path that a client asks for, of a path in the document.
fn concrete(path: &str) -> String {
    path.replace("{model}", "heart-risk-demo")
        .replace("{version}", "v1.0.0")
        .replace("/docs/{file}", "/docs/swagger-ui.css")
        .replace("/ask/{file}", "/ask/ask.css")
}

#[test]
fn every_path_and_method_is_served_and_no_other_method() {
    let server = serve();
    let document = document(&server);
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            let response = server.send(&Request::new(method, &concrete(path)));
            let is_documented = item.get(method.to_ascii_lowercase()).is_some();
            assert_ne!(response.status, 404, "{method} {path}");
            assert_eq!(response.status != 405, is_documented, "{method} {path}");
        }
        if path != "/" {
            let response = server.get(&format!("{}/", concrete(path)));
            assert_eq!(response.status, 307, "a slash too many behind {path}");
        }
    }
}

/// The requests that get each answer, beside those to the health of the model.
fn requests() -> Vec<(&'static str, Request)> {
    let large = || " ".repeat((1 << 20) + 1);
    let infer = |body: &str| Request::post(INFER, body);
    let tensors = r#"{"inputs":[{"name":"age","datatype":"FP64","shape":[1],"data":[65]}]}"#;
    let known = |path: &str| Request::get(path).header("if-none-match", "*");
    let models = "/v2/models/{model}";
    let batch = r#"{"instances":[{"age":65},{"age":45}]}"#;
    vec![
        ("/", Request::get("/")),
        ("/predict", Request::post("/predict", EXAMPLE)),
        ("/predict", Request::post("/predict", batch)),
        ("/predict", Request::post("/predict", "{}")),
        ("/predict", Request::post("/predict", r#"{"instances":[{"age":-1},7]}"#)),
        ("/predict", Request::post("/predict", large())),
        ("/predict", Request::post("/predict", EXAMPLE).header("content-type", "text/plain")),
        ("/what-if", Request::post("/what-if", EXAMPLE)),
        ("/what-if", Request::post("/what-if", "{}")),
        ("/what-if", Request::post("/what-if", large())),
        ("/what-if", Request::post("/what-if", EXAMPLE).header("content-type", "text/plain")),
        ("/explain", Request::post("/explain", EXAMPLE)),
        ("/explain", Request::post("/explain", batch)),
        ("/explain", Request::post("/explain", "{}")),
        ("/explain", Request::post("/explain", large())),
        ("/explain", Request::post("/explain", EXAMPLE).header("content-type", "text/plain")),
        ("/metrics", Request::get("/metrics")),
        ("/metrics", Request::get("/metrics").header("accept", "application/openmetrics-text")),
        ("/openapi.json", Request::get("/openapi.json")),
        ("/openapi.json", known("/openapi.json")),
        ("/model-card", Request::get("/model-card")),
        ("/model-card", Request::get("/model-card").header("accept", "application/xml")),
        ("/docs", Request::get("/docs")),
        ("/docs", known("/docs")),
        ("/docs/{file}", Request::get("/docs/swagger-ui.css")),
        ("/docs/{file}", Request::get("/docs/initializer.js")),
        ("/docs/{file}", Request::get("/docs/favicon-32x32.png")),
        ("/docs/{file}", known("/docs/swagger-ui.css")),
        ("/docs/{file}", Request::get("/docs/other")),
        ("/ask", Request::get("/ask")),
        ("/ask", known("/ask")),
        ("/ask/{file}", Request::get("/ask/ask.css")),
        ("/ask/{file}", Request::get("/ask/main.js")),
        ("/ask/{file}", known("/ask/main.js")),
        ("/ask/{file}", Request::get("/ask/other")),
        ("/v2", Request::get("/v2")),
        ("/v2/health/live", Request::get("/v2/health/live")),
        ("/v2/health/ready", Request::get("/v2/health/ready")),
        (models, Request::get("/v2/models/heart-risk-demo")),
        (models, Request::get("/v2/models/other")),
        ("/v2/models/{model}/ready", Request::get("/v2/models/heart-risk-demo/ready")),
        ("/v2/models/{model}/ready", Request::get("/v2/models/other/ready")),
        ("/v2/models/{model}/infer", infer(tensors)),
        ("/v2/models/{model}/infer", infer("{}")),
        ("/v2/models/{model}/infer", infer(&large())),
        ("/v2/models/{model}/infer", infer(tensors).header("content-type", "text/plain")),
        ("/v2/models/{model}/infer", Request::post("/v2/models/other/infer", tensors)),
        ("/v1/models/{model}", Request::get("/v1/models/heart-risk-demo")),
        ("/v1/models/{model}", Request::get("/v1/models/other")),
    ]
}

/// Checks that an answer is one that the document has for its path, and says which.
fn check(document: &Value, path: &str, response: &Response) -> (String, String) {
    let item = &document["paths"][path];
    let operation = item.get("post").unwrap_or(&item["get"]);
    let status = response.status.to_string();
    let mut described = &operation["responses"][&status];
    if let Some(reference) = described["$ref"].as_str() {
        described = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    assert!(described.is_object(), "{path} answers {status}, which is not in the document");
    assert!(response.header("x-request-id").is_some());
    match response.header("content-type") {
        None => assert_eq!(described.get("content"), None, "{path} {status}"),
        Some(content_type) => {
            let media_type = content_type.split(';').next().unwrap();
            let schema = &described["content"][media_type]["schema"];
            assert!(schema.is_object(), "{path} {status} {media_type}");
            if media_type == "application/json" {
                let violations = schema::violations(document, schema, &response.json());
                assert_eq!(violations, Vec::<String>::new(), "{path} {status}");
            }
        }
    }
    (path.to_owned(), status)
}

/// The paths and statuses of the document. An endpoint is answered alike on all of its paths.
fn promised(document: &Value) -> BTreeSet<(String, String)> {
    let mut promised = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = item.get("post").unwrap_or(&item["get"]);
        if !path.contains("{version}") {
            let statuses = operation["responses"].as_object().unwrap().keys();
            promised.extend(statuses.map(|status| (path.clone(), status.clone())));
        }
    }
    promised
}

#[test]
fn every_status_of_the_document_is_answered_as_it_says() {
    let server = serve();
    let document = document(&server);
    let mut answered = BTreeSet::new();
    for (path, request) in requests() {
        answered.insert(check(&document, path, &server.send(&request)));
    }
    for verb in ["predict", "explain"] {
        let path = format!("/v1/models/{{model}}:{verb}");
        let send = |name: &str, body: &str| {
            server.send(&Request::post(&path.replace("{model}", name), body))
        };
        let batch = r#"{"instances":[{"age":65},{"age":45}]}"#;
        let text = Request::post(&concrete(&path), batch).header("content-type", "text/plain");
        for response in [
            send("heart-risk-demo", batch),
            send("heart-risk-demo", "{}"),
            send("heart-risk-demo", &" ".repeat((1 << 20) + 1)),
            send("other", batch),
            server.send(&text),
        ] {
            answered.insert(check(&document, &path, &response));
        }
    }
    let poor = serve_changed(|text| {
        text.replacen("key_value_stores = [\"default\"]", "key_value_stores = []", 1)
    });
    answered.insert(check(&document, "/metrics", &poor.get("/metrics")));
    let counting = serve_with(&[("outcomes", "true")]);
    let poor = serve_changed(|text| {
        let text = with_default(text, "outcomes", "true");
        text.replacen("key_value_stores = [\"default\"]", "key_value_stores = []", 1)
    });
    let outcomes = |body: &str| Request::post("/outcomes", body);
    for response in [
        counting.send(&outcomes(OUTCOME)),
        counting.send(&outcomes("{}")),
        counting.send(&outcomes(&" ".repeat((1 << 20) + 1))),
        counting.send(&outcomes(OUTCOME).header("content-type", "text/plain")),
        server.send(&outcomes(OUTCOME)),
        poor.send(&outcomes(OUTCOME)),
    ] {
        answered.insert(check(&document, "/outcomes", &response));
    }
    let silent = serve_model("silent");
    let tensors = r#"{"inputs":[{"name":"x","datatype":"BOOL","shape":[1],"data":[true]}]}"#;
    for (path, request) in [
        ("/predict", Request::post("/predict", r#"{"patient_data":{}}"#)),
        (
            "/v1/models/{model}:predict",
            Request::post("/v1/models/silent:predict", r#"{"instances":[{}]}"#),
        ),
        ("/v1/models/{model}", Request::get("/v1/models/silent")),
        ("/v2/health/ready", Request::get("/v2/health/ready")),
        ("/v2/models/{model}/ready", Request::get("/v2/models/silent/ready")),
        ("/v2/models/{model}/infer", Request::post("/v2/models/silent/infer", tensors)),
    ] {
        answered.insert(check(&document, path, &silent.send(&request)));
    }
    let faulty = serve_model("faulty_model");
    let row = r#"{"fault":"explain NaN"}"#;
    let one = format!(r#"{{"patient_data":{row}}}"#);
    let path = "/v1/models/{model}:explain";
    let response =
        faulty.post("/v1/models/faulty-model:explain", format!(r#"{{"instances":[{row}]}}"#));
    answered.insert(check(&document, path, &response));
    answered.insert(check(&document, "/explain", &faulty.post("/explain", one)));
    let one = format!(r#"{{"patient_data":{row},"explain":true}}"#);
    answered.insert(check(&document, "/what-if", &faulty.post("/what-if", one)));
    // The embedded host does not let a body in that ends early; other hosts may.
    answered.insert(("/predict".to_owned(), "400".to_owned()));
    answered.insert(("/explain".to_owned(), "400".to_owned()));
    answered.insert(("/what-if".to_owned(), "400".to_owned()));
    answered.insert(("/outcomes".to_owned(), "400".to_owned()));
    assert_eq!(answered, promised(&document));
}

#[test]
fn every_example_is_answered_as_the_document_says() {
    for (server, name) in [(serve(), "heart-risk-demo"), (serve_model("triage"), "triage")] {
        let document = document(&server);
        let mut explained = 0;
        for path in
            ["/predict", "/explain", "/v1/models/{model}:explain", "/v2/models/{model}/infer"]
        {
            let operation = &document["paths"][path]["post"];
            let content = &operation["requestBody"]["content"]["application/json"];
            let one = json!({"one": {"value": content["example"]}});
            let requests = content.get("examples").unwrap_or(&one);
            let answers = &operation["responses"]["200"]["content"]["application/json"];
            for (key, request) in requests.as_object().unwrap() {
                let target = path.replace("{model}", name);
                let body = request["value"].to_string();
                let mut answer = server.post(&target, body).json();
                let mut expected = answers["examples"][key]["value"].clone();
                if expected.is_null() {
                    expected = answers["example"].clone();
                    // An id is made for each.
                    if let Some(id) = expected.get("id") {
                        answer["id"] = id.clone();
                    }
                }
                assert_eq!(answer, expected, "{path} {key}");
                explained += usize::from(expected.to_string().contains("contributions"));
            }
        }
        // Of /predict and /explain, and of KServe.
        assert_eq!(explained, 3, "{name}");
    }
}

#[test]
fn the_document_is_304_to_a_client_with_its_tag() {
    let server = serve();
    let response = server.get("/openapi.json");
    let etag = response.header("etag").unwrap();
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    let send =
        |known: &str| server.send(&Request::get("/openapi.json").header("if-none-match", known));
    for known in [etag, &format!("\"a\", W/{etag}"), "*"] {
        let response = send(known);
        assert_eq!((response.status, response.header("etag")), (304, Some(etag)), "{known}");
        assert!(response.body.is_empty());
    }
    for other in ["", "\"a\"", etag.trim_matches('"')] {
        assert_eq!(send(other).status, 200, "{other}");
    }
}

#[test]
fn another_model_has_another_document() {
    let document = document(&serve_model("triage"));
    assert_eq!(document["info"]["title"], "triage");
    assert_eq!(document["components"]["schemas"]["Row"]["required"], json!(["beats", "conscious"]));
}
