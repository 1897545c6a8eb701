//! Connections: how long they live, and how responses leave.

use super::{serve, serve_with};
use crate::support::http::{Client, Request};

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let server = serve();
    let mut client = server.client();
    for _ in 0..3 {
        assert_eq!(client.send(&Request::get("/constant")).text(), "constant");
    }
}

#[test]
fn a_connection_is_closed_if_the_client_asks_for_it() {
    let server = serve();
    let mut client = server.client();
    let response = client.send(&Request::get("/constant").header("connection", "close"));
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn http_1_0_works_without_a_host() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET /echo HTTP/1.0\r\n\r\n");
    let response = client.receive();
    assert_eq!(response.json()["authority"], "localhost");
    assert_eq!(client.read_to_end(), b"");
}

#[test]
fn requests_may_be_sent_before_the_responses_come() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET /count?n HTTP/1.1\r\nhost: a\r\n\r\n".repeat(3));
    for expected in ["1", "2", "3"] {
        assert_eq!(client.receive().text(), expected);
    }
}

/// Two writes would cost a client 40 ms: the second waits until the first is confirmed.
#[test]
fn a_whole_response_leaves_in_one_write() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
    let written = String::from_utf8(client.read_once()).unwrap();
    assert!(written.starts_with("HTTP/1.1 200 OK\r\n"), "{written}");
    assert!(written.ends_with("\r\n\r\nconstant"), "{written}");
}

#[test]
fn a_response_may_come_piece_by_piece() {
    let response = serve().get("/stream?100");
    assert_eq!(response.header("transfer-encoding"), Some("chunked"));
    assert_eq!(response.body.len(), 100 * 64 * 1024);
}

/// As `nc -N` does.
#[test]
fn a_half_closed_client_gets_its_answer() {
    let server = serve();
    for request in [
        "GET /constant HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\nconstant",
        "GET /constant HTTP/1.0\r\n\r\n",
    ] {
        let mut client = server.client();
        client.send_raw(request);
        client.close_sending_half();
        assert_eq!(client.receive().text(), "constant");
        assert_eq!(client.read_to_end(), b"");
    }
}

/// A body that nobody reads would otherwise break the client's pipe before it reads the answer.
#[test]
fn an_early_answer_arrives_after_a_whole_body_is_sent() {
    let server = serve_with(|settings| settings.limits.body_bytes = 1000);
    let body = vec![b'x'; 9_000_000];
    for (request, status) in [
        (Request::post("/body", body.clone()), 413),
        (Request::post("/.well-known/spin/other", body.clone()), 404),
        (Request::post("/body", body).header("host", "a b"), 400),
    ] {
        let mut client = server.client();
        assert_eq!(client.send(&request).status, status);
        assert_eq!(client.read_to_end(), b"");
    }
}

#[test]
fn a_request_with_expect_continue_is_refused_before_its_body() {
    let server = serve_with(|settings| settings.limits.body_bytes = 1000);
    let mut client = server.client();
    client.send_raw(
        "POST /body HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2000\r\n\r\n",
    );
    assert_eq!(client.receive().status, 413);
}

#[test]
fn bytes_other_than_http_are_400() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("\x16\x03\x01 this is TLS\r\n\r\n");
    let response = client.receive();
    assert_eq!(response.status, 400);
    assert_eq!(response.json()["detail"], "The request is not valid HTTP/1.1");
}

#[test]
fn http_2_is_not_served() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(client.read_to_end(), b"");
    // A server that knew it would change to it.
    let upgrade = Request::get("/constant")
        .header("connection", "upgrade, http2-settings")
        .header("upgrade", "h2c")
        .header("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA");
    assert_eq!(server.send(&upgrade).text(), "constant");
}

#[test]
fn requests_that_came_at_once_take_turns_with_the_others_of_their_thread() {
    const REQUESTS: usize = 500;
    let server = serve();
    // Connections are dealt to the threads in turn: the last is on the thread of the first.
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut clients: Vec<_> = (0..=threads).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(&Request::get("/constant"));
    }
    let mut last = clients.pop().unwrap();
    let first = &mut clients[0];
    // Each answer is the number of requests that were answered so far.
    let requests = "GET /count?answered HTTP/1.1\r\nhost: a\r\n\r\n".repeat(REQUESTS);
    let answers = |client: &mut Client| -> Vec<usize> {
        (0..REQUESTS).map(|_| client.receive().text().parse().unwrap()).collect()
    };
    let take_turns = |_| {
        first.send_raw(&requests);
        last.send_raw(&requests);
        let [one, other] = [answers(first), answers(&mut last)];
        // Those while both had requests: the system may have delivered the last after the first were answered.
        let both = one[0].max(other[0])..one[REQUESTS - 1].min(other[REQUESTS - 1]);
        let turns = one.windows(2).filter(|pair| both.contains(&pair[0]) && pair[1] > pair[0] + 1);
        both.len() > 100 && turns.count() > both.len() / 8
    };
    assert!((0..10).any(take_turns));
}
