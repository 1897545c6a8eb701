//! Rows as CSV and as lines of JSON, in requests and in answers.

use super::{ANSWER, EXAMPLE, scrape, serve, serve_model, serve_with};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const LINES: &str = "application/x-ndjson";

fn csv(server: &TestServer, body: impl Into<Vec<u8>>) -> Response {
    server.send(&Request::post("/predict", body).header("content-type", "text/csv"))
}

fn lines(server: &TestServer, body: &str) -> Response {
    server.send(&Request::post("/predict", body).header("content-type", LINES))
}

const ANSWERS: &str = "prediction,confidence,model_version\n\
                       High Risk,0.92,v1.0.0\nLow Risk,0.75,v1.0.0\n";

#[test]
fn csv_is_answered_as_csv_and_lines_as_lines() {
    let server = serve();
    let response = csv(&server, "age,cholesterol\n65,240\n45,180\n");
    assert_eq!((response.status, response.text()), (200, ANSWERS));
    assert_eq!(response.header("content-type"), Some("text/csv; charset=utf-8"));
    let response = lines(&server, "{\"age\":65}\r\n\n{\"age\":65,\"cholesterol\":240}");
    assert_eq!((response.status, response.text()), (200, &*format!("{ANSWER}\n{ANSWER}\n")));
    assert_eq!(response.header("content-type"), Some(LINES));
    for name in ["application/ndjson", "application/jsonl", "Application/X-JsonLines; a=b"] {
        let request = Request::post("/predict", "{\"age\":65}").header("content-type", name);
        assert_eq!(server.send(&request).text(), format!("{ANSWER}\n"), "{name}");
    }
}

#[test]
fn csv_is_taken_as_people_write_it() {
    let server = serve();
    for body in [
        // Byte order mark, CRLF, no line end, empty lines.
        "\u{feff}age,cholesterol\r\n65,240\r\n45,180",
        "\n\nage,cholesterol\n\n65,240\n\n45,180\n\n",
        // Other separators.
        "age;cholesterol\n65;240\n45;180\n",
        "age\tcholesterol\n65\t240\n45\t180\n",
        "age|cholesterol\n65|240\n45|180\n",
        // The index of a DataFrame, quotes, another column, blanks.
        ",age,\"cholesterol\"\n0,65,\"240\"\n1,45,180\n",
        "name,age,cholesterol\n\"Doe, \"\"J\"\"\nJane\",65,240\nb, 45 ,180.0\n",
        // Numbers otherwise than in JSON.
        "age,cholesterol\n065,+240.\n4.5e1,.18e3\n",
        // Missing values of a feature with a default.
        "age,cholesterol\n65,NA\n45,\n",
    ] {
        assert_eq!(csv(&server, body).text(), ANSWERS, "{body:?}");
    }
}

#[test]
fn malformed_csv_is_422_with_its_line() {
    let server = serve();
    for (body, message) in [
        (&b"age,cholesterol\n\n65,240\n45\n"[..], "Line 4 has 1 cells, and the header 2"),
        (b"age,cholesterol\n65,\xff\n", "Line 2 is not UTF-8: save the file as UTF-8"),
        (b"age,age\n65,65\n", "Line 1 has two columns 'age'"),
        (
            b"65,240\n45,180\n",
            "Line 1 should be a header with the model's features, 'age' and 'cholesterol'",
        ),
        (b" \n", "Line 1 should be a header with the model's features, 'age' and 'cholesterol'"),
        (b"", "Line 1 should be a header with the model's features, 'age' and 'cholesterol'"),
        (b"age\n", "Line 2 is the end, and there are no rows"),
        (b"age,cholesterol\n65,\"240\n45,180\n", "Line 2 has a quote without its end"),
        (b"age,note\n65,\"x\n45,y\n", "Line 2 has a quote without its end"),
        (b"age [a],age [d]\n65,65\n", "Line 1 has two columns 'age'"),
        (b"age;cholesterol\n65,5;240\n", "Input should be a number with a point, not a comma"),
    ] {
        let response = csv(&server, body);
        assert_eq!(response.status, 422, "{message}");
        let shown = &response.json()["detail"][0]["msg"];
        assert_eq!(shown, message);
    }
}

#[test]
fn a_refusal_has_every_violation_with_its_row_and_feature() {
    let server = serve();
    for response in [
        csv(&server, "age,cholesterol\n65,240\nold,240\n,-1\n"),
        lines(&server, "{\"age\":65}\n{\"age\":\"old\"}\n{\"cholesterol\":-1}\n"),
    ] {
        assert_eq!(response.status, 422);
        assert_eq!(response.header("content-type"), Some("application/json"));
        let detail = response.json()["detail"].clone();
        let places: Vec<String> =
            detail.as_array().unwrap().iter().map(|one| one["loc"].to_string()).collect();
        assert_eq!(places[..2], [r#"["body",1,"age"]"#, r#"["body",2,"age"]"#]);
    }
    let detail = lines(&server, "{\"age\":65}\n{\"age\":\n").json()["detail"][0].clone();
    assert_eq!(detail["type"], "json_invalid");
    assert!(detail["ctx"]["error"].as_str().unwrap().starts_with("line 2: "), "{detail}");
}

#[test]
fn an_answer_has_the_form_that_accept_prefers() {
    let server = serve();
    let batch = r#"{"instances":[{"age":65,"cholesterol":240},{"age":45}]}"#;
    let send = |content_type: &str, accept: &str, body: &str| {
        let request = Request::post("/predict", body).header("content-type", content_type);
        server.send(&request.header("accept", accept))
    };
    let json = server.post("/predict", batch);
    assert_eq!(send("application/json", "text/csv", batch).text(), ANSWERS);
    assert_eq!(send("application/json", "*/*", batch).text(), json.text());
    assert_eq!(send("text/csv", "image/png", "age\n65\n45\n").text(), ANSWERS);
    let answer = send("text/csv", "text/csv;q=0.5, application/json", "age\n65\n45\n");
    assert_eq!(answer.text(), json.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answer = send("application/json", "application/jsonl", batch);
    assert_eq!(answer.text().lines().next(), Some(ANSWER));
    // One row of JSON is answered as JSON.
    assert_eq!(send("application/json", "text/csv", EXAMPLE).text(), ANSWER);
}

#[test]
fn a_table_is_one_batch_in_the_metrics_and_has_its_limits() {
    let server = serve_with(&[("max_batch_rows", "150")]);
    let mut client = server.client();
    let body = |rows| format!("age\n{}", "65\n".repeat(rows));
    assert_eq!(csv(&server, body(150)).status, 200);
    assert_eq!(lines(&server, "{\"age\":65}").status, 200);
    let metrics = scrape(&mut client);
    assert_eq!(metrics.sum("model_predictions_total", ""), 151.0);
    for response in [csv(&server, body(151)), lines(&server, &"{\"age\":65}\n".repeat(151))] {
        let detail = response.json()["detail"][0].clone();
        assert_eq!(detail["msg"], "List should have at most 150 items, not 151");
    }
}

#[test]
fn a_compressed_table_is_taken() {
    let server = serve();
    for (content_type, body) in [("text/csv", "age\n65\n"), (LINES, "{\"age\":65}")] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(body.as_bytes()).unwrap();
        let request = Request::post("/predict", gzip.finish().unwrap());
        let request = request.header("content-type", content_type);
        assert_eq!(server.send(&request).status, 422, "{content_type}");
        let response = server.send(&request.header("content-encoding", "gzip"));
        assert!(response.text().contains("High Risk"), "{}", response.text());
    }
}

#[test]
fn warnings_and_explanations_have_columns() {
    let server = serve();
    let response = csv(&server, "age,colesterol\n65,240\n");
    let text = response.text();
    assert!(text.starts_with("prediction,confidence,model_version,warnings\n"), "{text}");
    assert!(text.contains("The model does not know 'colesterol'"), "{text}");
    let request = Request::post("/explain", "age\n65\n45\n").header("content-type", "text/csv");
    let text = server.send(&request).text().to_owned();
    let header =
        "prediction,confidence,model_version,base,contribution.age,contribution.cholesterol";
    assert_eq!(text.lines().next(), Some(header));
    assert_eq!(text.lines().nth(1).unwrap().split(',').count(), 6, "{text}");
}

#[test]
fn a_column_may_have_its_unit_in_its_name() {
    let server = serve();
    let one = |body: &str| {
        let request = Request::post("/predict", body).header("content-type", "text/csv");
        server.send(&request.header("accept", "application/json"))
    };
    let expected = one("age,cholesterol\n65,240\n").json();
    for column in ["cholesterol [mmol/L]", "cholesterol (mmol/L)", "cholesterol [mg/dL]"] {
        let value = if column.contains("mmol") { "6.2" } else { "240" };
        let response = one(&format!("age,{column}\n65,{value}\n"));
        assert_eq!((response.status, response.json()), (200, expected.clone()), "{column}");
    }
    let response = one("age,cholesterol [stone]\n65,6\n");
    assert_eq!(response.json()["detail"][0]["type"], "unit_unknown", "{}", response.text());
}

#[test]
fn flags_categories_and_several_outputs_are_as_pandas_writes_them() {
    let server = serve_model("triage");
    let rows = "beats,conscious\n80,True\n80,1\n80,true\n";
    let response = csv(&server, rows);
    assert_eq!(response.status, 200, "{}", response.text());
    let answers: Vec<_> = response.text().lines().skip(1).collect();
    assert!(answers[0] == answers[1] && answers[1] == answers[2], "{answers:?}");
    assert!(!response.text().contains("warnings"), "{}", response.text());
}

#[test]
fn other_routes_and_types_take_no_tables() {
    let server = serve();
    let message = "The body should be JSON, CSV or lines of JSON: send content-type: \
                   application/json, text/csv or application/x-ndjson";
    let request = Request::post("/predict", EXAMPLE).header("content-type", "text/plain");
    let response = server.send(&request);
    assert_eq!((response.status, &response.json()["detail"]), (415, &message.into()));
    let path = "/v1/models/heart-risk-demo:predict";
    let request = Request::post(path, "age\n65\n").header("content-type", "text/csv");
    assert_eq!(server.send(&request).status, 415);
}
