//! What is served where, and what is not.

use super::{EXAMPLE, serve};
use crate::support::http::Request;

#[test]
fn the_root_says_that_the_service_runs() {
    let response = serve().get("/");
    let message = r#"{"message":"Healthcare AI Model Service is running."}"#;
    assert_eq!((response.status, response.text()), (200, message));
}

#[test]
fn a_query_does_not_change_the_route() {
    let response = serve().send(&Request::post("/predict?trace=1", EXAMPLE));
    assert_eq!(response.status, 200);
}

#[test]
fn head_is_answered_where_get_is_with_the_same_headers() {
    let server = serve();
    let mut client = server.client();
    let get = client.send(&Request::get("/"));
    let head = client.send(&Request::new("HEAD", "/"));
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert_eq!(client.send(&Request::new("HEAD", "/metrics")).status, 200);
    // The body was left out, so that the connection is where it should be.
    assert_eq!(client.send(&Request::get("/")).status, 200);
}

#[test]
fn an_unknown_route_is_404() {
    let response = serve().get("/predictions");
    assert_eq!((response.status, response.text()), (404, r#"{"detail":"Not Found"}"#));
}

#[test]
fn a_wrong_method_is_405_with_the_right_ones() {
    let server = serve();
    for (method, target, allow) in [
        ("GET", "/predict", "POST, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("BREW", "/metrics", "GET, HEAD, OPTIONS"),
        ("GET", "/v2/models/heart-risk-demo/infer", "POST, OPTIONS"),
        ("POST", "/v2/health/ready", "GET, HEAD, OPTIONS"),
    ] {
        let response = server.send(&Request::new(method, target));
        assert_eq!((response.status, response.header("allow")), (405, Some(allow)), "{target}");
    }
}
