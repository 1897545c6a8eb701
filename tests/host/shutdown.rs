//! The stop of a server.

use super::{eventually, metric, serve, serve_with};
use crate::support::http::{Client, Request};
use crate::support::server::TestServer;
use std::mem::ManuallyDrop;
use std::time::Duration;

#[test]
fn idle_connections_are_closed_and_no_new_ones_accepted() {
    let server = serve();
    let address = server.address();
    let mut used = server.client();
    assert_eq!(used.send(&Request::get("/constant")).status, 200);
    assert!(server.stop().is_empty());
    assert_eq!(used.read_to_end(), b"");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_request_in_flight_is_finished() {
    let server = serve();
    let (mut client, head) = in_flight(&server);
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| server.stop());
        assert_eq!(client.read_body(head, false).body.len(), 1024 * 64 * 1024);
        assert!(stopping.join().unwrap().is_empty());
    });
}

#[test]
fn the_server_stops_although_a_request_does_not_end() {
    let server = serve_with(|settings| {
        settings.limits.drain_timeout = Duration::from_millis(100);
    });
    let _client = in_flight(&server);
    let lines = server.stop();
    assert_eq!(
        lines,
        ["error: stopped with unfinished requests: 1; MODEL_API_DRAIN_TIMEOUT gives them longer"]
    );
}

#[test]
fn requests_sent_before_the_stop_are_answered() {
    let server = serve();
    let mut used = server.client();
    used.send(&Request::get("/constant"));
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    clients.push(used);
    for client in &mut clients {
        client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
    }
    assert!(server.stop().is_empty());
    for client in &mut clients {
        assert_eq!(client.receive().text(), "constant");
    }
}

#[test]
fn half_a_head_does_not_keep_the_server() {
    let server = serve_with(|settings| settings.limits.drain_timeout = Duration::from_secs(60));
    let mut client = server.client();
    client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\nx-half: ");
    assert!(server.stop().is_empty());
    assert_eq!(client.read_to_end(), b"");
}

/// A client sends its next request to another server then. Nothing else would tell it.
#[test]
fn each_busy_connection_is_told_that_the_server_stops() {
    // It would be dropped only after its notice.
    let mut server = ManuallyDrop::new(serve());
    let mut busy: Vec<_> = (0..16).map(|_| server.client()).collect();
    for client in &mut busy {
        let response = client.send(&Request::get("/constant"));
        assert_eq!(response.header("connection"), None);
    }
    server.stop_after(Duration::from_secs(3600));
    eventually(|| server.get("/.well-known/spin/health").status != 200);
    for client in &mut busy {
        let response = client.send(&Request::get("/constant"));
        assert_eq!((response.text(), response.header("connection")), ("constant", Some("close")));
        assert_eq!(client.read_to_end(), b"");
    }
    // Who has not heard of it finds the server where it was.
    assert_eq!(server.get("/constant").text(), "constant");
}

#[test]
fn a_request_in_flight_at_the_stop_is_told_that_it_is_the_last() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_secs(1);
    });
    let mut client = server.client();
    client.send_raw("GET /loop HTTP/1.1\r\nhost: a\r\n\r\n");
    eventually(|| metric(&server, "requests", "") == 1.0);
    server.stop();
    let response = client.receive();
    assert_eq!((response.status, response.header("connection")), (504, Some("close")));
}

/// A request whose guest waits for the client to read.
fn in_flight(server: &TestServer) -> (Client, crate::support::http::Response) {
    let mut client = server.client();
    client.send_raw("GET /stream?1024 HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = client.read_head();
    (client, head)
}
