//! The limits of one client, and the answers beyond them.

use super::{errors, eventually, metric, serve_with};
use crate::support::http::Request;
use std::time::Duration;

#[test]
fn a_body_up_to_the_limit_is_taken_and_a_longer_one_is_413() {
    let server = serve_with(|settings| settings.limits.body_bytes = 1000);
    assert_eq!(server.send(&Request::post("/body", vec![b'x'; 1000])).body.len(), 1000);

    let response = server.send(&Request::post("/body", vec![b'x'; 1001]));
    assert_eq!(response.status, 413);
    assert_eq!(response.json()["detail"], "The body is larger than 1000 bytes");
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
    assert_eq!(response.json()["detail"], "The request's headers are too long or too many");
    assert!(response.header("x-request-id").is_some());
    assert_eq!(errors(&server, "head_too_large"), 1.0);
}

#[test]
fn a_hundred_headers_are_taken_and_more_are_431() {
    let server = serve_with(|_| {});
    let with_headers = |count| {
        // The client sends `Host` by itself.
        (1..count).fold(Request::get("/constant"), |request, _| request.header("x-a", "b"))
    };
    assert_eq!(server.send(&with_headers(100)).status, 200);
    assert_eq!(server.send(&with_headers(101)).status, 431);
}

#[test]
fn a_client_is_cut_off_if_it_sends_no_first_request() {
    let server = serve_with(|settings| {
        settings.limits.first_request_timeout = Duration::from_millis(100);
    });
    let (mut silent, mut used) = (server.client(), server.client());
    used.send(&Request::get("/constant"));
    assert_eq!(silent.read_to_end(), b"");
    assert_eq!(used.send(&Request::get("/constant")).text(), "constant");
}

#[test]
fn a_client_is_cut_off_if_its_headers_do_not_end() {
    let server = serve_with(|settings| {
        settings.limits.header_timeout = Duration::from_millis(100);
    });
    let mut client = server.client();
    client.send(&Request::get("/constant"));
    client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\nx-slow: ");
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn an_unfinished_body_is_408() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_millis(100);
    });
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf");
    let response = client.receive();
    assert_eq!(response.status, 408);
    assert_eq!(response.json()["detail"], "The body did not arrive in time");
}

#[test]
fn a_stalled_body_is_408_long_before_the_request_timeout() {
    let server = serve_with(|settings| {
        settings.limits.body_window = Duration::from_millis(100);
        settings.limits.request_timeout = Duration::from_secs(3600);
    });
    let mut client = server.client();
    client.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
    client.send_raw([b'x'; 90_000]);
    assert_eq!(client.receive().status, 408);
    assert_eq!(errors(&server, "body_too_slow"), 1.0);
}

#[test]
fn small_bodies_are_taken_beside_stalled_uploads() {
    let server = serve_with(|settings| {
        settings.limits.held_bytes = 100_000;
        settings.limits.small_body_bytes = 1000;
    });
    let mut stalled = server.client();
    stalled.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\n\r\n");
    stalled.send_raw([b'x'; 100_000]);
    eventually(|| metric(&server, "body_bytes", "") >= 99_000.0);
    let post = |length| server.send(&Request::post("/body", vec![b'x'; length])).status;
    assert_eq!(post(50_000), 503);
    assert_eq!(post(1000), 200);
    let mut chunks = server.client();
    chunks.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    chunks.send_raw("3\r\nabc\r\n");
    chunks.send_raw("4\r\ndefg\r\n0\r\n\r\n");
    assert_eq!(chunks.receive().text(), "abcdefg");
}

#[test]
fn bodies_together_have_a_limit_too() {
    let server = serve_with(|settings| {
        settings.limits.held_bytes = 1000;
        settings.limits.small_body_bytes = 1000;
    });
    let mut large = server.client();
    large.send_raw("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n");
    large.send_raw([b'x'; 100_000]);
    assert_eq!(large.receive().status, 503);
    assert_eq!(server.send(&Request::post("/body", vec![b'x'; 2000])).body.len(), 2000);
}

#[test]
fn a_client_is_cut_off_if_it_does_not_read_its_response() {
    let server = serve_with(|settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    });
    let head = "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n";
    let request = [head.as_bytes(), &[b'x'; 1_000_000]].concat();
    server.client().send_until_cut_off(&request);
    assert_eq!(server.get("/constant").status, 200);
}

#[test]
fn a_client_that_takes_nothing_is_cut_off_if_another_needs_the_room_of_its_response() {
    let server = serve_with(|settings| {
        settings.limits.held_response_bytes = 1_000_000;
        settings.limits.body_window = Duration::from_millis(100);
    });
    let large = Request::get("/large?900000");
    // More than the system takes for the client.
    let mut idle = server.client();
    for _ in 0..30 {
        idle.begin(&large);
    }
    eventually(|| {
        server.send(&large);
        metric(&server, "evicted_connections_total", "") > 0.0
    });
    // A response keeps its room for a moment after its client has it.
    eventually(|| metric(&server, "response_bytes", "") == 0.0);
    assert_eq!(server.send(&large).body.len(), 900_000);
    idle.send_until_cut_off(b"GET");
}

#[test]
fn a_response_without_room_is_503_and_a_small_one_has_room() {
    let server = serve_with(|settings| {
        settings.limits.held_response_bytes = 1000;
        settings.limits.small_body_bytes = 1000;
    });
    assert_eq!(server.get("/large?2000").status, 200);
    let response = server.get("/large?2001");
    assert_eq!(response.status, 503);
    assert_eq!(response.json()["detail"], "Too many requests at once");
    assert_eq!(errors(&server, "too_many_responses"), 1.0);
}

#[test]
fn an_incomplete_body_costs_only_its_connection() {
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
    assert_eq!(response.json()["detail"], "Too many requests at once");

    assert_eq!(slow.read_body(head, false).body.len(), 1024 * 64 * 1024);
    assert_eq!(server.get("/constant").status, 200);
}

#[test]
fn requests_with_large_bodies_take_turns_and_keep_no_small_one_waiting() {
    let server = serve_with(|settings| {
        settings.limits.small_body_bytes = 1000;
        settings.limits.half_close_timeout = Duration::ZERO;
    });
    let turns = std::thread::available_parallelism().unwrap().get();
    let endless = Request::post("/loop", vec![b'x'; 100_000]);
    let mut clients: Vec<_> = (0..=turns).map(|_| server.client()).collect();
    for client in &mut clients {
        client.begin(&endless);
    }
    let held = 99_000 * (turns + 1);
    eventually(|| metric(&server, "body_bytes", "") >= held as f64);
    for _ in 0..20 {
        assert_eq!(server.post("/body", "small").text(), "small");
    }
    assert_eq!(metric(&server, "requests", ""), turns as f64);

    drop(clients);
    assert_eq!(server.post("/body", vec![b'x'; 100_000]).body.len(), 100_000);
}

#[test]
fn a_connection_keeps_no_instance_after_its_response() {
    let server = serve_with(|settings| settings.limits.concurrent_requests = 1);
    // There are as many as can be at work, and two more for each worker.
    let instances = 1 + 2 * std::thread::available_parallelism().unwrap().get();
    let mut clients: Vec<_> = (0..=instances).map(|_| server.client()).collect();
    for client in &mut clients {
        assert_eq!(client.send(&Request::get("/constant")).text(), "constant");
    }
}

/// The address space has no room for the memory of so many instances.
#[test]
fn without_a_pool_of_instances_requests_are_served_all_the_same() {
    let server = serve_with(|settings| settings.limits.concurrent_requests = 100_000);
    server.logged("warning: no pool of instances");
    assert_eq!(server.get("/constant").text(), "constant");
}

#[test]
fn the_longest_idle_connection_makes_room_for_a_new_one() {
    let server = serve_with(|settings| settings.limits.connections = 3);
    let constant = Request::get("/constant");
    let mut older = server.client();
    older.send(&constant);
    let mut idle = server.client();
    // Its answer says that the one before it is open too.
    let mut newer = server.client();
    newer.send(&constant);
    older.send(&constant);
    assert_eq!(server.send(&constant).text(), "constant");
    assert_eq!(older.send(&constant).text(), "constant");
    assert_eq!(newer.send(&constant).text(), "constant");
    assert_eq!(idle.read_to_end(), b"");
}

#[test]
fn a_connection_too_many_waits_while_the_others_are_at_work() {
    let server = serve_with(|settings| settings.limits.connections = 1);
    let mut first = server.client();
    first.send_raw("GET /stream?1024 HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = first.read_head();
    let mut second = server.client();
    second.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(first.read_body(head, false).body.len(), 1024 * 64 * 1024);
    assert_eq!(second.receive().text(), "constant");
}

/// There is a turn for each core, and in line as many places as there may be requests.
#[test]
fn a_large_request_too_many_in_line_is_503_and_a_small_one_is_answered() {
    let server = serve_with(|settings| {
        settings.limits.small_body_bytes = 1000;
        settings.limits.concurrent_requests = 1 + cores();
        settings.limits.drain_timeout = Duration::ZERO;
    });
    let endless = Request::post("/loop", vec![b'x'; 100_000]);
    let mut clients: Vec<_> = (0..10 + 2 * cores()).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| client.begin(&endless));
    eventually(|| errors(&server, "too_many_requests") >= 9.0);
    assert_eq!(server.post("/body", "small").text(), "small");
}

fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}
