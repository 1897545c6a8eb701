//! The places of connections: in each phase, as many clients as there are places, and more, keep no
//! other client out. Only the need for a place can end them here: all times are an hour.

use super::serve_with;
use crate::support::http::{Client, Request};
use crate::support::server::TestServer;
use model_api_host::Limits;
use std::time::Duration;

const PLACES: usize = 4;

/// A server with few places, and as long a time for everything as `adjust` leaves it.
fn server(adjust: impl FnOnce(&mut Limits)) -> TestServer {
    serve_with(|settings| {
        let limits = &mut settings.limits;
        limits.connections = PLACES;
        limits.first_request_timeout = HOUR;
        limits.header_timeout = HOUR;
        limits.body_window = HOUR;
        limits.request_timeout = HOUR;
        limits.drain_timeout = Duration::ZERO;
        adjust(limits);
    })
}

const HOUR: Duration = Duration::from_secs(3600);

/// Clients that send `bytes` and read nothing, three times as many as there are places.
fn clients(server: &TestServer, bytes: &str) -> Vec<Client> {
    let client = |_| {
        let mut client = server.client();
        client.send_raw(bytes);
        client
    };
    (0..3 * PLACES).map(client).collect()
}

/// Others are answered, although clients have sent `bytes` and the server waits for them.
fn others_are_answered_beside_clients_that_send(bytes: &str) {
    let server = server(|_| {});
    let rude = clients(&server, bytes);
    for _ in 0..2 * PLACES {
        assert_eq!(server.get("/constant").text(), "constant");
    }
    drop(rude);
}

#[test]
fn silent_clients_keep_no_client_out() {
    others_are_answered_beside_clients_that_send("");
}

#[test]
fn half_heads_keep_no_client_out() {
    others_are_answered_beside_clients_that_send("POST /body HTTP/1.1\r\nhost: a\r\nx-half: ");
}

#[test]
fn half_bodies_keep_no_client_out() {
    let half = "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx";
    others_are_answered_beside_clients_that_send(half);
}

#[test]
fn refused_uploads_keep_no_client_out() {
    let refused = "POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000\r\n\r\nx";
    others_are_answered_beside_clients_that_send(refused);
}

#[test]
fn clients_that_read_no_response_keep_no_client_out() {
    let large = "GET /large?1000000 HTTP/1.1\r\nhost: a\r\n\r\n";
    others_are_answered_beside_clients_that_send(&large.repeat(30));
}

#[test]
fn clients_that_read_no_stream_keep_no_client_out() {
    others_are_answered_beside_clients_that_send("GET /stream?1024 HTTP/1.1\r\nhost: a\r\n\r\n");
}

#[test]
fn clients_that_pipeline_work_get_one_response_and_keep_no_client_out() {
    let server = server(|limits| limits.request_timeout = Duration::from_millis(200));
    let pipelined = "GET /loop HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200);
    let mut busy = clients(&server, &pipelined);
    assert_eq!(server.get("/constant").text(), "constant");
    for client in &mut busy[..PLACES] {
        assert_eq!(client.receive().status, 504);
        assert_eq!(client.read_to_end(), b"");
    }
}

#[test]
fn clients_in_line_for_a_turn_keep_no_client_out() {
    let server = server(|limits| {
        limits.request_timeout = Duration::from_millis(200);
        limits.small_body_bytes = 100;
    });
    let endless = format!(
        "POST /loop HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{}",
        "x".repeat(1000)
    );
    let in_line = clients(&server, &endless.repeat(50));
    assert_eq!(server.send(&Request::get("/constant")).text(), "constant");
    drop(in_line);
}
