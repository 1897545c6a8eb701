//! The manners that every HTTP service is expected to have.

use super::{EXAMPLE, scrape, serve, serve_with};
use crate::support::http::{Request, Response};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn traceparent() -> String {
    format!("00-{TRACE}-00f067aa0ba902b7-01")
}

#[test]
fn options_lists_the_methods_of_a_path() {
    let server = serve();
    for (path, allow) in [
        ("/predict", "POST, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/v2/models/any/infer", "POST, OPTIONS"),
        // A browser follows no redirect when it asks what it may send.
        ("/predict/", "POST, OPTIONS"),
    ] {
        let response = server.send(&Request::new("OPTIONS", path));
        assert_eq!((response.status, response.header("allow")), (204, Some(allow)), "{path}");
        assert_eq!(response.header("content-type"), None);
    }
    assert_eq!(server.send(&Request::new("OPTIONS", "/nothing")).status, 404);
}

#[test]
fn a_body_of_another_content_type_is_415() {
    let server = serve();
    let send = |content_type: &str| {
        let request = Request::post("/predict", EXAMPLE);
        server.send(&request.header("content-type", content_type))
    };
    for json in ["application/json", "Application/JSON ; charset=utf-8", "application/ld+json"] {
        assert_eq!(send(json).status, 200, "{json}");
    }
    for other in ["text/plain", "application/x-www-form-urlencoded", "application/json-seq", ""] {
        let response = send(other);
        let message = "The body should be JSON, CSV or lines of JSON: send content-type: \
                       application/json, text/csv or application/x-ndjson";
        assert_eq!(
            (response.status, &response.json()["detail"]),
            (415, &message.into()),
            "{other}"
        );
    }
}

/// Whatever is answered, it has these.
fn has_manners(response: &Response) {
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert!(response.header("x-request-id").is_some());
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let server = serve();
    let mut ids = Vec::new();
    for request in [
        Request::post("/predict", EXAMPLE),
        Request::post("/predict", "{"),
        Request::get("/predict"),
        Request::get("/nothing"),
        Request::get("/metrics"),
        Request::new("OPTIONS", "/"),
        Request::get("/v2/models/other"),
    ] {
        let response = server.send(&request);
        has_manners(&response);
        ids.push(response.header("x-request-id").unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7);
}

#[test]
fn a_clients_request_id_is_kept_if_it_is_plain() {
    let server = serve();
    let id = |given: &str| {
        let response = server.send(&Request::get("/").header("x-request-id", given));
        response.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id("7f3c-A_1.0:9"), "7f3c-A_1.0:9");
    for other in ["", "a b", "a\"b", "ä", &"x".repeat(129)] {
        assert_eq!(id(other).len(), 16, "{other}");
    }
}

#[test]
fn an_error_is_logged_with_its_request_and_trace() {
    let server = serve_with(&[("drift_sample_interval", "often")]);
    let request = Request::post("/predict", EXAMPLE)
        .header("x-request-id", "r-1")
        .header("traceparent", &traceparent());
    server.send(&request);
    let line = server.logged("drift_sample_interval");
    assert!(line.ends_with(&format!(" request_id=r-1 trace_id={TRACE}")), "{line}");
}

#[test]
fn requests_are_logged_if_a_variable_says_so() {
    let silent = serve();
    silent.post("/predict", EXAMPLE);
    assert!(!silent.stop().iter().any(|line| line.contains("request_id=")));

    let server = serve_with(&[("log_requests", "true")]);
    let request = Request::get("/v2/models/x%0ay?secret").header("x-request-id", "r-2");
    server.send(&request.header("traceparent", "00-bad"));
    let line = server.logged("request_id=r-2");
    assert!(line.starts_with("service: info: GET /v2/models/x%0ay 404 "), "{line}");
    assert!(line.ends_with("us request_id=r-2"), "{line}");
    server.send(&Request::post("/predict", EXAMPLE).header("x-request-id", "r-3"));
    let line = server.logged("request_id=r-3");
    assert!(line.starts_with("service: info: POST /predict 200 "), "{line}");
}

#[test]
fn other_origins_get_nothing_by_default() {
    let server = serve();
    let origin = |request: Request| request.header("origin", "https://a.example");
    for request in [Request::post("/predict", EXAMPLE), Request::new("OPTIONS", "/predict")] {
        let response = server.send(&origin(request));
        assert_eq!(response.header("access-control-allow-origin"), None);
        assert_eq!(response.header("access-control-allow-methods"), None);
    }
}

#[test]
fn a_variable_lets_origins_in() {
    let origins = "https://a.example, https://b.example";
    let server = serve_with(&[("cors_allowed_origins", origins)]);
    let send = |request: Request, origin| server.send(&request.header("origin", origin));
    let predict = || Request::post("/predict", EXAMPLE);
    let response = send(predict(), "https://b.example");
    assert_eq!(response.header("access-control-allow-origin"), Some("https://b.example"));
    assert!(response.header("access-control-expose-headers").unwrap().contains("x-request-id"));
    assert_eq!(response.status, 200);
    let response = send(predict(), "https://c.example");
    assert_eq!(response.header("access-control-allow-origin"), None);

    let preflight =
        Request::new("OPTIONS", "/predict").header("access-control-request-method", "POST");
    let response = send(preflight, "https://a.example");
    assert_eq!(response.status, 204);
    assert_eq!(response.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert!(response.header("access-control-allow-headers").unwrap().contains("content-type"));
    assert_eq!(response.header("access-control-max-age"), Some("600"));
}

/// A cache that is shared keeps the answers for different origins apart.
#[test]
fn every_cacheable_answer_varies_by_origin_if_origins_are_allowed() {
    let server = serve_with(&[("cors_allowed_origins", "https://a.example")]);
    for (path, vary) in [
        ("/", "origin"),
        ("/metrics", "accept, origin"),
        ("/openapi.json", "origin"),
        ("/docs", "origin"),
        ("/docs/swagger-ui.css", "accept-encoding, origin"),
        ("/ask", "origin"),
        ("/ask/ask.css", "accept-encoding, origin"),
        ("/v2", "origin"),
        ("/nothing", "origin"),
        ("/predict", "origin"),
    ] {
        assert_eq!(server.get(path).header("vary"), Some(vary), "{path}");
    }
    let request = Request::post("/predict", EXAMPLE).header("origin", "https://b.example");
    assert_eq!(server.send(&request).header("vary"), Some("origin"));
    assert_eq!(serve().get("/openapi.json").header("vary"), None);
}

#[test]
fn a_variable_lets_pages_send_more_headers() {
    let preflight = |headers: &str| {
        let server =
            serve_with(&[("cors_allowed_origins", "*"), ("cors_allowed_headers", headers)]);
        let request = Request::new("OPTIONS", "/predict").header("origin", "https://a.example");
        let response = server.send(&request);
        assert_eq!(response.status, 204);
        response.header("access-control-allow-headers").unwrap().to_owned()
    };
    let own = preflight("");
    assert_eq!(preflight("Authorization, X-Api-Key"), format!("{own}, Authorization, X-Api-Key"));
    assert_eq!(preflight("bad: header"), own);
}

#[test]
fn a_path_of_a_clients_making_cannot_begin_a_line_of_the_log() {
    let server = serve_with(&[("log_requests", "true")]);
    let path = format!("/{}warning: forged", "x".repeat(8187)).replace(' ', "%20");
    server.send(&Request::get(&path).header("x-request-id", "r-1"));
    let line = server.logged("request_id=r-1");
    assert!(line.starts_with(&format!("service: info: GET {}… 404 ", &path[..1024])), "{line}");
    assert!(!server.stop().iter().any(|line| line.contains("forged")));
}

#[test]
fn nothing_that_a_body_says_is_logged_or_exported() {
    let settings = [("log_requests", "audit"), ("drift_sample_interval", "1"), ("audit_key", "a")];
    let server = serve_with(&settings);
    for (path, body, status) in [
        ("/predict", r#"{"patient_data": {"age": 64.8731, "Ms Secret": "64.8731"}}"#, 200),
        ("/predict", r#"{"patient_data": {"age": "64.8731 Secret"}}"#, 422),
        ("/predict", r#"{"patient_data": {"age": -64.8731}}"#, 422),
        ("/predict", r#"{"patient_data": {"age": 64.8731, Secret"#, 422),
        ("/v2/models/heart-risk-demo/infer", r#"{"id": "Secret", "inputs": 64.8731}"#, 400),
    ] {
        assert_eq!(server.post(path, body).status, status, "{body}");
    }
    let mut texts = vec![server.get("/metrics").text().to_owned()];
    texts.extend(server.stop());
    assert!(texts.len() > 5, "requests are logged");
    for text in texts {
        assert!(!text.contains("64.8731") && !text.contains("Secret"), "{text}");
    }
}

#[test]
fn a_header_in_another_encoding_than_utf_8_is_harmless() {
    let server = serve();
    for name in [
        "x-request-id",
        "traceparent",
        "accept",
        "content-type",
        "content-encoding",
        "if-none-match",
        "origin",
        "accept-encoding",
        "inference-header-content-length",
    ] {
        for (line, body) in [
            ("POST /predict", EXAMPLE),
            ("GET /openapi.json", ""),
            ("GET /metrics", ""),
            ("POST /v2/models/heart-risk-demo/infer", "{}"),
        ] {
            let mut client = server.client();
            let length = body.len();
            let head =
                format!("{line} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n{name}: ");
            client.send_raw([head.as_bytes(), b"\xff\xc3\x28\r\n\r\n", body.as_bytes()].concat());
            let status = client.receive().status;
            assert!((200..500).contains(&status), "{line}, {name}: {status}");
        }
    }
}

#[test]
fn metrics_have_the_accepted_format() {
    let server = serve();
    let get = |accept: &str| server.send(&Request::get("/metrics").header("accept", accept));
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                      application/openmetrics-text;version=0.0.1;q=0.5,\
                      text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    for accept in ["application/openmetrics-text;version=1.0.0", prometheus] {
        let response = get(accept);
        assert_eq!(response.header("content-type"), Some(open), "{accept}");
        assert!(response.text().contains("# TYPE http_requests counter\n"));
        assert!(response.text().ends_with("\n# EOF\n"));
    }
    // Text is for those who do not name that version, or want the other one more.
    let text = "text/plain; version=0.0.4; charset=utf-8";
    let other_version = "application/openmetrics-text;version=0.0.1";
    let later = ",application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.5";
    for accept in [
        "*/*",
        "application/json",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/plain, application/openmetrics-text;q=0.5",
        "application/openmetrics-text;q=0.2, text/*;q=0.9, */*;q=0.1",
        "application/openmetrics-text;q=0",
        other_version,
        &format!("{other_version}{later}"),
    ] {
        assert_eq!(get(accept).header("content-type"), Some(text), "{accept}");
    }
    assert_eq!(server.get("/metrics").header("content-type"), Some(text));
}

#[test]
fn a_list_header_may_be_in_several_lines() {
    let server = serve();
    let etag = server.get("/openapi.json").header("etag").unwrap().to_owned();
    let request = Request::get("/openapi.json").header("if-none-match", "\"a\"");
    assert_eq!(server.send(&request.header("if-none-match", &etag)).status, 304);
}

#[test]
fn the_body_of_a_head_is_not_counted_as_sent() {
    let server = serve();
    server.send(&Request::new("HEAD", "/docs"));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.value("http_response_size_bytes_sum{handler=\"/docs\"}"), 0.0);
}

#[test]
fn answers_true_for_a_moment_are_not_stored() {
    let server = serve();
    for path in ["/metrics", "/v2/health/live", "/v2/health/ready"] {
        assert_eq!(server.get(path).header("cache-control"), Some("no-store"), "{path}");
    }
}
