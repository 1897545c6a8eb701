//! What a guest sees of a request: the questions of Spin's conformance test `request-shape`.

use super::{manifest, serve};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;

#[test]
fn a_guest_sees_the_headers_and_the_uri_that_spin_shows() {
    let manifest = manifest("\"/echo/:path_segment/:path_end/...\"", "", "");
    let server = TestServer::start(&manifest, |_| {});
    let request = Request::get("/echo/path/end/rest?key=value").header("Host", "example.com");
    let mut client = server.client();
    let response = client.send(&request);

    let shown = response.json();
    assert_eq!(shown["method"], "GET");
    assert_eq!(shown["authority"], "example.com");
    assert_eq!(shown["scheme"], "http");
    assert_eq!(shown["path_with_query"], "/echo/path/end/rest?key=value");
    for (name, value) in [
        ("spin-raw-component-route", "/echo/:path_segment/:path_end/..."),
        ("spin-full-url", "http://example.com/echo/path/end/rest?key=value"),
        ("spin-path-info", "/rest"),
        ("spin-base-path", "/"),
        ("spin-component-route", "/echo/:path_segment/:path_end"),
        ("spin-path-match-path-segment", "path"),
        ("spin-path-match-path-end", "end"),
        ("spin-matched-route", "/echo/:path_segment/:path_end/..."),
    ] {
        assert_eq!(header(&response, name), [value], "{name}");
    }
    let client_addr: std::net::SocketAddr =
        header(&response, "spin-client-addr")[0].parse().unwrap();
    assert!(client_addr.ip().is_loopback());
}

#[test]
fn a_client_cannot_spoof_the_hosts_headers() {
    let request = Request::get("/echo")
        .header("Spin-Client-Addr", "1.2.3.4:5")
        .header("spin-path-match-user", "admin")
        .header("x-other", "kept");
    let response = serve().send(&request);
    assert_ne!(header(&response, "spin-client-addr"), ["1.2.3.4:5"]);
    assert!(header(&response, "spin-path-match-user").is_empty());
    assert_eq!(header(&response, "x-other"), ["kept"]);
}

#[test]
fn any_method_reaches_the_guest() {
    let server = serve();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let response = server.send(&Request::new(method, "/echo"));
        assert_eq!(response.json()["method"], method);
    }
}

#[test]
fn a_body_reaches_the_guest_whole() {
    let server = serve();
    let body = "0123456789".repeat(50_000);
    assert_eq!(server.send(&Request::post("/body", body.clone())).text(), body);
    assert_eq!(server.send(&Request::post("/body", "")).text(), "");

    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_raw("3\r\nabc\r\n");
    client.send_raw("4\r\ndefg\r\n0\r\n\r\n");
    assert_eq!(client.receive().text(), "abcdefg");
}

#[test]
fn the_authority_may_be_in_the_uri_but_must_be_one() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET http://a.example/echo?q HTTP/1.1\r\nhost: a.example\r\n\r\n");
    let shown = client.receive().json();
    assert_eq!(shown["authority"], "a.example");
    assert_eq!(shown["path_with_query"], "/echo?q");

    for bad in [
        "GET http://a.example/echo HTTP/1.1\r\nhost: b.example\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: a b\r\n\r\n",
    ] {
        let mut client = server.client();
        client.send_raw(bad);
        let response = client.receive();
        assert_eq!(response.status, 400, "{bad}");
        assert!(response.json()["error"].as_str().unwrap().contains("`Host`"));
    }
}

#[test]
fn a_response_to_head_has_the_headers_alone() {
    let server = serve();
    let mut client = server.client();
    let response = client.send(&Request::new("HEAD", "/constant"));
    assert_eq!((response.status, response.header("content-length")), (200, Some("8")));
    assert_eq!(client.send(&Request::get("/constant")).text(), "constant");
}

/// The values of a header that the guest saw.
fn header(response: &Response, name: &str) -> Vec<String> {
    let shown = response.json();
    let headers = shown["headers"].as_array().unwrap();
    let named = headers.iter().filter(|header| header[0] == name);
    named.map(|header| header[1].as_str().unwrap().to_owned()).collect()
}
