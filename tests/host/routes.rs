//! The target of each path.

use super::{manifest, serve};
use crate::support::http::Request;
use crate::support::server::TestServer;

#[test]
fn a_path_without_a_route_is_404_as_json() {
    let server = TestServer::start(&manifest("\"/constant\"", "", ""), |_| {});
    let response = server.get("/other");
    assert_eq!(response.status, 404);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.text(), "{\"detail\":\"Not Found\"}");
    assert_eq!(server.get("/v2/other").text(), "{\"error\":\"Not Found\"}");
    assert_eq!(server.get("/constant").text(), "constant");
}

#[test]
fn a_private_route_is_not_served() {
    let server = TestServer::start(&manifest("{ private = true }", "", ""), |_| {});
    assert_eq!(server.get("/constant").status, 404);
    assert_eq!(server.get("/").status, 404);
}

#[test]
fn a_static_response_needs_no_component() {
    let old = "[[trigger.http]]\nroute = \"/old\"\n\
               static_response = { status_code = 302, headers = { location = \"/new\" } }\n\
               [[trigger.http]]\nroute = \"/text\"\nstatic_response = { body = \"hello\" }\n";
    let server = TestServer::start(&manifest("\"/...\"", "", old), |_| {});
    let response = server.get("/old");
    assert_eq!((response.status, response.header("location")), (302, Some("/new")));
    assert_eq!(server.get("/text").text(), "hello");
    assert_eq!(server.get("/constant").text(), "constant");
}

#[test]
fn the_host_answers_for_its_health_itself() {
    let server = serve();
    assert_eq!(server.get("/.well-known/spin/health").text(), "OK");
    assert_eq!(server.get("/.well-known/spin/other").status, 404);
    let response = server.send(&Request::new("HEAD", "/.well-known/spin/health"));
    assert_eq!((response.status, response.header("content-length")), (200, Some("2")));
}

#[test]
fn the_host_tells_the_applications_name_as_spin_does() {
    let response = serve().get("/.well-known/spin/info");
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.text(), "{\n  \"name\": \"probe\"\n}");
}
