//! Routes.

use super::{EXAMPLE, scrape, serve};
use crate::support::http::Request;

#[test]
fn the_root_has_the_blueprints_message() {
    let response = serve().get("/");
    let message = r#"{"message":"Healthcare AI Model Service is running."}"#;
    assert_eq!((response.status, response.text()), (200, message));
}

#[test]
fn a_query_does_not_change_the_route() {
    let response = serve().post("/predict?trace=1", EXAMPLE);
    assert_eq!(response.status, 200);
}

#[test]
fn head_is_answered_as_get_with_the_same_headers() {
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
    let server = serve();
    for path in ["/predictions", "/v20", "/v20/models"] {
        let response = server.get(path);
        let found = (response.status, response.text());
        assert_eq!(found, (404, r#"{"detail":"Not Found"}"#), "{path}");
    }
}

#[test]
fn a_wrong_method_is_405_with_the_right_ones() {
    let server = serve();
    for (method, target, allow) in [
        ("GET", "/predict", "POST, OPTIONS"),
        ("HEAD", "/predict", "POST, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("BREW", "/metrics", "GET, HEAD, OPTIONS"),
        ("GET", "/v2/models/heart-risk-demo/infer", "POST, OPTIONS"),
        ("POST", "/v2/health/ready", "GET, HEAD, OPTIONS"),
    ] {
        let response = server.send(&Request::new(method, target));
        assert_eq!((response.status, response.header("allow")), (405, Some(allow)), "{target}");
    }
}

/// As FastAPI does, and every client follows.
#[test]
fn a_slash_at_the_end_of_a_path_is_307_to_the_path_without_it() {
    let server = serve();
    for (method, target, location) in [
        ("POST", "/predict/", "../predict"),
        ("POST", "/predict/?a=b/?c", "../predict?a=b/?c"),
        ("GET", "/metrics/", "../metrics"),
        ("GET", "//", "../"),
        ("GET", "/docs/", "../docs"),
        ("PUT", "/v2/", "../v2"),
        ("POST", "/v2/models/a%2Fb/infer/", "../infer"),
        ("GET", "/v2/models/a%2Fb/", "../a%2Fb"),
    ] {
        let response = server.send(&Request::new(method, target));
        let found = (response.status, response.header("location"));
        assert_eq!(found, (307, Some(location)), "{target}");
        // Without it, Spin sends the empty body in chunks.
        assert_eq!(response.header("content-length"), Some("0"), "{target}");
    }
    for target in ["/nothing/", "/predict//", "/v2/models//"] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    let scrape = scrape(&mut server.client());
    assert_eq!(
        scrape.sum("http_requests_total", "handler=\"none\",method=\"POST\",status=\"3xx\""),
        3.0
    );
}
