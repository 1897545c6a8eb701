//! Bodies that are not written as usual: compressed, or with a byte order mark.

use super::{ANSWER, EXAMPLE, predict, serve, serve_with};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::Write;

const INFER: &str = "/v2/models/heart-risk-demo/infer";
const TENSORS: &str =
    r#"{"inputs": [{"name": "age", "datatype": "FP64", "shape": [1], "data": [65]}]}"#;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn send(server: &TestServer, path: &str, body: Vec<u8>, coding: &str) -> Response {
    server.send(&Request::post(path, body).header("content-encoding", coding))
}

#[test]
fn a_compressed_body_is_taken() {
    let server = serve();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(EXAMPLE.as_bytes()).unwrap();
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
    raw.write_all(EXAMPLE.as_bytes()).unwrap();
    for (body, coding) in [
        (gzip(EXAMPLE.as_bytes()), "gzip"),
        (EXAMPLE.as_bytes().chunks(30).flat_map(gzip).collect(), "X-GZIP"),
        (zlib.finish().unwrap(), "deflate"),
        (raw.finish().unwrap(), "Deflate"),
        (EXAMPLE.into(), "identity"),
    ] {
        assert_eq!(send(&server, "/predict", body, coding).text(), ANSWER, "{coding}");
    }
    assert_eq!(send(&server, INFER, gzip(TENSORS.as_bytes()), "gzip").status, 200);
}

#[test]
fn binary_tensors_may_be_compressed_too() {
    let json = r#"{"inputs": [{"name": "age", "datatype": "FP64", "shape": [1],
                               "parameters": {"binary_data_size": 8}}]}"#;
    let body = gzip(&[json.as_bytes(), &65_f64.to_le_bytes()].concat());
    let request = Request::post(INFER, body)
        .header("content-encoding", "gzip")
        .header("inference-header-content-length", &json.len().to_string());
    let response = serve().send(&request);
    assert_eq!(response.json()["outputs"][0]["data"][0], "High Risk");
}

#[test]
fn a_compressed_body_is_validated_as_usual() {
    let response = send(&serve(), "/predict", gzip(br#"{"patient_data":{}}"#), "gzip");
    assert_eq!((response.status, &response.json()["detail"][0]["type"]), (422, &"missing".into()));
}

#[test]
fn a_body_inflating_beyond_the_limit_is_413() {
    let server = serve_with(&[("max_body_bytes", "5000")]);
    let mut body = EXAMPLE.as_bytes().to_vec();
    body.resize(5000, b' ');
    assert_eq!(send(&server, "/predict", gzip(&body), "gzip").status, 200);
    for length in [5001, 100 << 20] {
        let response = send(&server, "/predict", gzip(&vec![b' '; length]), "gzip");
        assert_eq!(response.text(), r#"{"detail":"The body is larger than 5000 bytes"}"#);
        assert_eq!(response.status, 413);
    }
}

#[test]
fn an_unknown_coding_is_415_with_the_known_ones() {
    let server = serve();
    for (path, coding) in [("/predict", "br"), (INFER, "br"), ("/predict", "gzip, gzip")] {
        let response = send(&server, path, "\u{1f}br".into(), coding);
        assert_eq!(response.status, 415, "{path}");
        assert_eq!(response.header("accept-encoding"), Some("gzip, deflate"), "{path}");
    }
}

#[test]
fn a_body_of_another_coding_than_stated_is_400() {
    let server = serve();
    let cut = gzip(EXAMPLE.as_bytes());
    let half = &cut[..cut.len() / 2];
    for (body, coding) in [(half, "gzip"), (b"nothing", "gzip"), (b"", "gzip"), (b"", "deflate")] {
        let response = send(&server, "/predict", body.to_vec(), coding);
        assert_eq!(response.status, 400);
        let message = format!("The body is not valid {coding}");
        assert!(response.text().contains(&message), "{}", response.text());
    }
}

#[test]
fn a_byte_order_mark_before_the_json_is_passed_over() {
    let server = serve();
    let marked = |body: &str| format!("\u{feff}{body}");
    assert_eq!(predict(&mut server.client(), marked(EXAMPLE)).text(), ANSWER);
    assert_eq!(server.post(INFER, marked(TENSORS)).status, 200);
    assert_eq!(predict(&mut server.client(), marked("")).status, 422);
}
