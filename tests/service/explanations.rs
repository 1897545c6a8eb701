//! Explanations: why a model gave its answer.

use super::{ANSWER, EXAMPLE, errors, model_manifest, scrape, serve, serve_model, serve_with};
use crate::support::exposition::Exposition;
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

/// The example's body with an explanation, and the whole answer.
const ASKED: &str = r#"{"patient_data": {"age": 65, "cholesterol": 240}, "explain": true}"#;
const EXPLAINED: &str = concat!(
    r#"{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0","explanation":{"#,
    r#""class":"High Risk","scale":"probability","link":"identity","method":"coalitions","#,
    r#""base":0.25,"total":0.92,"contributions":["#,
    r#"{"feature":"age","value":65,"contribution":0.67},"#,
    r#"{"feature":"cholesterol","value":240,"contribution":0.0}]}}"#
);

fn ask(server: &TestServer, path: &str, body: &Value) -> Response {
    server.post(path, body.to_string())
}

/// Returns the explanation in an answer of status 200.
fn explanation(response: &Response) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["explanation"].clone()
}

/// Returns the first violation of a 422: its type, location and message.
fn violation(response: &Response) -> (String, Value, String) {
    assert_eq!(response.status, 422, "{}", response.text());
    let first = &response.json()["detail"][0];
    let text = |key: &str| first[key].as_str().unwrap().to_owned();
    (text("type"), first["loc"].clone(), text("msg"))
}

#[test]
fn the_default_models_explanation_is_answered_byte_for_byte() {
    let server = serve();
    let response = server.post("/predict", ASKED);
    assert_eq!((response.status, response.text()), (200, EXPLAINED));
    let response = server.post("/explain", EXAMPLE);
    assert_eq!((response.status, response.text()), (200, EXPLAINED));
}

#[test]
fn an_answer_has_no_explanation_unless_it_is_asked_for() {
    let server = serve();
    for (path, explain) in
        [("/predict", json!(false)), ("/predict", json!(null)), ("/explain", json!(false))]
    {
        let body = json!({"patient_data": {"age": 65, "cholesterol": 240}, "explain": explain});
        assert_eq!(ask(&server, path, &body).text(), ANSWER, "{path} {explain}");
    }
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_explanation_started_total", ""), 0.0);
    assert_eq!(scrape.sum("model_explanation_duration_seconds_count", ""), 0.0);
}

#[test]
fn every_form_of_rows_takes_the_option() {
    let server = serve();
    let rows = json!([{"age": 65}, {"age": 30, "cholesterol": 180.5}]);
    let split = json!({"columns": ["age", "cholesterol"], "data": [[65, null], [30, 180.5]]});
    let mut top = split.clone();
    top["explain"] = json!(true);
    for body in [
        json!({"instances": rows, "explain": true}),
        json!({"inputs": rows, "explain": true}),
        json!({"dataframe_records": rows, "explain": true}),
        json!({"dataframe_split": split, "explain": true}),
        top,
    ] {
        let response = ask(&server, "/predict", &body);
        let predictions = response.json()["predictions"].clone();
        assert_eq!(predictions[0]["explanation"]["total"], json!(0.92), "{body}");
        assert_eq!(predictions[0]["explanation"]["contributions"][1]["value"], json!(null));
        let second = &predictions[1]["explanation"];
        assert_eq!(second["total"], second["base"], "{body}");
        // Equal contributions are in the order of the features.
        assert_eq!(second["contributions"][1]["value"], json!(180.5), "{body}");
    }
    // Beside the values of a bare row.
    let bare = ask(&server, "/predict", &json!({"age": 65, "explain": {"top": 1}}));
    assert_eq!(explanation(&bare)["others"], json!(0.0));
    assert_eq!(bare.json().get("warnings"), None);
    let list = server.post("/explain", rows.to_string()).json();
    assert_eq!(list["predictions"][0]["explanation"]["base"], json!(0.25));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_invalid_inputs_total", ""), 0.0);
}

#[test]
fn the_largest_contributions_are_shown_and_the_others_summed_up() {
    let server = serve_model("triage");
    let row = json!({"beats": 130, "temperature": 38.5, "arrival": "ambulance", "conscious": true});
    for top in 1..=5 {
        let body = json!({"patient_data": row, "explain": {"top": top}});
        let explained = explanation(&ask(&server, "/predict", &body));
        for (part, output) in explained.as_array().unwrap().iter().zip(["urgency", "wait"]) {
            assert_eq!(part["output"], output);
            let shown = part["contributions"].as_array().unwrap();
            assert_eq!(shown.len(), top.min(4));
            assert_eq!(shown[0]["feature"], "beats");
            assert_eq!(part.get("others").is_some(), top < 4);
            let shown = shown.iter().map(|one| one["contribution"].as_f64().unwrap());
            let sum = part["base"].as_f64().unwrap()
                + shown.sum::<f64>()
                + part.get("others").map_or(0.0, |others| others.as_f64().unwrap());
            assert!((sum - part["total"].as_f64().unwrap()).abs() < 1e-12, "{part}");
        }
    }
}

#[test]
fn several_outputs_are_a_list_with_their_names_and_the_values_as_the_model_got_them() {
    let server = serve_model("triage");
    let row = json!({"beats": "130", "arrival": null, "conscious": 1});
    let explained = explanation(&ask(&server, "/explain", &json!({"patient_data": row})));
    let [urgency, wait] = &explained.as_array().unwrap()[..] else { panic!("{explained}") };
    let part = |part: &Value| {
        ["output", "class", "scale", "link", "base", "total"].map(|key| part[key].clone())
    };
    let text = |text: &str| json!(text);
    assert_eq!(
        part(urgency),
        [
            text("urgency"),
            text("urgent"),
            text("probability"),
            text("identity"),
            json!(0.25),
            json!(0.5)
        ]
    );
    assert_eq!(
        part(wait),
        [text("wait"), json!(null), text("quantity"), text("identity"), json!(60.0), json!(0.0)]
    );
    assert_eq!(wait.get("class"), None);
    let values = urgency["contributions"].as_array().unwrap().iter();
    let values: Vec<_> = values.map(|one| one["value"].clone()).collect();
    assert_eq!(values, [json!(130), json!(null), json!(null), json!(true)]);
}

#[test]
fn two_classes_have_one_explanation_and_with_all_classes_it_is_in_a_list() {
    let server = serve();
    for age in [30, 65] {
        let body = json!({"patient_data": {"age": age}, "explain": {"classes": "all"}});
        let explained = explanation(&ask(&server, "/predict", &body));
        assert_eq!(explained.as_array().unwrap().len(), 1);
        assert_eq!(explained[0]["class"], "High Risk", "the positive class");
    }
}

#[test]
fn a_sampled_explanation_has_deviations_and_its_scale_and_link() {
    let server = serve_model("faulty_model");
    let explained = explanation(&ask(&server, "/explain", &json!({"patient_data": {}})));
    let expected = json!({
        "class": "high", "scale": "log-odds", "link": "logistic", "method": "permutations",
        "base": -0.5, "total": -0.75,
        "contributions": [
            {"feature": "fault", "value": null, "contribution": -0.25, "deviation": 0.125}
        ],
    });
    assert_eq!(explained, expected);
    let long = "é".repeat(1000);
    let explained =
        explanation(&ask(&server, "/explain", &json!({"patient_data": {"fault": long}})));
    let expected = format!("{}…", "é".repeat(100));
    assert_eq!(explained["contributions"][0]["value"], expected);
}

#[test]
fn an_invalid_option_is_422_with_its_key_beside_the_other_violations() {
    let server = serve();
    for (explain, key, what) in [
        (json!(1), None, "true, false, or an object with the keys 'top' and 'classes'"),
        (json!("yes"), None, "true, false, or an object with the keys 'top' and 'classes'"),
        (json!({"tops": 1}), None, "'top' and 'classes'"),
        (json!({"top": 0}), Some("top"), "a whole number greater than or equal to 1"),
        (json!({"top": null}), Some("top"), "a whole number greater than or equal to 1"),
        (json!({"classes": "some"}), Some("classes"), "'answered' or 'all'"),
    ] {
        for path in ["/predict", "/explain"] {
            let body = json!({"patient_data": {"age": -1}, "explain": explain});
            let response = ask(&server, path, &body);
            let (kind, loc, message) = violation(&response);
            let place = ["body", "explain"].into_iter().chain(key).collect::<Vec<_>>();
            assert_eq!((kind.as_str(), loc), ("value_error", json!(place)), "{body}");
            assert!(message.contains(what), "{message}");
            let second = &response.json()["detail"][1];
            assert_eq!(second["loc"], json!(["body", "patient_data", "age"]));
        }
    }
}

#[test]
fn a_model_without_explanations_says_so_and_names_them_nowhere() {
    let server = serve_model("wide");
    let row = json!({"f0": 1});
    let (kind, loc, message) =
        violation(&ask(&server, "/predict", &json!({"patient_data": row, "explain": true})));
    assert_eq!((kind.as_str(), loc), ("no_explanation", json!(["body", "explain"])));
    assert_eq!(message, "This model has no explanations");
    let (kind, loc, _) = violation(&ask(&server, "/explain", &json!({"patient_data": row})));
    assert_eq!((kind.as_str(), loc), ("no_explanation", json!(["body"])));
    let response = ask(&server, "/v1/models/wide:explain", &json!({"instances": [row]}));
    let expected = json!({"error": "This model has no explanations"});
    assert_eq!((response.status, response.json()), (400, expected));
    assert_eq!(ask(&server, "/predict", &json!({"patient_data": row})).status, 200);
    for path in ["/openapi.json", "/v2/models/wide"] {
        let text = server.get(path).text().to_owned();
        assert!(!text.contains("xplan") && !text.contains("_contributions"), "{path}");
    }
    let scrape = scrape(&mut server.client());
    let refused = r#"model_invalid_inputs_total{feature="none",reason="no_explanation"}"#;
    assert_eq!(scrape.value(refused), 3.0);
    assert_eq!(scrape.sum("model_inference_started_total", ""), 1.0);
    assert_eq!(scrape.sum("model_explanation_started_total", ""), 0.0);
}

#[test]
fn a_row_that_the_model_does_not_explain_is_422_with_the_reason() {
    let server = serve_model("triage");
    // Unconscious in an ambulance: the reference person comes on foot.
    let mixed = json!({"beats": 70, "arrival": "ambulance", "conscious": false});
    let calm = json!({"beats": 70, "conscious": true});
    assert_eq!(ask(&server, "/predict", &json!({"patient_data": mixed})).status, 200);
    let (_, loc, message) = violation(&ask(&server, "/explain", &json!({"patient_data": mixed})));
    assert_eq!(loc, json!(["body", "patient_data"]));
    assert_eq!(message, "Nobody comes on foot unconscious");
    let batch = json!({"instances": [calm, mixed]});
    let (_, loc, _) = violation(&ask(&server, "/explain", &batch));
    assert_eq!(loc, json!(["body", "instances", 1]));
    let response = ask(&server, "/v1/models/triage:explain", &batch);
    let expected = json!({"error": "row 1: Nobody comes on foot unconscious"});
    assert_eq!((response.status, response.json()), (400, expected));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_explanations_total", "result=\"refused\""), 3.0);
    assert_eq!(scrape.sum("model_explanation_duration_seconds_count", ""), 3.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 4.0);
    // Only the first one got an answer, of two outputs.
    assert_eq!(scrape.sum("model_predictions_total", ""), 2.0);
}

#[test]
fn an_explanation_against_the_contract_is_500_counted_and_logged() {
    let server = serve_model("faulty_model");
    let faults = [
        ("explain nothing", "attributions to other outputs or classes"),
        ("explain no feature", "0 contributions of 1 features"),
        ("explain two features", "2 contributions of 1 features"),
        ("explain NaN", "a base, contribution or deviation of NaN"),
        ("explain infinite base", "a base, contribution or deviation of inf"),
        ("explain two deviations", "2 deviations of 1 features"),
        ("explain other class", "attributions to other outputs or classes"),
        ("explain unknown class", "attributions to other outputs or classes"),
        ("explain twice", "attributions to other outputs or classes"),
    ];
    for (fault, what) in faults {
        let body = json!({"patient_data": {"fault": fault}});
        let response = ask(&server, "/explain", &body);
        let expected = (500, r#"{"detail":"The model gave no answer"}"#);
        assert_eq!((response.status, response.text()), expected, "{fault}");
        server.logged(&format!("the model explained row 0 with {what}"));
        // The prediction itself is good.
        assert_eq!(ask(&server, "/predict", &body).status, 200, "{fault}");
    }
    // An answered class without a description has no explanation.
    let unknown = json!({"patient_data": {"fault": "unknown label"}});
    assert_eq!(ask(&server, "/explain", &unknown).status, 500);
    let scrape = scrape(&mut server.client());
    let failed = r#"http_requests_total{handler="/explain",method="POST",status="5xx"}"#;
    assert_eq!(scrape.value(failed), 10.0);
    assert_eq!(scrape.sum("model_explanations_total", "result=\"failed\""), 10.0);
    assert_eq!(scrape.sum("model_explanations_total", "result=\"ok\""), 0.0);
    assert_eq!(scrape.sum("model_predictions_total", ""), 9.0);
    assert_eq!(scrape.sum("model_feature_contribution_ratio_sum", ""), 0.0);
}

#[test]
fn an_explanation_with_a_trap_or_without_an_end_is_counted_as_started_alone() {
    let server = TestServer::start(&model_manifest("faulty_model"), |settings| {
        settings.limits.request_timeout = Duration::from_millis(500);
    });
    let ask = |fault: &str| ask(&server, "/explain", &json!({"patient_data": {"fault": fault}}));
    assert_eq!(
        [ask("explain trap"), ask("explain loop"), ask("none")].map(|r| r.status),
        [500, 504, 200]
    );
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_explanation_started_total", ""), 3.0);
    assert_eq!(scrape.sum("model_explanation_duration_seconds_count", ""), 1.0);
    // They are lost for the alert on predictions too.
    assert_eq!(scrape.sum("model_inference_started_total", ""), 3.0);
    assert_eq!(scrape.sum("model_inference_duration_seconds_count", ""), 1.0);
    assert_eq!(errors(&server, "trapped") + errors(&server, "timed_out"), 2.0);
}

#[test]
fn explanations_beyond_a_limit_are_422_with_both_numbers_and_the_remedy() {
    let rows = |count: usize| json!({"instances": vec![json!({}); count]});
    // Each row costs 1000.
    let server = TestServer::start(&model_manifest("faulty_model"), |_| {});
    assert_eq!(ask(&server, "/explain", &rows(1000)).status, 200);
    let (kind, loc, message) = violation(&ask(&server, "/explain", &rows(1001)));
    assert_eq!((kind.as_str(), loc), ("too_costly", json!(["body"])));
    assert_eq!(
        message,
        "The explanations cost 1001000, and the limit is 1000000: send fewer rows, or raise \
         max_explanation_cost"
    );
    assert_eq!(ask(&server, "/predict", &rows(1001)).status, 200);
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_explanations_total", "result=\"ok\""), 1000.0);
    assert_eq!(scrape.sum("model_invalid_inputs_total", "reason=\"too_costly\""), 1.0);
    // The setting, and a batch as large as any.
    let old = |count: usize| json!({"instances": vec![json!({"age": 65}); count]});
    let server = serve_with(&[("max_explanation_cost", "1500")]);
    assert_eq!(ask(&server, "/explain", &old(1500)).status, 200);
    let (_, _, message) = violation(&ask(&server, "/explain", &old(1501)));
    assert!(message.contains("cost 1501, and the limit is 1500"), "{message}");
    assert_eq!(ask(&serve(), "/explain", &old(10_000)).status, 200);
}

#[test]
fn contributions_are_a_tensor_if_it_is_asked_for_by_name() {
    let server = serve();
    let path = "/v2/models/heart-risk-demo";
    let outputs = server.get(path).json()["outputs"].clone();
    let expected = json!({"name": "risk_contributions", "datatype": "FP64", "shape": [-1, 3]});
    assert_eq!(outputs[2], expected);
    let age = json!({"name": "age", "datatype": "FP64", "shape": [2], "data": [65, 30]});
    let infer = |outputs: Value| {
        let body = json!({"inputs": [age], "outputs": outputs});
        server.post(&format!("{path}/infer"), body.to_string())
    };
    let names = |response: &Response| {
        let outputs = response.json()["outputs"].as_array().unwrap().clone();
        outputs.iter().map(|output| output["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&infer(json!([]))), ["risk", "risk_confidence"]);
    let response = infer(json!([{"name": "risk_contributions"}, {"name": "risk"}]));
    assert_eq!(names(&response), ["risk_contributions", "risk"]);
    let tensor = &response.json()["outputs"][0];
    assert_eq!(tensor["shape"], json!([2, 3]));
    let data: Vec<f64> = serde_json::from_value(tensor["data"].clone()).unwrap();
    assert_eq!(data, [0.92 - 0.25, 0.0, 0.25, 0.0, 0.0, 0.25]);
    // The same in binary.
    let binary = json!([{"name": "risk_contributions", "parameters": {"binary_data": true}}]);
    let response = infer(binary);
    let bytes: Vec<u8> = data.iter().flat_map(|number| number.to_le_bytes()).collect();
    assert!(response.body.ends_with(&bytes));
    let scrape = scrape(&mut server.client());
    assert_eq!(scrape.sum("model_explanations_total", "result=\"ok\""), 4.0);
    assert_eq!(scrape.sum("model_explanation_started_total", ""), 2.0);
}

#[test]
fn kserves_first_protocol_predicts_and_explains_rows() {
    let server = serve();
    let model = "/v1/models/heart-risk-demo";
    let ready = server.get(model);
    let expected = json!({"name": "heart-risk-demo", "ready": true});
    assert_eq!((ready.status, ready.json()), (200, expected));
    let body = json!({"instances": [{"age": 65, "cholesterol": 240}]});
    for colon in [":", "%3A"] {
        let response = ask(&server, &format!("{model}{colon}predict"), &body);
        assert_eq!(
            (response.status, response.text()),
            (200, &*format!("{{\"predictions\":[{ANSWER}]}}"))
        );
        let response = ask(&server, &format!("{model}{colon}explain"), &body);
        let explained: Value = serde_json::from_str(EXPLAINED).unwrap();
        let expected = json!({"explanations": [explained["explanation"]]});
        assert_eq!((response.status, response.json()), (200, expected));
    }
    // The option is taken; `:explain` always explains.
    let mut asked = body.clone();
    asked["explain"] = json!({"top": 1});
    let response = ask(&server, &format!("{model}:predict"), &asked).json();
    assert_eq!(response["predictions"][0]["explanation"]["others"], json!(0.0));
    asked["explain"] = json!(false);
    let response = ask(&server, &format!("{model}:explain"), &asked).json();
    assert_eq!(response["explanations"][0]["base"], json!(0.25));
    // Errors.
    let response = ask(&server, &format!("{model}:explain"), &json!({"instances": [{"age": -1}]}));
    let message = "input \"age\", row 0: Input should be greater than or equal to 0";
    assert_eq!((response.status, response.json()), (400, json!({ "error": message })));
    for path in ["/v1/models/other:explain", "/v1/models/other:predict"] {
        let response = ask(&server, path, &body);
        let message = "No such model; there is \"heart-risk-demo\"";
        assert_eq!(
            (response.status, response.json()),
            (404, json!({ "error": message })),
            "{path}"
        );
    }
    let scrape = scrape(&mut server.client());
    let handler = r#"handler="/v1/models/{model}:explain""#;
    assert_eq!(scrape.sum("http_requests_total", handler), 5.0);
}

/// Checks all families of explanations: the explained rows of calls, and the shares of both features.
fn check(scrape: &Exposition, calls: f64, rows: f64, [age, cholesterol]: [f64; 2]) {
    const MODEL: &str = r#"model="heart-risk-demo",version="v1.0.0""#;
    let feature = |family: &str, feature: &str| {
        scrape.value(&format!("{family}{{{MODEL},feature=\"{feature}\"}}"))
    };
    let result = |result: &str| {
        scrape.value(&format!("model_explanations_total{{{MODEL},result=\"{result}\"}}"))
    };
    assert_eq!(["ok", "refused", "failed"].map(result), [rows, 0.0, 0.0]);
    assert_eq!(scrape.value(&format!("model_explanation_started_total{{{MODEL}}}")), calls);
    assert_eq!(scrape.sum("model_explanation_duration_seconds_count", ""), calls);
    let sum = "model_feature_contribution_ratio_sum";
    assert_eq!([feature(sum, "age"), feature(sum, "cholesterol")], [age, cholesterol]);
    let count = "model_feature_contribution_ratio_count";
    assert_eq!([feature(count, "age"), feature(count, "cholesterol")], [rows; 2]);
}

#[test]
fn the_families_of_explanations_are_exact_after_mixed_requests() {
    let server = serve();
    check(&scrape(&mut server.client()), 0.0, 0.0, [0.0; 2]);
    let tensors = r#"{"inputs":[{"name":"age","datatype":"FP64","shape":[2],"data":[65,30]}],
        "outputs":[{"name":"risk_contributions"}]}"#;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = server.client();
                for _ in 0..10 {
                    for (path, body) in [
                        ("/predict", EXAMPLE),
                        ("/predict", ASKED),
                        ("/predict", r#"{"patient_data":{"age":65},"explain":{"top":0}}"#),
                        ("/explain", r#"{"instances":[{"age":70},{"age":30},{"age":61}]}"#),
                        ("/v1/models/heart-risk-demo:explain", r#"{"instances":[{"age":65}]}"#),
                        ("/v2/models/heart-risk-demo/infer", tensors),
                    ] {
                        client.send(&Request::post(path, body));
                    }
                }
            });
        }
    });
    // Seven rows in four calls a round; the age explains all of four of them, and nothing explains two.
    let scrape = scrape(&mut server.client());
    check(&scrape, 4.0 * 40.0, 7.0 * 40.0, [5.0 * 40.0, 0.0]);
    assert_eq!(scrape.sum("model_inference_started_total", ""), 5.0 * 40.0);
    assert_eq!(scrape.sum("model_predictions_total", ""), 8.0 * 40.0);
}

#[test]
fn rows_made_up_are_answered_as_others_and_counted_in_no_family_of_the_model() {
    let server = serve_with(&[("drift_sample_interval", "1")]);
    let before = scrape(&mut server.client());
    for body in [EXAMPLE, ASKED, r#"{"instances": [{"age": 20}, {"age": 90}]}"#] {
        assert_eq!(server.post("/what-if", body).text(), server.post("/predict", body).text());
    }
    let after = scrape(&mut server.client());
    // Those of /predict alone: two rows, and a batch of two.
    let added = |name: &str| after.sum(name, "") - before.sum(name, "");
    assert_eq!(added("model_predictions_total"), 4.0);
    assert_eq!(added("model_prediction_confidence_count"), 4.0);
    assert_eq!(added("model_inference_started_total"), 3.0);
    assert_eq!(added("model_explanations_total"), 1.0);
    assert_eq!(added("model_feature_bin_total"), 8.0);
    assert_eq!(after.sum("http_requests_total", r#"handler="/what-if""#), 3.0);
}

#[test]
fn the_reference_shares_of_the_description_are_a_gauge() {
    let scrape = scrape(&mut serve_model("faulty_model").client());
    let labels = r#"{model="faulty-model",version="1",feature="fault"}"#;
    let family = "model_feature_contribution_reference_ratio";
    assert_eq!(scrape.value(&format!("{family}{labels}")), 1.0);
}

#[test]
fn no_explain_body_gets_a_5xx() {
    let server = serve();
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let keys = format!("{{{}\"top\":1}}", "\"top\":1,".repeat(50_000));
    let digits = "9".repeat(100_000);
    let numbers = [
        "0",
        "-0",
        "1e400",
        "-1e400",
        "0.5",
        "1e-9",
        "18446744073709551616",
        "4294967297",
        &digits,
    ];
    let mut options: Vec<String> =
        numbers.iter().map(|number| format!("{{\"top\":{number}}}")).collect();
    options.extend(numbers.iter().map(|number| (*number).to_owned()));
    let others =
        ["\"\\ud800\"", "{\"classes\":\"\\ud800\"}", "{\"\\ud800\":1}", "[]", "{}", &deep, &keys];
    options.extend(others.map(str::to_owned));
    options.push(format!("{{\"classes\":\"{}\"}}", "a".repeat(500_000)));
    for option in options {
        for body in [
            format!("{{\"patient_data\":{{\"age\":65}},\"explain\":{option}}}"),
            format!("{{\"explain\":{option},\"instances\":[{{\"age\":65}},7]}}"),
            format!("{{\"age\":65,\"explain\":{option}}}"),
            format!("{{\"explain\":{option}}}"),
        ] {
            for path in ["/predict", "/explain", "/v1/models/heart-risk-demo:explain"] {
                let response = server.post(path, body.clone());
                let shown = &body[..body.len().min(80)];
                assert!((200..500).contains(&response.status), "{} for {shown}", response.status);
                assert!(response.body.len() < 4096, "{} bytes for {shown}", response.body.len());
            }
        }
    }
    assert_eq!(server.post("/predict", EXAMPLE).text(), ANSWER);
}
