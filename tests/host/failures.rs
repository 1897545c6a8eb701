//! Guests that fail, and what their clients and the operator learn.

use super::{errors, eventually, metric, serve, serve_with};
use crate::support::http::{Client, Request, Response};
use crate::support::server::TestServer;
use std::time::Duration;

#[test]
fn a_trap_is_500_and_logged_with_its_reason() {
    let server = serve();
    let response = server.send(&Request::get("/trap").header("x-request-id", "r-1"));
    assert_error(&response, 500, "The component failed");
    assert_eq!(
        server.logged("trapped"),
        "probe: trapped: wasm trap: wasm `unreachable` instruction executed request_id=r-1"
    );
    assert_eq!(server.get("/constant").status, 200);
}

#[test]
fn an_endless_guest_is_stopped_and_keeps_no_other_waiting() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_secs(3);
    });
    let looping: Vec<_> = (0..4).map(|_| looping(&server)).collect();
    assert_eq!(server.get("/constant").text(), "constant");
    assert_eq!(errors(&server, "timed_out"), 0.0, "the loops still run");
    for mut client in looping {
        assert_error(&client.receive(), 504, "The component did not answer within 3s");
    }
    assert!(server.logged("too long").starts_with("probe: stopped: it took too long request_id="));
}

#[test]
fn a_guest_gets_no_memory_beyond_its_limit() {
    let server = serve_with(|settings| settings.limits.memory_bytes = 8 << 20);
    assert_eq!(server.get("/memory?16").text(), "16");
    assert_error(&server.get("/memory?1024"), 500, "The component failed");
    assert!(server.logged("trapped").contains("refused more than 8388608 bytes of memory"));
}

/// An operator may raise the limit of bodies, and leave that of memory as it is.
#[test]
fn a_body_that_takes_more_memory_than_a_guest_has_is_413() {
    let server = serve_with(|settings| {
        settings.limits.memory_bytes = 8 << 20;
        settings.limits.body_bytes = 8 << 20;
    });
    assert_error(
        &server.post("/body", vec![b'x'; 7 << 20]),
        413,
        "The body takes more memory than there is for one",
    );
    assert!(server.logged("trapped").contains("refused more than 8388608 bytes of memory"));
}

#[test]
fn a_request_is_503_if_all_instances_have_too_much_memory() {
    let server = serve_with(|settings| settings.limits.all_memory_bytes = 8 << 20);
    assert_eq!(server.get("/memory?16").text(), "16");
    for _ in 0..3 {
        let response = server.get("/memory?1024");
        assert_error(&response, 503, "Too many requests at once");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    assert_eq!(server.get("/memory?16").text(), "16");
}

/// Each worker has one after its first request.
#[test]
fn instances_that_wait_for_a_request_keep_no_memory_from_others() {
    let server = serve_with(|settings| settings.limits.all_memory_bytes = 8 << 20);
    for _ in 0..10 {
        assert_eq!(server.get("/constant").status, 200);
    }
    assert_eq!(server.get("/memory?96").text(), "96");
    eventually(|| metric(&server, "memory_bytes", "") == 0.0);
}

#[test]
fn a_component_too_large_for_several_requests_at_once_is_logged_at_the_start() {
    let server = serve_with(|settings| settings.limits.all_memory_bytes = 1);
    let line = server.logged("begins with");
    assert!(line.starts_with("warning: an instance of component `probe` begins with "), "{line}");
    assert!(line.contains("set MODEL_API_ALL_MEMORY_BYTES to "), "{line}");
    assert!(!serve().stop().iter().any(|line| line.contains("begins with")));
}

/// Ten answers would take longer than the loops live if guests ran one after the other on a thread.
#[test]
fn a_computing_guest_keeps_no_neighbour_waiting() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_secs(20);
        settings.limits.drain_timeout = Duration::ZERO;
    });
    let mut neighbours = [server.client(), server.client()];
    let _looping: Vec<_> = (0..4).map(|_| looping(&server)).collect();
    for _ in 0..100 {
        for neighbour in &mut neighbours {
            assert_eq!(neighbour.send(&Request::get("/constant")).text(), "constant");
        }
    }
    assert_eq!(errors(&server, "timed_out"), 0.0, "the loops still run");
}

#[test]
fn a_guest_is_stopped_when_its_client_is_gone() {
    let server = serve_with(|settings| {
        settings.limits.concurrent_requests = 1;
        settings.limits.half_close_timeout = Duration::ZERO;
    });
    let client = looping(&server);
    eventually(|| metric(&server, "requests", "") == 1.0);
    assert_eq!(server.get("/constant").status, 503);
    drop(client);
    eventually(|| metric(&server, "requests", "") == 0.0);
    assert_eq!(server.get("/constant").status, 200);
    assert_eq!(errors(&server, "client_gone"), 1.0);
}

/// What a client has sent beyond its request is not read, so that its end is not either.
#[cfg(target_os = "linux")]
#[test]
fn a_guest_is_stopped_when_its_client_has_sent_more_and_is_gone() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_secs(3600);
        settings.limits.drain_timeout = Duration::ZERO;
        settings.limits.half_close_timeout = Duration::ZERO;
    });
    let mut client = looping(&server);
    client.send_raw("G");
    eventually(|| metric(&server, "requests", "") == 1.0);
    drop(client);
    eventually(|| metric(&server, "requests", "") == 0.0);
    assert_eq!(errors(&server, "client_gone"), 1.0);
}

/// A client of a guest that never ends.
fn looping(server: &TestServer) -> Client {
    let mut client = server.client();
    client.send_raw("GET /loop HTTP/1.1\r\nhost: a\r\n\r\n");
    client
}

#[test]
fn a_guest_without_a_response_is_500() {
    let server = serve();
    for path in ["/silent", "/short", "/error"] {
        assert_error(&server.get(path), 500, "The component gave no response");
    }
}

/// Only a guest that drops such a body itself says that it is not whole.
#[test]
fn a_body_that_a_guest_leaves_open_ends_with_the_guest() {
    let response = serve().get("/unfinished");
    assert_eq!((response.status, response.header("content-length")), (200, Some("0")));
}

/// The client can tell: the last chunk, which says that all is there, does not come.
#[test]
fn a_cut_response_does_not_look_complete() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET /stream-and-trap?100 HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.read_head().status, 200);
    let body = client.read_to_end();
    assert!(body.len() > 50 * 64 * 1024);
    assert!(!body.ends_with(b"0\r\n\r\n"));
}

#[test]
fn a_failure_leaves_the_connection_usable() {
    let server = serve();
    let mut client = server.client();
    assert_eq!(client.send(&Request::get("/trap")).status, 500);
    assert_eq!(client.send(&Request::get("/constant")).text(), "constant");
}

fn assert_error(response: &Response, status: u16, reason: &str) {
    assert_eq!(response.status, status);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json(), serde_json::json!({ "detail": reason }));
    assert!(response.header("x-request-id").is_some());
}
