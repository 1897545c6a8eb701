//! Guests that fail, and what their clients and the operator learn.

use super::{serve, serve_with};
use crate::support::http::{Request, Response};
use std::time::Duration;

#[test]
fn a_trap_is_500_and_a_line_that_says_why() {
    let server = serve();
    assert_error(&server.get("/trap"), 500, "the component failed");
    let line = server.logged("trapped");
    assert_eq!(line, "probe: trapped: wasm trap: wasm `unreachable` instruction executed");
    assert_eq!(server.get("/constant").status, 200);
}

#[test]
fn a_guest_that_never_ends_is_stopped_and_others_do_not_wait_for_it() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    });
    let looping: Vec<_> = (0..4)
        .map(|_| {
            let mut client = server.client();
            client.send_raw("GET /loop HTTP/1.1\r\nhost: a\r\n\r\n");
            client
        })
        .collect();
    assert_eq!(server.get("/constant").text(), "constant");
    for mut client in looping {
        assert_error(&client.receive(), 504, "the component did not answer within 500ms");
    }
    assert_eq!(server.logged("too long"), "probe: stopped: it took too long");
}

#[test]
fn a_guest_that_wants_too_much_memory_does_not_get_it() {
    let server = serve_with(|settings| settings.limits.memory_bytes = 8 << 20);
    assert_eq!(server.get("/memory?16").text(), "16");
    assert_error(&server.get("/memory?1024"), 500, "the component failed");
    assert!(server.logged("trapped").ends_with("refused more than 8388608 bytes of memory"));
}

#[test]
fn a_guest_without_a_response_is_500() {
    let server = serve();
    for path in ["/silent", "/short", "/error"] {
        assert_error(&server.get(path), 500, "the component gave no response");
    }
}

/// The client can tell: the last chunk, which says that all is there, does not come.
#[test]
fn a_response_that_is_cut_short_does_not_look_complete() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET /stream-and-trap?100 HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(client.read_head().status, 200);
    let body = client.read_to_end();
    assert!(body.len() > 50 * 64 * 1024);
    assert!(!body.ends_with(b"0\r\n\r\n"));
    assert_error(&server.get("/stream-and-trap?0"), 500, "the component failed");
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
    assert_eq!(response.json(), serde_json::json!({ "error": reason }));
}
