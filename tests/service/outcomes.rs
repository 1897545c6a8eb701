//! `POST /outcomes` counts what became true, and keeps nobody's data.

use super::{model_manifest, scrape, serve, serve_with, with_default};
use crate::support::exposition::Exposition;
use crate::support::http::{Request, Response};
use crate::support::root;
use crate::support::server::TestServer;
use model_api_host::Manifest;
use serde_json::{Value, json};

/// The default model, with outcomes.
fn serve_outcomes() -> TestServer {
    serve_with(&[("outcomes", "true")])
}

/// A model with subgroups and two outputs: `urgency` with the positive class `urgent`, and `wait`.
fn serve_triage() -> TestServer {
    let manifest = super::manifest(|text| {
        let text = text.replace("heart_risk_demo.wasm", "triage.wasm");
        with_default(text, "outcomes", "true")
    });
    let _: Manifest = model_manifest("triage");
    TestServer::start(&manifest, |_| {})
}

fn send(server: &TestServer, body: &Value) -> Response {
    server.post("/outcomes", body.to_string())
}

fn counted(server: &TestServer, body: &Value) -> Exposition {
    let response = send(server, body);
    assert_eq!(response.status, 200, "{}", response.text());
    scrape(&mut server.client())
}

/// An answer of the default model with its truth.
fn outcome(prediction: &str, confidence: f64, outcome: &str) -> Value {
    json!({
        "prediction": prediction,
        "confidence": confidence,
        "model_version": "v1.0.0",
        "outcome": outcome,
    })
}

const OF_RISK: &str = "model=\"heart-risk-demo\",version=\"v1.0.0\",output=\"risk\"";

#[test]
fn outcomes_are_off_unless_a_variable_turns_them_on() {
    let server = serve();
    let response = send(&server, &outcome("High Risk", 0.92, "High Risk"));
    assert_eq!(response.status, 403);
    let message = "No outcomes are taken here: the variable outcomes turns them on";
    assert_eq!(response.json()["detail"], message);
    let response = server.get("/metrics");
    assert!(!response.text().contains("model_outcome"), "{}", response.text());
}

#[test]
fn an_answer_and_its_truth_raise_every_family_by_one_person() {
    let server = serve_outcomes();
    let answer = server.post("/predict", super::EXAMPLE).json();
    let mut body = answer.clone();
    body["outcome"] = json!("Low Risk");
    let scrape = counted(&server, &body);
    let series = |name: &str, rest: &str| scrape.value(&format!("{name}{{{OF_RISK},{rest}}}"));
    let pair = |prediction: &str, outcome: &str, correct: bool, positive: bool| {
        let rest = format!(
            "prediction=\"{prediction}\",outcome=\"{outcome}\",correct=\"{correct}\",\
             positive=\"{positive}\""
        );
        series("model_outcomes_total", &rest)
    };
    assert_eq!(pair("High Risk", "Low Risk", false, false), 1.0);
    assert_eq!(pair("High Risk", "High Risk", true, true), 0.0);
    assert_eq!(pair("Low Risk", "High Risk", false, true), 0.0);
    assert_eq!(pair("Low Risk", "Low Risk", true, false), 0.0);
    assert_eq!(series("model_outcome_confidence_sum", "correct=\"false\""), 0.92);
    assert_eq!(series("model_outcome_confidence_bucket", "correct=\"false\",le=\"0.9\""), 0.0);
    assert_eq!(series("model_outcome_confidence_bucket", "correct=\"false\",le=\"0.95\""), 1.0);
    assert_eq!(series("model_outcome_events_total", "bin=\"1.0\",event=\"false\""), 1.0);
    assert_eq!(series("model_outcome_events_total", "bin=\"1.0\",event=\"true\""), 0.0);
    assert_eq!(series("model_outcome_expected_events_total", "bin=\"1.0\""), 0.92);
    assert_eq!(series("model_outcome_squared_error_total", "bin=\"1.0\""), 0.8464);
    assert_eq!(scrape.sum("model_outcomes_total", ""), 1.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", ""), 0.0);
}

#[test]
fn the_probability_of_a_negative_answer_is_that_of_the_positive_class() {
    let server = serve_outcomes();
    let scrape = counted(&server, &json!([outcome("Low Risk", 0.75, "High Risk")]));
    let of_bin = |name: &str| scrape.value(&format!("{name}{{{OF_RISK},bin=\"0.3\"}}"));
    assert_eq!(of_bin("model_outcome_expected_events_total"), 0.25);
    assert_eq!(of_bin("model_outcome_squared_error_total"), 0.5625);
}

#[test]
fn counters_of_outcomes_are_there_before_the_first_of_them() {
    let server = serve_triage();
    let scrape = scrape(&mut server.client());
    for (family, series) in [
        // Two versions with two pairs of two classes and one number.
        ("model_outcomes_total", 2 * (4 + 1)),
        ("model_outcome_events_total", 2 * 20),
        ("model_outcome_expected_events_total", 2 * 10),
        ("model_outcome_squared_error_total", 2 * (10 + 1)),
        ("model_outcome_error_total", 2 * 2),
        ("model_outcome_confidence_count", 2 * 2),
        // Three subgroups of beats, two of arrival and of consciousness.
        ("model_group_outcomes_total", 2 * 7 * (4 + 1)),
        ("model_group_error_total", 2 * 7 * 2),
    ] {
        let lines = server.get("/metrics");
        let lines = lines.text().lines().filter(|line| line.starts_with(&format!("{family}{{")));
        assert_eq!((family, lines.count()), (family, series));
        assert_eq!(scrape.sum(family, ""), 0.0);
    }
}

#[test]
fn a_subgroup_is_sent_back_as_it_was_answered_and_counted_apart() {
    let server = serve_triage();
    let row = json!({"beats": 130, "arrival": "ambulance", "conscious": true});
    let answer = server.post("/predict", json!({ "patient_data": row }).to_string()).json();
    let groups = json!({"beats": ">=100", "arrival": "ambulance", "conscious": "true"});
    assert_eq!(answer["groups"], groups);
    let mut urgency = answer.clone();
    (urgency["output"], urgency["outcome"]) = (json!("urgency"), json!("calm"));
    let mut wait = answer;
    (wait["output"], wait["outcome"]) = (json!("wait"), json!(12.5));
    let scrape = counted(&server, &json!({ "outcomes": [urgency, wait] }));
    for group in [
        "feature=\"beats\",group=\">=100\"",
        "feature=\"arrival\",group=\"ambulance\"",
        "feature=\"conscious\",group=\"true\"",
    ] {
        let of_urgency = format!(
            "output=\"urgency\",{group},prediction=\"urgent\",outcome=\"calm\",correct=\"false\",\
             positive=\"false\""
        );
        assert_eq!(scrape.sum("model_group_outcomes_total", &of_urgency), 1.0, "{group}");
        let of_wait = format!("output=\"wait\",{group}");
        assert_eq!(scrape.sum("model_group_outcomes_total", &of_wait), 1.0, "{group}");
        assert_eq!(scrape.sum("model_group_squared_error_total", &of_wait), 156.25, "{group}");
        let under = format!("{of_wait},direction=\"under\"");
        assert_eq!(scrape.sum("model_group_error_total", &under), 12.5, "{group}");
    }
    assert_eq!(scrape.sum("model_group_outcomes_total", ""), 6.0);
}

#[test]
fn errors_of_numbers_are_summed_over_and_under_and_in_buckets_of_the_spread() {
    let server = serve_triage();
    let outcome = |prediction: f64, outcome: f64| {
        json!({
            "prediction": {"urgency": "calm", "wait": prediction},
            "model_version": "1",
            "output": "wait",
            "outcome": outcome,
        })
    };
    let outcomes =
        [outcome(60.0, 59.5), outcome(60.0, 64.0), outcome(0.0, 0.0), outcome(0.0, 300.0)];
    let scrape = counted(&server, &json!(outcomes));
    let of_wait = "model=\"triage\",version=\"1\",output=\"wait\"";
    let value = |name: &str, rest: &str| scrape.value(&format!("{name}{{{of_wait}{rest}}}"));
    assert_eq!(value("model_outcome_error_total", ",direction=\"over\""), 0.5);
    assert_eq!(value("model_outcome_error_total", ",direction=\"under\""), 304.0);
    let squared = value("model_outcome_squared_error_total", ",bin=\"\"");
    assert_eq!(squared, 0.25 + 16.0 + 90_000.0);
    // The spread of its answers is 50 minutes.
    for (bound, count) in [("0.5", 2.0), ("2.5", 2.0), ("5.0", 3.0), ("250.0", 3.0), ("+Inf", 4.0)]
    {
        let le = format!(",le=\"{bound}\"");
        assert_eq!(value("model_outcome_absolute_error_bucket", &le), count, "{bound}");
    }
    assert_eq!(value("model_outcome_absolute_error_sum", ""), 304.5);
    assert_eq!(value("model_outcome_absolute_error_count", ""), 4.0);
}

#[test]
fn every_violation_is_named_and_counted_and_nothing_else_is() {
    let server = serve_triage();
    let outcomes = json!({ "outcomes": [
        {"prediction": {"urgency": "calm", "wait": 60}, "model_version": "2", "output": "urgency",
         "outcome": "calm", "groups": {"beats": null}},
        {"prediction": {"urgency": "other"}, "model_version": "3", "output": "urgency"},
        {"prediction": {"urgency": "calm"}, "model_version": "2", "output": "wait",
         "outcome": "soon", "confidence": 2},
        {"prediction": {"wait": -5}, "model_version": "2", "output": "wait", "outcome": 1e16,
         "groups": {"beats": "many"}},
        {"model_version": "2", "output": "urgency", "outcome": "calm", "confidence": 1.5,
         "prediction": "calm", "groups": {"age": "old"}},
        {"model_version": "2.0", "outcome": "calm", "prediction": "calm"},
        7,
    ] });
    let response = send(&server, &outcomes);
    assert_eq!(response.status, 422, "{}", response.text());
    let found: Vec<(Value, Value)> = response.json()["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["loc"].clone(), entry["msg"].clone()))
        .collect();
    let at = |row: u64, key: &str, message: &str| {
        (json!(["body", "outcomes", row, key]), json!(message))
    };
    assert_eq!(
        found,
        [
            at(1, "model_version", "Input should be '2' or '1'"),
            at(1, "outcome", "Field required"),
            at(1, "prediction", "Input should be 'calm' or 'urgent'"),
            at(2, "prediction", "Field required"),
            at(2, "outcome", "Input should be a valid number"),
            at(3, "groups", "Input should be '<60', '60 to <100' or '>=100'"),
            at(3, "prediction", "Input should be from 0 to inf"),
            at(3, "outcome", "Input should be from -1e15 to 1e15"),
            at(4, "groups", "Input should be 'beats', 'arrival' or 'conscious'"),
            at(4, "confidence", "Input should be from 0 to 1"),
            at(5, "model_version", "Input should be '2' or '1'"),
            at(5, "output", "Field required"),
            (json!(["body", "outcomes", 6]), json!("Input should be an object")),
        ]
    );
    let scrape = scrape(&mut server.client());
    for (reason, count) in [
        ("unknown_version", 2.0),
        ("unknown_class", 1.0),
        ("unknown_group", 2.0),
        ("missing", 3.0),
        ("wrong_type", 2.0),
        ("out_of_range", 3.0),
    ] {
        let label = format!("reason=\"{reason}\"");
        assert_eq!(scrape.sum("model_invalid_outcomes_total", &label), count, "{reason}");
    }
    assert_eq!(scrape.sum("model_outcomes_total", ""), 0.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", ""), 0.0);
}

#[test]
fn a_body_of_another_form_is_422_with_its_remedy() {
    let server = serve_outcomes();
    for (body, message) in [
        ("", "Field required"),
        ("7", "Input should be an object"),
        ("{", "JSON decode error"),
        (r#"{"outcomes": {}}"#, "Input should be a list"),
        ("{}", "Field required"),
    ] {
        let response = server.post("/outcomes", body);
        assert_eq!(response.status, 422, "{body}");
        let first = response.json()["detail"][0]["msg"].clone();
        assert!(first.as_str().unwrap().starts_with(message), "{body}: {first}");
    }
    assert_eq!(send(&server, &json!([])).json(), json!({"counted": 0}));
    let many = json!(vec![outcome("High Risk", 0.92, "High Risk"); 101]);
    let small = serve_with(&[("outcomes", "true"), ("max_batch_rows", "100")]);
    assert_eq!(send(&small, &many).status, 422);
    assert_eq!(send(&server, &many).json(), json!({"counted": 101}));
    let text = Request::post("/outcomes", "{}").header("content-type", "text/plain");
    assert_eq!(server.send(&text).status, 415);
}

#[test]
fn tables_of_text_have_numbers_in_quotes_and_are_taken() {
    let server = serve_outcomes();
    let body = json!({"prediction": "high risk", "confidence": "0.92", "model_version": "v1.0.0",
        "outcome": "High Risk", "output": "risk", "id": 7, "groups": null});
    let scrape = counted(&server, &body);
    assert_eq!(scrape.sum("model_outcome_expected_events_total", ""), 0.92);
    assert_eq!(scrape.sum("model_outcomes_total", "correct=\"true\""), 1.0);
}

#[test]
fn outcomes_without_a_confidence_count_in_the_matrix_alone() {
    let server = serve_outcomes();
    let body = json!({"prediction": "Low Risk", "model_version": "v1.0.0", "outcome": "Low Risk"});
    let scrape = counted(&server, &body);
    assert_eq!(scrape.sum("model_outcomes_total", "correct=\"true\""), 1.0);
    assert_eq!(scrape.sum("model_outcome_events_total", ""), 0.0);
    assert_eq!(scrape.sum("model_outcome_confidence_count", ""), 0.0);
}

#[test]
fn the_examples_of_the_document_are_counted() {
    for server in [serve_outcomes(), serve_triage()] {
        let document = server.get("/openapi.json").json();
        let operation = &document["paths"]["/outcomes"]["post"];
        let examples = &operation["requestBody"]["content"]["application/json"]["examples"];
        for (name, example) in examples.as_object().unwrap() {
            let response = send(&server, &example["value"]);
            assert_eq!(response.status, 200, "{name}: {}", response.text());
        }
    }
}

#[test]
fn answers_are_counted_by_the_bins_of_their_reference_on_each_prediction() {
    let server = serve_triage();
    for (row, times) in [
        (json!({"beats": 70, "conscious": true}), 3),
        (json!({"beats": 130, "conscious": true}), 1),
    ] {
        let body = json!({ "instances": vec![row; times] }).to_string();
        assert_eq!(server.post("/predict", body).status, 200);
    }
    let scrape = scrape(&mut server.client());
    for (output, bin, count, share) in [
        ("urgency", "calm", 3.0, 0.75),
        ("urgency", "urgent", 1.0, 0.25),
        ("wait", "0.0", 1.0, 0.25),
        ("wait", "50.0", 0.0, 0.5),
        ("wait", "+Inf", 3.0, 0.25),
    ] {
        let labels = format!("model=\"triage\",version=\"2\",output=\"{output}\",bin=\"{bin}\"");
        let value = |name: &str| scrape.value(&format!("{name}{{{labels}}}"));
        assert_eq!(value("model_prediction_bin_total"), count, "{labels}");
        assert_eq!(value("model_prediction_reference_ratio"), share, "{labels}");
    }
}

/// A rule about a family of another name would be silent for ever.
#[test]
fn every_family_of_outcomes_in_a_rule_or_a_panel_is_exported() {
    let server = serve_triage();
    let exported = scrape(&mut server.client());
    let exported: Vec<&str> = exported.kinds().iter().map(|(name, _)| *name).collect();
    let mut named = 0;
    for file in ["alerts/prometheus-rule.yaml", "dashboard/model-api.json"] {
        let text = std::fs::read_to_string(root().join("k8s/components").join(file)).unwrap();
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
        for word in text.split(|letter| !is_word(letter)) {
            let starts = ["model_outcome", "model_group_", "model_reference_", "model_prediction_"];
            if !starts.iter().any(|start| word.starts_with(start)) {
                continue;
            }
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| word.strip_suffix(suffix))
                .unwrap_or(word);
            assert!(exported.contains(&family), "{word} of {file}");
            named += 1;
        }
    }
    assert!(named > 40, "{named}");
}

#[test]
fn the_cards_performance_is_a_gauge_of_each_measure() {
    let server = serve_triage();
    let scrape = scrape(&mut server.client());
    let of = |labels: &str, rest: &str| {
        let labels = format!("{{model=\"triage\",version=\"2\",output={labels}{rest}}}");
        let value = |name: &str| scrape.value(&format!("{name}{labels}"));
        (value("model_reference_performance"), value("model_reference_people"))
    };
    let everyone = ",feature=\"\",group=\"\"";
    let measured = "\"urgency\",measure=\"accuracy\",class=\"\"";
    assert_eq!(of(measured, everyone), (0.9, 200.0));
    let measured = "\"urgency\",measure=\"specificity\",class=\"urgent\"";
    assert_eq!(of(measured, ",feature=\"arrival\",group=\"ambulance\""), (0.5, 20.0));
    let measured = "\"wait\",measure=\"mean_absolute_error\",class=\"\"";
    assert_eq!(of(measured, everyone), (12.5, 200.0));
    assert_eq!(scrape.value("model_outcome_horizon_days{model=\"triage\",version=\"1\"}"), 1.0);
}

/// A made-up person: the answer of the default model with some confidence, and the truth.
struct Person {
    is_high: bool,
    percent: u32,
    was_high: bool,
}

fn people(count: u32) -> impl Iterator<Item = Person> {
    (0..count).map(|index| Person {
        is_high: index % 3 == 0,
        percent: 50 + index * 7 % 51,
        was_high: index % 5 < 2,
    })
}

impl Person {
    fn outcome(&self) -> Value {
        let label = |is_high: bool| if is_high { "High Risk" } else { "Low Risk" };
        let confidence = f64::from(self.percent) / 100.0;
        outcome(label(self.is_high), confidence, label(self.was_high))
    }

    /// The probability of a high risk, in percent.
    fn probability(&self) -> u32 {
        if self.is_high { self.percent } else { 100 - self.percent }
    }
}

#[test]
fn outcomes_of_16_connections_beside_predictions_are_exact() {
    let server = serve_outcomes();
    let outcomes: Vec<Value> = people(4000).map(|person| person.outcome()).collect();
    std::thread::scope(|threads| {
        for chunk in outcomes.chunks(250) {
            threads.spawn(|| {
                let mut client = server.client();
                for batch in chunk.chunks(7) {
                    let body = json!({ "outcomes": batch }).to_string();
                    assert_eq!(client.send(&Request::post("/outcomes", body)).status, 200);
                    let invalid = r#"{"outcome": "High Risk"}"#;
                    assert_eq!(client.send(&Request::post("/outcomes", invalid)).status, 422);
                    assert_eq!(super::predict(&mut client, super::EXAMPLE).status, 200);
                }
            });
        }
    });
    let scrape = scrape(&mut server.client());
    for bin in 1..=10_u32 {
        let of_bin =
            || people(4000).filter(move |person| person.probability().max(1).div_ceil(10) == bin);
        let label = format!("bin=\"{:?}\"", f64::from(bin) / 10.0);
        for came in [true, false] {
            let label = format!("{label},event=\"{came}\"");
            let count = of_bin().filter(|person| person.was_high == came).count();
            assert_eq!(scrape.sum("model_outcome_events_total", &label), count as f64, "{label}");
        }
        let expected: u32 = of_bin().map(|person| person.probability()).sum();
        let expected = f64::from(expected) / 100.0;
        assert_eq!(scrape.sum("model_outcome_expected_events_total", &label), expected, "{bin}");
        let error =
            |person: Person| person.probability().abs_diff(u32::from(person.was_high) * 100);
        let squared: u32 = of_bin().map(|person| error(person).pow(2)).sum();
        let squared = f64::from(squared) / 10_000.0;
        assert_eq!(scrape.sum("model_outcome_squared_error_total", &label), squared, "{bin}");
    }
    let right = people(4000).filter(|person| person.is_high == person.was_high).count();
    assert_eq!(scrape.sum("model_outcomes_total", "correct=\"true\""), right as f64);
    assert_eq!(scrape.sum("model_outcomes_total", ""), 4000.0);
    assert_eq!(scrape.sum("model_outcome_confidence_count", ""), 4000.0);
    // 16 times 36 refusals without an answer and a version.
    assert_eq!(scrape.sum("model_invalid_outcomes_total", "reason=\"missing\""), 1152.0);
    assert_eq!(scrape.sum("model_predictions_total", ""), 576.0);
}

#[test]
fn no_outcome_gets_a_5xx_or_stops_the_service() {
    let server = serve_triage();
    let mut client = server.client();
    let numbers =
        ["1e999", "-0", "1e15", "\"1e15\"", "\"NaN\"", "null", "true", "{}", "\"\"", "[]"];
    for prediction in numbers {
        for truth in numbers {
            for output in ["urgency", "wait", "\\ud800", ""] {
                let body = format!(
                    r#"{{"prediction":{prediction},"outcome":{truth},"output":"{output}",
                        "model_version":"2","confidence":{truth},"groups":{prediction}}}"#
                );
                let status = client.send(&Request::post("/outcomes", body.clone())).status;
                assert!([200, 422].contains(&status), "{status} for {body}");
            }
        }
    }
    let mut client = server.client();
    for length in 0..=OUTCOMES.len() {
        let status = client.send(&Request::post("/outcomes", &OUTCOMES[..length])).status;
        assert_eq!(status, if length == OUTCOMES.len() { 200 } else { 422 }, "{length}");
    }
}

const OUTCOMES: &str =
    r#"[{"prediction":"calm","model_version":"2","output":"urgency","outcome":"urgent"}]"#;
