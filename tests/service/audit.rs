//! The audit: a line of the log for each prediction.

use super::{EXAMPLE, serve_with};
use crate::support::http::Request;

/// Returns the audit's lines, without the name of the component.
fn audited(log: Vec<String>) -> Vec<String> {
    let lines = log
        .into_iter()
        .filter_map(|line| line.split_once("info: audit ").map(|(_, audited)| audited.to_owned()));
    lines.collect()
}

/// Answers bodies under a key, and returns the audit's lines.
fn audit(key: &str, bodies: &[&str]) -> Vec<String> {
    let server = serve_with(&[("log_requests", "audit"), ("audit_key", key)]);
    for body in bodies {
        let request = Request::post("/predict", *body).header("x-request-id", "r-1");
        assert_eq!(server.send(&request).status, 200);
    }
    audited(server.stop())
}

#[test]
fn each_row_has_a_line_with_its_answer_and_the_hmac_of_its_input() {
    let lines = audit("secret", &[r#"{"instances":[{"age":65,"cholesterol":240},{"age":45}]}"#]);
    let [first, second] = &lines[..] else { panic!("{lines:?}") };
    // By Python: hmac.new(b"secret", b"n" + struct.pack("<d", 65) + b"n" + struct.pack("<d", 240),
    // "sha256").hexdigest()
    let expected = "model=heart-risk-demo version=v1.0.0 row=0 answer=\"High Risk\" \
                    hmac=afdff050fd29cbbd05b4b7ea43bf28da3cc3f8fb809052c625a8d0fc9e71583c \
                    request_id=r-1";
    assert_eq!(first, expected);
    assert!(second.contains("row=1 answer=\"Low Risk\" hmac="), "{second}");
}

#[test]
fn the_same_input_has_the_same_digest_under_one_key_only() {
    let unit = r#"{"patient_data":{"cholesterol":{"value":240,"unit":"mg/dL"},"age":65.0}}"#;
    let other = r#"{"patient_data":{"age":65,"cholesterol":241}}"#;
    let lines = audit("secret", &[EXAMPLE, unit, other]);
    assert_eq!(lines[0], lines[1]);
    assert_ne!(lines[0], lines[2]);
    assert_ne!(audit("another", &[EXAMPLE])[0], lines[0]);
}

#[test]
fn all_predictions_are_audited_and_rows_made_up_are_not() {
    let server = serve_with(&[("log_requests", "audit"), ("audit_key", "secret")]);
    let mut client = server.client();
    for _ in 0..100 {
        client.send(&Request::post("/predict", EXAMPLE));
    }
    client.send(&Request::post("/what-if", EXAMPLE));
    client.send(&Request::post("/predict", "{}"));
    let input = r#"{"inputs":[{"name":"age","datatype":"FP64","shape":[2],"data":[65,45]}]}"#;
    client.send(&Request::post("/v2/models/heart-risk-demo/infer", input));
    assert_eq!(audited(server.stop()).len(), 102);
}

#[test]
fn without_a_key_there_is_no_audit_and_the_log_says_so() {
    let server = serve_with(&[("log_requests", "audit")]);
    server.post("/predict", EXAMPLE);
    server.logged("audit_key is empty; auditing nothing");
    assert!(audited(server.stop()).is_empty());
}

#[test]
fn a_key_alone_audits_nothing() {
    let server = serve_with(&[("audit_key", "secret")]);
    server.post("/predict", EXAMPLE);
    assert!(audited(server.stop()).is_empty());
}
