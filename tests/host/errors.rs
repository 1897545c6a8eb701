//! Errors that the host answers itself: their form, their counters and their lines of the log.

use super::{errors, manifest, metric, serve};
use crate::support::http::Request;
use crate::support::server::TestServer;

#[test]
fn an_error_of_the_host_has_the_clients_request_id_or_a_new_one() {
    let server = TestServer::start(&manifest("\"/constant\"", "", ""), |_| {});
    let get = |id| server.send(&Request::get("/other").header("x-request-id", id));
    assert_eq!(get("r-1").header("x-request-id"), Some("r-1"));
    assert_eq!(get("r 1").header("x-request-id").unwrap().len(), 16);
    assert_eq!(get("r-1").header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn every_error_of_the_host_is_in_its_metrics_from_0_up() {
    let server = serve();
    let response = server.get("/.well-known/model-api/metrics");
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(response.header("content-type"), Some(content_type));
    assert_eq!(errors(&server, "trapped"), 0.0);
    server.get("/trap");
    server.get("/silent");
    assert_eq!(errors(&server, "trapped"), 1.0);
    assert_eq!(errors(&server, "no_response"), 1.0);
}

#[test]
fn the_hosts_metrics_have_the_use_of_its_limits() {
    let server = serve();
    let _idle = server.client();
    while metric(&server, "connections", "") < 2.0 {}
    assert_eq!(metric(&server, "requests", ""), 0.0);
    assert_eq!(metric(&server, "memory_bytes", ""), 0.0);
    assert_eq!(metric(&server, "body_bytes", ""), 0.0);
}

#[test]
fn errors_of_the_host_are_logged_if_requests_are() {
    // An audit has the lines of requests too.
    for setting in ["true", "audit"] {
        let variables = format!("[variables]\nlog_requests = {{ default = \"{setting}\" }}");
        let server = TestServer::start(&manifest("\"/constant\"", "", &variables), |_| {});
        errors_are_logged(&server);
    }
}

fn errors_are_logged(server: &TestServer) {
    let path = format!("/{}", "x".repeat(2000));
    server.send(&Request::get(&path).header("x-request-id", "r-1"));
    let line = server.logged("request_id=r-1");
    let start = format!("host: info: GET {}… 404 ", &path[..1024]);
    assert!(line.starts_with(&start), "{line}");
    assert!(line.ends_with("us reason=no_route request_id=r-1"), "{line}");

    let mut client = server.client();
    client.send_raw("no HTTP\r\n\r\n");
    client.receive();
    server.logged("host: info: - - 400 0us reason=not_http request_id=");
}

#[test]
fn errors_of_the_host_are_not_logged_otherwise() {
    let server = TestServer::start(&manifest("\"/constant\"", "", ""), |_| {});
    server.get("/other");
    assert!(server.stop().is_empty());
}
