//! The request as a guest sees it: the questions of Spin's conformance test `request-shape`.

use super::{manifest, serve};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;

#[test]
fn a_guest_sees_the_headers_and_the_uri_as_on_spin() {
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
fn the_authority_of_the_target_counts_and_the_host_header_does_not() {
    let server = serve();
    let mut client = server.client();
    for host in ["a.example", "A.example:80", "b.example", ""] {
        client
            .send_raw(format!("GET http://user@a.example/echo?q HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        let response = client.receive();
        let shown = response.json();
        assert_eq!(shown["authority"], "a.example");
        assert_eq!(shown["path_with_query"], "/echo?q");
        assert_eq!(header(&response, "spin-full-url"), ["http://a.example/echo?q"]);
    }
}

#[test]
fn a_request_without_one_valid_host_is_400() {
    let server = serve();
    for bad in [
        &b"GET /echo HTTP/1.1\r\n\r\n"[..],
        b"GET http://a.example/echo HTTP/1.1\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nhost: a b\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nhost: \xff\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nhost: :80\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nhost: a:http\r\n\r\n",
    ] {
        let mut client = server.client();
        client.send_raw(bad);
        let response = client.receive();
        assert_eq!(response.status, 400, "{}", bad.escape_ascii());
        assert!(response.json()["detail"].as_str().unwrap().contains("Host"));
    }
    let mut client = server.client();
    client.send_raw("GET /echo HTTP/1.1\r\nhost:\r\n\r\n");
    assert_eq!(client.receive().json()["authority"], "localhost");
}

#[test]
fn a_transfer_coding_other_than_chunked_is_501() {
    let server = serve();
    for coding in ["gzip, chunked", "gzip\r\ntransfer-encoding: chunked", "identity, chunked"] {
        let mut client = server.client();
        client.send_raw(format!(
            "POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {coding}\r\n\r\n0\r\n\r\n"
        ));
        assert_eq!(client.receive().status, 501, "{coding}");
    }
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n");
    client.send_raw("1\r\nx\r\n0\r\n\r\n");
    assert_eq!(client.receive().text(), "x");
}

/// A gateway that read another length could take for a body what is a request here.
#[test]
fn a_body_with_two_lengths_is_refused_or_the_last_of_its_connection() {
    let server = serve();
    let mut client = server.client();
    client.send_raw(
        "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    );
    assert_eq!(client.receive().status, 400);
    for lengths in [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
    ] {
        let mut client = server.client();
        let chunks = "5\r\nabcde\r\n0\r\n\r\n";
        client.send_raw(format!("POST /body HTTP/1.1\r\nhost: a\r\n{lengths}\r\n\r\n{chunks}"));
        client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.receive().text(), "abcde", "{lengths}");
        assert_eq!(client.read_to_end(), b"", "{lengths}");
    }
}

#[test]
fn a_header_in_another_encoding_than_utf_8_reaches_the_guest() {
    let server = serve();
    let mut client = server.client();
    client.send_raw(
        b"GET /constant HTTP/1.1\r\nhost: a\r\nx-request-id: \xff\xfe\r\nx-odd: \xc3\r\n\r\n",
    );
    assert_eq!(client.receive().text(), "constant");
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
