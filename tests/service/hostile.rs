//! Rubbish: it is answered 4xx, or 2xx where it means something, and the service goes on.

use super::{ANSWER, EXAMPLE, predict, scrape, serve, serve_model};
use crate::support::http::Request;

/// Bodies that are wrong in every way that a body can be.
fn bodies() -> Vec<Vec<u8>> {
    let nested = |open: &str, close: &str, depth| {
        format!("{}1{}", open.repeat(depth), close.repeat(depth)).into_bytes()
    };
    let patient = |age: &str| format!(r#"{{"patient_data":{{"age":{age}}}}}"#).into_bytes();
    let mut bodies: Vec<Vec<u8>> = vec![
        nested("[", "]", 100),
        nested("[", "]", 400_000),
        nested("{\"patient_data\":", "}", 50_000),
        nested("{\"a\":[", "]}", 100_000),
        b"[".repeat(1 << 20),
        b"{\"a\":".repeat(100_000),
        b"\"".to_vec(),
        b"\xff\xfe{\x00}".to_vec(),
        b"{\"patient_data\":{\"age\":\"\xc3\x28\"}}".to_vec(),
        b"{\"patient_data\":{\"\xed\xa0\x80\":1,\"age\":1}}".to_vec(),
        "\u{feff}{}".into(),
        b"\0".repeat(1000),
        patient(&"9".repeat(100_000)),
        patient(&format!("1e{}", "9".repeat(1000))),
        patient(&format!("0.{}1", "0".repeat(100_000))),
        patient(&String::from_utf8(nested("[", "]", 10_000)).unwrap()),
        patient(&format!("\"{}\"", "\\u0000".repeat(10_000))),
        format!("{{\"patient_data\":{{{}\"age\":65}}}}", "\"x\":1,".repeat(100_000)).into(),
        format!("{{\"patient_data\":{{{}\"z\":1}}}}", "\"age\":1,".repeat(100_000)).into(),
    ];
    for number in
        ["-0", "1E400", "-1e400", "NaN", "Infinity", "-", "+1", "01", "0x41", "1.", ".5", "1e"]
    {
        bodies.push(patient(number));
    }
    for other in ["true", "null", "[]", "{}"] {
        bodies.push(patient(other));
    }
    for text in [r"\ud800", r"\udc00\ud800", r"\x41", "\t", "\u{7f}"] {
        bodies.push(patient(&format!("\"{text}\"")));
    }
    bodies.push(br#"{"\ud800":1,"patient_data":{"age":65}}"#.to_vec());
    bodies.push(br#"{"patient_data":{"\udfff":1,"age":65}}"#.to_vec());
    bodies
}

#[test]
fn no_body_gets_a_5xx_or_stops_the_service() {
    let server = serve();
    for body in bodies() {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let response = server.post("/predict", body);
        assert!((200..500).contains(&response.status), "{} for {shown}", response.status);
        assert!(response.body.len() < 4096, "{} bytes for {shown}", response.body.len());
    }
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
}

/// Tables that are wrong in every way, beside those bodies.
fn tables() -> Vec<Vec<u8>> {
    let cells = |cell: &str, count| cell.repeat(count).into_bytes();
    let mut tables = vec![
        cells(",", 1 << 20),
        cells("\n", 1 << 20),
        cells("\"", 1 << 20),
        cells("age,", 200_000),
        [b"age\n".to_vec(), cells("1e300\n", 170_000)].concat(),
        [b"age\n".to_vec(), cells("1e300\n", 9_000)].concat(),
        [b"age,b\n".to_vec(), cells(",\n", 500_000)].concat(),
        [b"age\n\"".to_vec(), cells("1\n", 500_000)].concat(),
        [b"age [".to_vec(), cells("x", 500_000), b"]\n1\n".to_vec()].concat(),
        cells("{}\n", 340_000),
        cells("{\"age\":1}\n", 90_000),
        cells("[\n", 500_000),
    ];
    for cell in ["inf", "-inf", "nan", "1e999", "0x41", "--1", "1,5", "\u{2028}", "=1+1"] {
        tables.push(format!("age;cholesterol\n{cell};1\n").into());
    }
    tables
}

#[test]
fn a_table_of_many_columns_with_units_needs_no_more_memory_than_there_is() {
    let server = serve_model("wide");
    // As many values as a batch may have, each with the longest unit in JSON.
    let columns: Vec<String> =
        (0..100).map(|place| format!("f{place} [{}]", "u".repeat(20))).collect();
    let row = ["1"; 100].join(",");
    let body = format!("{}\n{}", columns.join(","), format!("{row}\n").repeat(2_500));
    let request = Request::post("/predict", body).header("content-type", "text/csv");
    assert_eq!(server.send(&request).status, 422);
}

#[test]
fn no_table_gets_a_5xx_or_stops_the_service() {
    let server = serve();
    for body in bodies().into_iter().chain(tables()) {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        for content_type in ["text/csv", "application/x-ndjson"] {
            let request = Request::post("/predict", body.clone());
            let response = server.send(&request.header("content-type", content_type));
            assert!((200..500).contains(&response.status), "{} for {shown}", response.status);
        }
    }
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
}

#[test]
fn every_part_of_a_body_is_answered_or_refused() {
    let server = serve();
    let mut client = server.client();
    for length in 0..EXAMPLE.len() {
        assert_eq!(predict(&mut client, &EXAMPLE[..length]).status, 422, "{}", &EXAMPLE[..length]);
    }
    let refusals = scrape(&mut client).sum("http_requests_total", "status=\"4xx\"");
    assert_eq!(refusals, EXAMPLE.len() as f64);
}

#[test]
fn an_incomplete_body_harms_no_other_request() {
    let server = serve();
    for rude in [
        "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"patient_data\"",
        "POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"pat",
        "POST /predict HTTP/1.1\r\nhost: x\r\n",
    ] {
        server.client().send_raw(rude);
    }
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
}

#[test]
fn a_wrong_content_length_is_a_client_error() {
    let server = serve();
    for length in ["-1", "ten", "1, 2", "99999999999999999999"] {
        let mut client = server.client();
        client.send_raw(format!(
            "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n"
        ));
        let status = client.receive().status;
        assert!((400..500).contains(&status), "{status} for content-length {length}");
    }
}

#[test]
fn a_body_longer_than_its_content_length_is_cut_there() {
    let server = serve();
    let mut client = server.client();
    let head =
        format!("POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", EXAMPLE.len());
    client.send_raw(format!("{head}{EXAMPLE}GARBAGE\r\n\r\n"));
    assert_eq!(client.receive().text(), ANSWER);
    assert_eq!(client.receive().status, 400);
}

#[test]
fn a_body_in_many_chunks_is_one_body() {
    let server = serve();
    let mut client = server.client();
    client.send_raw("POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for byte in EXAMPLE.chars() {
        client.send_raw(format!("1\r\n{byte}\r\n"));
    }
    client.send_raw("0\r\n\r\n");
    assert_eq!(client.receive().text(), ANSWER);
}

/// Whoever is in front has to decide who may ask, and for what: the service believes no header.
#[test]
fn headers_of_gateways_and_logins_change_nothing() {
    let server = serve();
    for (name, value) in [
        ("authorization", "Bearer wrong"),
        ("cookie", "session=wrong"),
        ("forwarded", "for=192.0.2.1;host=evil.example;proto=https"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "/evil"),
        ("x-http-method-override", "GET"),
        ("x-original-url", "/metrics"),
        ("x-rewrite-url", "/metrics"),
        // Spin sets these itself.
        ("spin-path-info", "/metrics"),
        ("spin-matched-route", "/secret"),
    ] {
        let response = server.send(&Request::post("/predict", EXAMPLE).header(name, value));
        assert_eq!((response.status, response.text()), (200, ANSWER), "{name}");
        let response = server.send(&Request::get("/docs/").header(name, value));
        assert_eq!(response.header("location"), Some("../docs"), "{name}");
    }
}
