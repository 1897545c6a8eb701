//! What one client may use, and what it is told beyond that.

use super::serve_with;
use crate::support::http::Request;
use std::time::Duration;

#[test]
fn a_body_up_to_the_limit_is_taken_and_a_longer_one_is_413() {
    let server = serve_with(|settings| settings.limits.body_bytes = 1000);
    assert_eq!(server.send(&Request::post("/body", vec![b'x'; 1000])).body.len(), 1000);

    let response = server.send(&Request::post("/body", vec![b'x'; 1001]));
    assert_eq!(response.status, 413);
    assert_eq!(response.json()["error"], "the body has more than 1000 bytes");
    assert_eq!(response.header("connection"), Some("close"));
}

#[test]
fn a_body_of_unknown_length_is_counted_as_it_comes() {
    let server = serve_with(|settings| settings.limits.body_bytes = 1000);
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_raw([b"3e9\r\n", &[b'x'; 1001][..], b"\r\n"].concat());
    assert_eq!(client.receive().status, 413);
}

#[test]
fn headers_beyond_the_limit_are_431() {
    let server = serve_with(|settings| settings.limits.header_bytes = 8192);
    let long = "x".repeat(4000);
    let fits = Request::get("/constant").header("x-long", &long);
    assert_eq!(server.send(&fits).status, 200);
    let response = server.send(&fits.header("x-longer", &long.repeat(2)));
    assert_eq!(response.status, 431);
}

#[test]
fn a_client_that_does_not_finish_its_headers_is_cut_off() {
    let server = serve_with(|settings| {
        settings.limits.header_timeout = Duration::from_millis(100);
    });
    let mut client = server.client();
    client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\nx-slow: ");
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn a_client_that_does_not_finish_its_body_is_408() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_millis(100);
    });
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf");
    let response = client.receive();
    assert_eq!(response.status, 408);
    assert_eq!(response.json()["error"], "the body did not arrive in time");
}

#[test]
fn bodies_together_have_a_limit_too() {
    let server = serve_with(|settings| settings.limits.held_bytes = 1000);
    let mut slow = server.client();
    slow.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n");
    slow.send_raw([b'x'; 1001]);
    assert_eq!(slow.receive().status, 503);
    assert_eq!(server.send(&Request::post("/body", vec![b'x'; 1000])).body.len(), 1000);
}

#[test]
fn a_client_that_does_not_read_its_response_is_cut_off() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    });
    let head = "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n";
    let request = [head.as_bytes(), &[b'x'; 1_000_000]].concat();
    server.client().send_until_cut_off(&request);
    assert_eq!(server.get("/constant").status, 200);
}

#[test]
fn a_body_that_ends_early_costs_nothing_but_its_connection() {
    let server = serve_with(|_| {});
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf");
    drop(client);
    assert_eq!(server.get("/constant").status, 200);
}

/// A client that does not read keeps its guest waiting, and the guest its instance.
#[test]
fn a_request_too_many_is_503_until_another_ends() {
    let server = serve_with(|settings| settings.limits.concurrent_requests = 1);
    let mut slow = server.client();
    slow.send_raw("GET /stream?1024 HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = slow.read_head();

    let response = server.get("/constant");
    assert_eq!(response.status, 503);
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(response.json()["error"], "too many requests at once");

    assert_eq!(slow.read_body(head, false).body.len(), 1024 * 64 * 1024);
    assert_eq!(server.get("/constant").status, 200);
}

/// The address space has no room for the memory of so many instances.
#[test]
fn without_a_pool_of_instances_requests_are_served_all_the_same() {
    let server = serve_with(|settings| settings.limits.concurrent_requests = 100_000);
    server.logged("warning: no pool of instances");
    assert_eq!(server.get("/constant").text(), "constant");
}

#[test]
fn a_connection_too_many_waits_until_another_is_closed() {
    let server = serve_with(|settings| settings.limits.connections = 1);
    let mut first = server.client();
    assert_eq!(first.send(&Request::get("/constant")).status, 200);
    let mut second = server.client();
    second.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(first.send(&Request::get("/constant")).status, 200);
    drop(first);
    assert_eq!(second.receive().text(), "constant");
}
