//! The counters' store fails: it is not granted, or it is the guest `tests/guests/faulty-store`.

use super::{ANSWER, EXAMPLE, build_guests, errors, manifest, scrape, serve_changed, with_default};
use crate::support::http::Request;
use crate::support::server::TestServer;
use std::time::Duration;

#[test]
fn predictions_go_on_without_a_store_and_the_loss_is_logged() {
    let server = serve_changed(|text| text.replace("[\"default\"]", "[]"));
    let response = server.post("/predict", EXAMPLE);
    assert_eq!((response.status, response.text()), (200, ANSWER));
    let line = server.logged("not counted");
    assert!(line.contains("spin.toml does not grant it"), "{line}");
}

#[test]
fn a_scrape_without_a_store_is_503_and_not_a_page_of_zeros() {
    let server = serve_changed(|text| text.replace("[\"default\"]", "[]"));
    assert_eq!(server.get("/metrics").status, 503);
}

#[test]
fn predictions_go_on_if_the_store_answers_errors_and_each_loss_is_a_line_of_the_log() {
    let server = serve_faulty("error");
    let response = server.post("/predict", EXAMPLE);
    assert_eq!((response.status, response.text()), (200, ANSWER));
    server.logged("warning: a call into the model was not counted: cannot increment");
    let line = server.logged("a request was not counted: cannot increment");
    assert!(line.contains("the disk is\\nfull request_id="), "{line}");
    assert_eq!(server.get("/metrics").status, 503);
    server.logged("a scrape failed: cannot list the counters: the disk is\\nfull");
}

#[test]
fn a_request_is_500_and_counted_by_the_host_if_the_store_traps() {
    let server = serve_faulty("trap");
    let response = server.post("/predict", EXAMPLE);
    assert_eq!((response.status, response.text()), (500, r#"{"detail":"The component failed"}"#));
    assert_eq!(errors(&server, "trapped"), 1.0);
    server.logged("service: trapped: wasm trap: wasm `unreachable` instruction executed");
}

#[test]
fn a_request_is_504_if_the_store_hangs_and_others_are_answered_meanwhile() {
    let server = serve_faulty("hang");
    let mut waiting: Vec<_> = (0..4).map(|_| server.client()).collect();
    for client in &mut waiting {
        client.begin(&Request::get("/"));
    }
    // The page's component has a store that works.
    for _ in 0..20 {
        assert_eq!(server.get("/docs").status, 200);
    }
    for mut client in waiting {
        assert_eq!(client.receive().status, 504);
    }
    assert_eq!(errors(&server, "timed_out"), 4.0);
    server.logged("service: stopped: it took too long request_id=");
}

#[test]
fn keys_and_numbers_that_no_service_writes_change_no_other_counter() {
    let scrape = scrape(&mut serve_faulty("odd").client());
    let requests = |status| {
        scrape.sum(
            "http_requests_total",
            &format!("handler=\"/predict\",method=\"POST\",status=\"{status}\""),
        )
    };
    assert_eq!([requests("2xx"), requests("5xx")], [3.0, 3.0]);
    assert_eq!(scrape.sum("http_requests_total", ""), 6.0);
}

#[test]
fn the_largest_numbers_are_readable_by_a_strict_scraper() {
    let scrape = scrape(&mut serve_faulty("largest").client());
    assert_eq!(scrape.sum("http_request_duration_highr_seconds_count", ""), u64::MAX as f64);
}

#[test]
fn a_scrape_is_503_if_a_counter_is_negative_and_the_log_names_it() {
    let server = serve_faulty("negative");
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
    assert_eq!(server.get("/metrics").status, 503);
    let line = server.logged("a scrape failed");
    assert!(
        line.contains("the counter \"4/h/=2fpredict/POST/2/0\" is -9223372036854775808"),
        "{line}"
    );
}

#[test]
fn a_scrape_is_503_if_the_store_lists_only_a_part_of_its_keys() {
    let server = serve_faulty("pages");
    assert_eq!(server.get("/metrics").status, 503);
    server.logged("a scrape failed: the store lists its keys in pages");
}

/// Each look at a setting costs on Spin. An interval without a number is logged whenever it is read.
#[test]
fn of_very_many_predictions_one_in_sixteen_reads_settings() {
    let log = log_of_320_predictions(&[("drift_sample_interval", "often")], "many");
    // 20 are expected, give or take 4 (the standard deviation).
    let read = lines(&log, "drift_sample_interval is not understood");
    assert!((1..60).contains(&read), "{read}");
}

/// The number of the counter is above the mark: an earlier prediction found the setting.
#[test]
fn of_very_many_predictions_each_is_logged_if_a_mark_says_so() {
    let log = log_of_320_predictions(&[("log_requests", "true")], "largest");
    assert_eq!(lines(&log, "info: POST /predict 200 "), 320);
    assert_eq!(lines(&log, "info: POST /predict 422 "), 20);
}

fn log_of_320_predictions(defaults: &[(&str, &str)], fault: &str) -> Vec<String> {
    let server = serve_faulty_with(fault, defaults);
    let mut client = server.client();
    for _ in 0..320 {
        assert_eq!(client.send(&Request::post("/predict", EXAMPLE)).status, 200);
    }
    for _ in 0..20 {
        assert_eq!(client.send(&Request::post("/predict", "{}")).status, 422);
    }
    server.stop()
}

fn lines(log: &[String], part: &str) -> usize {
    log.iter().filter(|line| line.contains(part)).count()
}

/// The log of a store's error names the key. Its last two parts are the size and the confidence.
#[test]
fn a_response_is_counted_by_its_size_only_if_nothing_in_it_is_the_clients() {
    let server = serve_faulty("error");
    let tensor = r#"{"inputs":[{"name":"age","datatype":"FP64","shape":[1],"data":[65]}]}"#;
    for (path, body) in [
        ("/predict", EXAMPLE),
        ("/predict", r#"{"patient_data":{"age":65,"a name of the client's":1}}"#),
        ("/v2/models/heart-risk-demo/infer", tensor),
    ] {
        assert_eq!(server.post(path, body).status, 200, "{path}");
    }
    let log = server.stop();
    let key = |line: &String| {
        let (_, key) = line.split_once("a request was not counted: cannot increment \"4/p/")?;
        let (key, _) = key.split_once('"')?;
        key.rsplit('/').nth(1).map(str::to_owned)
    };
    let sizes: Vec<_> = log.iter().filter_map(key).collect();
    assert_eq!(sizes, [&ANSWER.len().to_string(), "-", "-"], "{log:#?}");
}

/// The service, whose counters are in a store that has this fault.
fn serve_faulty(fault: &str) -> TestServer {
    serve_faulty_with(fault, &[])
}

fn serve_faulty_with(fault: &str, defaults: &[(&str, &str)]) -> TestServer {
    build_guests();
    let granted = "key_value_stores = [\"default\"]\n";
    let environment = format!(
        "environment = {{ FAULT = \"{fault}\" }}\ndependencies_inherit_configuration = true\n"
    );
    let model = "[component.service.dependencies]\n";
    let store =
        "\"wasi:keyvalue\" = { path = \"target/wasm32-wasip1/release/faulty_store.wasm\" }\n";
    let manifest = manifest(|text| {
        let set = |text, (variable, default): &(&str, &str)| with_default(text, variable, default);
        let text = defaults.iter().fold(text, set);
        text.replacen(granted, &environment, 1).replacen(model, &format!("{model}{store}"), 1)
    });
    TestServer::start(&manifest, |settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    })
}
