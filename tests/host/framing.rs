//! Where one request ends and the next begins: shapes by which a request is smuggled past whoever reads them
//! otherwise, and many requests sent at once.

use super::serve;
use crate::support::http::Request;
use crate::support::server::TestServer;

/// The request that is sent behind each of the shapes, and must not be answered.
const SMUGGLED: &str = "GET /count?smuggled HTTP/1.1\r\nhost: a\r\n\r\n";

/// Bodies of which nobody can say where they end.
const AMBIGUOUS: [(&str, &str); 33] = [
    ("content-length: 3\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
    ("transfer-encoding: chunked\r\ncontent-length: 3", "0\r\n\r\n"),
    ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
    ("transfer-encoding: chunked, chunked", "0\r\n\r\n"),
    ("transfer-encoding: chunked, identity", "0\r\n\r\n"),
    ("transfer-encoding: xchunked", "0\r\n\r\n"),
    ("transfer-encoding: \x0bchunked", "0\r\n\r\n"),
    ("transfer-encoding: \"chunked\"", "0\r\n\r\n"),
    ("transfer-encoding:\r\n chunked", "0\r\n\r\n"),
    ("transfer-encoding : chunked", "0\r\n\r\n"),
    ("content-length: 3\r\ncontent-length: 4", "abcd"),
    ("content-length: 3, 4", "abcd"),
    ("content-length: -3", "abc"),
    ("content-length: +3", "abc"),
    ("content-length: 0x3", "abc"),
    ("content-length: 3 3", "abc"),
    ("content-length: 99999999999999999999", "abc"),
    ("content-length: ", "abc"),
    ("content-length : 3", "abc"),
    ("content-length\0: 3", "abc"),
    ("content-length: 3\0", "abc"),
    ("content-length: 3\rx: y", "abc"),
    ("content-length: 3\r\n x: y", "abc"),
    ("content-length 3", "abc"),
    ("transfer-encoding: chunked", "+3\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "-3\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "0x3\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "3g\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "3\r\nabcd\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "3\nabc\r\n0\r\n\r\n"),
    ("transfer-encoding: chunked", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
];

/// Lines that are no request's.
const NO_REQUEST: [&str; 9] = [
    "GET /constant\r\n\r\n",
    "GET /constant HTTP/1.2\r\nhost: a\r\n\r\n",
    "GET /constant HTTP/1.1 HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /con stant HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /constant HTTP/1.1\rhost: a\r\n\r\n",
    "GET\t/constant\tHTTP/1.1\r\nhost: a\r\n\r\n",
    "G\0T /constant HTTP/1.1\r\nhost: a\r\n\r\n",
    " GET /constant HTTP/1.1\r\nhost: a\r\n\r\n",
    "GET /constant HTTP/1.1\r\nhost: a\r\nx\r\n\r\n",
];

#[test]
fn nothing_behind_an_ambiguous_body_is_answered() {
    let server = serve();
    for (headers, body) in AMBIGUOUS {
        assert_last(&server, &format!("POST /body HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n{body}"));
    }
    assert_eq!(server.get("/count?smuggled").text(), "1");
}

#[test]
fn nothing_behind_what_is_no_request_is_answered() {
    let server = serve();
    for lines in NO_REQUEST {
        assert_last(&server, lines);
    }
    assert_eq!(server.get("/count?smuggled").text(), "1");
}

/// Checks that the bytes get one answer, after which the connection is closed, and that other connections
/// are served.
fn assert_last(server: &TestServer, bytes: &str) {
    let mut neighbour = server.client();
    let mut client = server.client();
    client.send_raw(format!("{bytes}{SMUGGLED}"));
    let answer = String::from_utf8(client.read_to_end()).unwrap();
    let shown = bytes.escape_debug();
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{shown}: {answer}");
    let status = &answer[9..12];
    assert!(["200", "400", "501"].contains(&status), "{shown}: {answer}");
    assert_eq!(neighbour.send(&Request::get("/constant")).text(), "constant", "{shown}");
}

#[test]
fn a_body_whose_end_is_clear_is_followed_by_the_next_request() {
    let server = serve();
    for (headers, body) in [
        ("content-length: 3", "abc"),
        ("content-length: 0003", "abc"),
        ("content-length:\t3 ", "abc"),
        ("content-length: 3\r\ncontent-length: 3", "abc"),
        ("transfer-encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "003\r\nabc\r\n000\r\n\r\n"),
        ("transfer-encoding: chunked", "3;name=value\r\nabc\r\n0;x\r\n\r\n"),
        ("transfer-encoding: chunked", "3\r\nabc\r\n0\r\nx-trailer: y\r\n\r\n"),
    ] {
        let mut client = server.client();
        client.send_raw(format!("POST /body HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n{body}"));
        client.send_raw("GET /constant HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(client.receive().text(), "abc", "{headers} {}", body.escape_debug());
        assert_eq!(client.receive().text(), "constant", "{headers} {}", body.escape_debug());
    }
}

#[test]
fn hundreds_of_requests_sent_at_once_are_answered_in_order_up_to_a_bad_one() {
    let server = serve();
    let mut client = server.client();
    let good = "GET /count?n HTTP/1.1\r\nhost: a\r\n\r\n".repeat(250);
    client.send_raw(format!("{good}GET /count?n HTTP/1.1\r\nhost : a\r\n\r\n{good}"));
    for number in 1..=250 {
        assert_eq!(client.receive().text(), number.to_string());
    }
    assert_eq!(client.receive().status, 400);
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.get("/count?n").text(), "251");
}
