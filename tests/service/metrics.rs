//! `GET /metrics`: what it says, and that it is exact.

use super::{ANSWER, EXAMPLE, predict, scrape, serve, serve_model, serve_with};
use crate::support::exposition::Exposition;
use crate::support::http::{Client, Request};

const MODEL: &str = r#"model="heart-risk-demo",version="v1.0.0""#;

/// Bodies of several sizes, and the status class of each.
const TRAFFIC: [(&str, &str); 4] = [
    (EXAMPLE, "2xx"),
    (r#"{"patient_data":{"age":30}}"#, "2xx"),
    (r#"{"patient_data":{"age":-1,"cholesterol":"high"}}"#, "4xx"),
    (r#"{"patient_data":{"age":61,"cholesterol":199.5,"smoker":true,"name":"x"}}"#, "2xx"),
];

/// Sends the traffic `rounds` times, and says how many bytes of bodies went each way.
fn send_traffic(client: &mut Client, rounds: usize) -> (usize, usize) {
    let (mut sent, mut received) = (0, 0);
    for (body, status) in TRAFFIC.into_iter().cycle().take(TRAFFIC.len() * rounds) {
        let response = predict(client, body);
        assert_eq!(response.status.to_string()[..1], status[..1]);
        sent += body.len();
        received += response.body.len();
    }
    (sent, received)
}

/// Checks every family after `rounds` of the traffic, of which these were the bodies' bytes.
fn check_families(scrape: &Exposition, rounds: usize, (sent, received): (usize, usize)) {
    let rounds = rounds as f64;
    let (predictions, refusals) = (3.0 * rounds, rounds);
    let all = predictions + refusals;
    let predict = r#"handler="/predict",method="POST""#;
    let cases = [
        (format!("http_requests_total{{{predict},status=\"2xx\"}}"), predictions),
        (format!("http_requests_total{{{predict},status=\"4xx\"}}"), refusals),
        (format!("http_request_duration_seconds_count{{{predict}}}"), all),
        ("http_request_size_bytes_count{handler=\"/predict\"}".to_owned(), all),
        ("http_request_size_bytes_sum{handler=\"/predict\"}".to_owned(), sent as f64),
        ("http_response_size_bytes_count{handler=\"/predict\"}".to_owned(), all),
        ("http_response_size_bytes_sum{handler=\"/predict\"}".to_owned(), received as f64),
        (format!("model_predictions_total{{{MODEL},prediction=\"High Risk\"}}"), 2.0 * rounds),
        (format!("model_predictions_total{{{MODEL},prediction=\"Low Risk\"}}"), rounds),
        (format!("model_prediction_confidence_count{{{MODEL}}}"), predictions),
        (format!("model_prediction_confidence_bucket{{{MODEL},le=\"0.9\"}}"), rounds),
        (format!("model_inference_duration_seconds_count{{{MODEL}}}"), predictions),
        (format!("model_inference_started_total{{{MODEL}}}"), predictions),
        (invalid("age", "out_of_range"), refusals),
        (invalid("cholesterol", "wrong_type"), refusals),
        (invalid("other", "unknown_feature"), 2.0 * rounds),
    ];
    for (series, expected) in cases {
        assert_eq!(scrape.value(&series), expected, "{series}");
    }
    let confidence = scrape.value(&format!("model_prediction_confidence_sum{{{MODEL}}}"));
    assert!((confidence - (2.0 * 0.92 + 0.75) * rounds).abs() < 1e-6, "{confidence}");
    let duration = scrape.value(&format!("http_request_duration_seconds_sum{{{predict}}}"));
    let inference = scrape.value(&format!("model_inference_duration_seconds_sum{{{MODEL}}}"));
    assert!(0.0 < inference && inference < duration, "{inference} of {duration}");
}

fn invalid(feature: &str, reason: &str) -> String {
    format!("model_invalid_inputs_total{{feature=\"{feature}\",reason=\"{reason}\"}}")
}

#[test]
fn every_family_adds_up_on_one_connection() {
    let server = serve();
    let mut client = server.client();
    let bytes = send_traffic(&mut client, 25);
    check_families(&scrape(&mut client), 25, bytes);
}

#[test]
fn every_family_adds_up_after_2000_requests_on_16_connections() {
    let server = serve();
    let bytes = std::thread::scope(|scope| {
        let sender = |_| scope.spawn(|| send_traffic(&mut server.client(), 500 / 16));
        let senders: Vec<_> = (0..16).map(sender).collect();
        let sums = senders.into_iter().map(|sender| sender.join().expect("a sender finishes"));
        sums.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    });
    let rest = send_traffic(&mut server.client(), 500 % 16);
    let bytes = (bytes.0 + rest.0, bytes.1 + rest.1);
    check_families(&scrape(&mut server.client()), 500, bytes);
}

#[test]
fn scrapes_during_traffic_never_go_back() {
    let server = serve();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| send_traffic(&mut server.client(), 100));
        }
        let mut client = server.client();
        let mut before = 0.0;
        for _ in 0..50 {
            let requests = scrape(&mut client).sum("http_requests_total", "/predict");
            assert!(requests >= before, "{requests} after {before}");
            before = requests;
        }
    });
    assert_eq!(scrape(&mut server.client()).sum("http_requests_total", "/predict"), 1600.0);
}

#[test]
fn an_answer_is_counted_before_it_is_sent() {
    let server = serve();
    for count in 1..=20 {
        server.post("/predict", EXAMPLE);
        let requests = scrape(&mut server.client()).sum("http_requests_total", "/predict");
        assert_eq!(requests, f64::from(count));
    }
}

#[test]
fn unknown_paths_and_methods_are_no_labels() {
    let server = serve();
    let mut client = server.client();
    for path in ["/metrics/../secret", "/predict//", "/v2/models//infer", "/v2/models/a/infer/b"] {
        client.send(&Request::get(path));
    }
    for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "OPTIONS"] {
        client.send(&Request::new(method, "/predict"));
    }
    client.send(&Request::new("HEAD", "/metrics"));
    client.send(&Request::new("PUT", "/nothing"));
    let scrape = scrape(&mut client);
    let count = |labels| scrape.sum("http_requests_total", labels);
    assert_eq!(count(r#"handler="none",method="GET",status="4xx""#), 4.0);
    assert_eq!(count(r#"handler="none",method="PUT",status="4xx""#), 1.0);
    assert_eq!(count(r#"handler="/predict",method="OTHER",status="4xx""#), 6.0);
    assert_eq!(count(r#"handler="/predict",method="OPTIONS",status="2xx""#), 1.0);
    assert_eq!(count(r#"handler="/predict""#), 7.0);
    assert_eq!(count(r#"handler="/metrics",method="HEAD",status="2xx""#), 1.0);
}

#[test]
fn families_are_announced_before_the_first_request() {
    let scrape = scrape(&mut serve().client());
    let expected = [
        ("http_request_duration_highr_seconds", "histogram"),
        ("http_request_duration_seconds", "histogram"),
        ("http_request_size_bytes", "summary"),
        ("http_requests_total", "counter"),
        ("http_response_size_bytes", "summary"),
        ("model_explanation_duration_seconds", "histogram"),
        ("model_explanation_started_total", "counter"),
        ("model_explanations_total", "counter"),
        ("model_feature_bin_total", "counter"),
        ("model_feature_contribution_ratio", "summary"),
        ("model_feature_contribution_reference_ratio", "gauge"),
        ("model_feature_reference_ratio", "gauge"),
        ("model_feature_sample_ratio", "gauge"),
        ("model_inference_duration_seconds", "histogram"),
        ("model_inference_started_total", "counter"),
        ("model_info", "gauge"),
        ("model_invalid_inputs_total", "counter"),
        ("model_prediction_bin_total", "counter"),
        ("model_prediction_confidence", "histogram"),
        ("model_prediction_reference_ratio", "gauge"),
        ("model_predictions_total", "counter"),
    ];
    assert_eq!(scrape.kinds(), expected);
    assert_eq!(scrape.sum("model_info", MODEL), 1.0);
}

#[test]
fn counters_of_predictions_are_there_before_the_first_of_them() {
    let response = serve().get("/metrics");
    let is_zero = |series: &str| {
        let line = format!("\n{series} 0.0\n");
        assert!(response.text().contains(&line), "{series}");
    };
    for status in ["2xx", "4xx", "5xx"] {
        for handler in ["/predict", "/explain", "/v2/models/{model}/infer"] {
            let labels = format!(r#"handler="{handler}",method="POST",status="{status}""#);
            is_zero(&format!("http_requests_total{{{labels}}}"));
        }
    }
    is_zero(&format!("model_inference_started_total{{{MODEL}}}"));
    is_zero(&format!("model_explanation_started_total{{{MODEL}}}"));
    is_zero(&format!(r#"model_explanations_total{{{MODEL},result="failed"}}"#));
    is_zero(&format!("model_inference_duration_seconds_count{{{MODEL}}}"));
    is_zero(&format!(r#"model_predictions_total{{{MODEL},prediction="High Risk"}}"#));
    is_zero(&format!(r#"model_predictions_total{{{MODEL},prediction="Low Risk"}}"#));
}

#[test]
fn a_call_that_traps_is_counted_as_started_and_not_as_answered() {
    let server = serve_model("silent");
    let mut client = server.client();
    for (x, status) in [(false, 500), (true, 500), (true, 500)] {
        let body = format!(r#"{{"patient_data":{{"x":{x}}}}}"#);
        assert_eq!(predict(&mut client, body).status, status);
    }
    let scrape = scrape(&mut client);
    let model = r#"model="silent",version="1""#;
    assert_eq!(scrape.value(&format!("model_inference_started_total{{{model}}}")), 3.0);
    assert_eq!(scrape.value(&format!("model_inference_duration_seconds_count{{{model}}}")), 1.0);
    // The service answered one of the three itself.
    let failed = r#"http_requests_total{handler="/predict",method="POST",status="5xx"}"#;
    assert_eq!(scrape.value(failed), 1.0);
}

#[test]
fn every_prediction_is_binned_when_the_interval_is_one() {
    let server = serve_with(&[("drift_sample_interval", "1")]);
    let mut client = server.client();
    send_traffic(&mut client, 10);
    let scrape = scrape(&mut client);
    let bin = |feature, bin| {
        let model = r#"model="heart-risk-demo",version="v1.0.0""#;
        let labels = format!("{model},feature=\"{feature}\",bin=\"{bin}\"");
        scrape.value(&format!("model_feature_bin_total{{{labels}}}"))
    };
    assert_eq!([bin("age", "30.0"), bin("age", "75.0"), bin("age", "missing")], [10.0, 20.0, 0.0]);
    let cholesterol = ["200.0", "240.0", "missing"].map(|label| bin("cholesterol", label));
    assert_eq!(cholesterol, [10.0; 3]);
    assert_eq!(scrape.value("model_feature_sample_ratio"), 1.0);
}

#[test]
fn no_prediction_is_binned_when_the_interval_is_zero() {
    let server = serve_with(&[("drift_sample_interval", "0")]);
    let mut client = server.client();
    send_traffic(&mut client, 10);
    let scrape = scrape(&mut client);
    assert_eq!(scrape.sum("model_feature_bin_total", ""), 0.0);
    assert_eq!(scrape.value("model_feature_sample_ratio"), 0.0);
}

#[test]
fn the_shares_of_a_reference_add_up_to_one() {
    let scrape = scrape(&mut serve().client());
    for feature in ["age", "cholesterol"] {
        let share = scrape.sum("model_feature_reference_ratio", &format!("feature=\"{feature}\""));
        assert!((share - 1.0).abs() < 1e-9, "{feature}: {share}");
    }
}

#[test]
fn a_variable_without_a_number_is_logged_and_has_its_default() {
    let server = serve_with(&[("drift_sample_interval", "often")]);
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
    server.logged("variable drift_sample_interval is not understood; using 16");
    assert_eq!(scrape(&mut server.client()).value("model_feature_sample_ratio"), 1.0 / 16.0);
}
