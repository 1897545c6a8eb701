//! The equations of `examples/equations`, each served by its own manifest.

use crate::support::http::Response;
use crate::support::root;
use crate::support::server::TestServer;
use model_api_host::{Log, Manifest, build};
use serde_json::{Value, json};

/// Builds and serves an equation.
fn serve(name: &str) -> TestServer {
    let file = root().join(format!("examples/equations/{name}/spin.toml"));
    let manifest = Manifest::load(&file).unwrap_or_else(|error| panic!("{error:#}"));
    build::run(&manifest, &Log::stderr()).expect("the components can be built");
    TestServer::start(&manifest, |_| {})
}

/// Returns the body and the answer of an equation in the README.
fn exchange(name: &str) -> (Value, Value) {
    let readme = std::fs::read_to_string(root().join("examples/equations/README.md"));
    let readme = readme.expect("it is there");
    let part = |text: &str, from: &str, to: &str| -> String {
        let (_, text) = text.split_once(from).expect(from);
        text.split_once(to).expect(to).0.to_owned()
    };
    let section = part(&readme, &format!("--from examples/equations/{name}/spin.toml"), "\n## ");
    let parse = |text: String| serde_json::from_str(&text).expect("it is JSON");
    (parse(part(&section, "-d '", "'\n```")), parse(part(&section, "```json\n", "\n```")))
}

/// Asks for the prediction of the README's row, with one value changed.
fn predict_with(server: &TestServer, name: &str, feature: &str, value: Value) -> Response {
    let (mut body, _) = exchange(name);
    body["patient_data"][feature] = value;
    server.post("/predict", body.to_string())
}

/// Checks the exchange of the README, and that the explanation adds up to the same answer.
fn assert_answered(server: &TestServer, name: &str) {
    let (body, expected) = exchange(name);
    let response = server.post("/predict", body.to_string());
    assert_eq!((response.status, response.json()), (200, expected.clone()));
    // Two outputs or more have their explanations in a list.
    let response = server.post("/explain", body.to_string()).json();
    let explanation = &response["explanation"];
    let single = vec![explanation.clone()];
    let explanations = explanation.as_array().unwrap_or(&single);
    let totals = explanations.iter().filter(|one| one["scale"] == "quantity");
    for (output, total) in totals.map(|one| (&one["output"], &one["total"])) {
        let prediction = &expected["prediction"];
        let number =
            if prediction.is_number() { prediction } else { &prediction[output.as_str().unwrap()] };
        let difference = total.as_f64().unwrap() - number.as_f64().unwrap();
        assert!(difference.abs() < 1e-9, "{output}: {total} for {number}");
    }
}

/// Checks that the row is refused with a value, and that the message for it has `part`.
fn assert_refused(server: &TestServer, name: &str, feature: &str, value: Value, part: &str) {
    let response = predict_with(server, name, feature, value.clone());
    assert_eq!(response.status, 422, "{feature} of {value}");
    let problem = &response.json()["detail"][0];
    assert_eq!(problem["loc"], json!(["body", "patient_data", feature]));
    let message = problem["msg"].as_str().unwrap();
    assert!(message.contains(part), "{feature} of {value}: {message}");
}

/// The ranges of PREVENT that both of its models have.
const PREVENT: [(&str, f64, f64, &str); 14] = [
    ("total_cholesterol", 130.0, 129.9, "greater than or equal to 130"),
    ("total_cholesterol", 320.0, 320.1, "less than or equal to 320"),
    ("hdl_cholesterol", 20.0, 19.9, "greater than or equal to 20"),
    ("hdl_cholesterol", 100.0, 100.1, "less than or equal to 100"),
    ("systolic_pressure", 90.0, 89.9, "greater than or equal to 90"),
    ("systolic_pressure", 180.0, 180.1, "less than or equal to 180"),
    ("bmi", 18.5, 18.4, "greater than or equal to 18.5"),
    ("bmi", 39.99, 40.0, "less than 40"),
    ("egfr", 15.0, 14.9, "greater than or equal to 15"),
    ("egfr", 140.0, 140.1, "less than or equal to 140"),
    ("hba1c", 4.5, 4.4, "greater than or equal to 4.5"),
    ("hba1c", 15.0, 15.1, "less than or equal to 15"),
    ("uacr", 0.1, 0.09, "greater than or equal to 0.1"),
    ("uacr", 25_000.0, 25_001.0, "less than or equal to 25000"),
];

/// Checks both sides of bounds: a feature, a number within, and one outside with a part of its
/// message.
fn assert_bounds(server: &TestServer, name: &str, bounds: &[(&str, f64, f64, &str)]) {
    for (feature, inside, outside, part) in bounds {
        let response = predict_with(server, name, feature, json!(inside));
        assert_eq!(response.status, 200, "{feature} of {inside}: {}", response.text());
        assert_refused(server, name, feature, json!(outside), part);
    }
}

/// Returns true if both answers are the same, with numbers to 1e-12.
fn are_alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= 1e-12 * one.abs()
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, one)| are_alike(one, &other[key]))
        }
        (one, other) => one == other,
    }
}

/// Checks that a number and the same one in another unit have the same answer, and that the other
/// one without its unit is refused: a feature, both numbers, and the code of the unit.
fn assert_units(server: &TestServer, name: &str, units: &[(&str, f64, f64, &str)]) {
    for (feature, own, number, code) in units {
        let expected = predict_with(server, name, feature, json!(own)).json();
        let given = json!({"value": number, "unit": code});
        let found = predict_with(server, name, feature, given).json();
        assert!(are_alike(&expected, &found), "{feature} in {code}: {found} for {expected}");
        assert_refused(server, name, feature, json!(number), &format!("inside in {code}"));
    }
}

/// The laboratory values of PREVENT: mg/dL × 0.02586 is mmol/L, and 0.09148 × mmol/mol + 2.152 is %.
const LIPIDS: [(&str, f64, f64, &str); 2] = [
    ("total_cholesterol", 200.0, 200.0 * 0.02586, "mmol/L"),
    ("hdl_cholesterol", 45.0, 45.0 * 0.02586, "mmol/L"),
];
const HBA1C: (&str, f64, f64, &str) = ("hba1c", 7.0, (7.0 - 2.152) / 0.09148, "mmol/mol");

/// The numbers of all coalitions take a megabyte for a row, and an instance has 64.
#[test]
fn a_batch_of_100_rows_of_prevent_is_explained() {
    let name = "prevent-10-years";
    let server = serve(name);
    let (body, _) = exchange(name);
    let rows = vec![body["patient_data"].clone(); 100];
    let response = server.post("/explain", json!({ "instances": rows }).to_string());
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["predictions"].as_array().unwrap().len(), 100);
}

#[test]
fn prevent_answers_the_readmes_row_for_10_years_and_refuses_values_outside_its_ranges() {
    let name = "prevent-10-years";
    let server = serve(name);
    assert_answered(&server, name);
    assert_bounds(&server, name, &PREVENT);
    assert_units(&server, name, &[LIPIDS[0], LIPIDS[1], HBA1C]);
    // A ratio in mg/mmol may be one in mg/g: the molar mass of creatinine is 113.12 g/mol.
    let ratio = |value: Value| predict_with(&server, name, "uacr", value).json();
    let given = json!({"value": 92.0 * 0.11312, "unit": "mg/mmol"});
    assert!(are_alike(&ratio(json!(92.0)), &ratio(given)));
    let ages = [
        ("age", 30.0, 29.9, "greater than or equal to 30"),
        ("age", 79.0, 79.1, "less than or equal to 79"),
    ];
    assert_bounds(&server, name, &ages);
    assert_refused(&server, name, "sdi_decile", json!(11), "less than or equal to 10");
    assert_refused(&server, name, "sdi_decile", json!(2.5), "whole number");
}

#[test]
fn prevent_answers_the_readmes_row_for_30_years_and_refuses_values_outside_its_ranges() {
    let name = "prevent-30-years";
    let server = serve(name);
    assert_answered(&server, name);
    assert_bounds(&server, name, &PREVENT);
    assert_bounds(&server, name, &[("age", 59.0, 59.1, "less than or equal to 59")]);
}

#[test]
fn the_pooled_cohort_equations_answer_the_readmes_row_and_refuse_values_outside_their_ranges() {
    let name = "pooled-cohort";
    let server = serve(name);
    assert_answered(&server, name);
    let bounds = [
        ("age", 40.0, 39.9, "greater than or equal to 40"),
        ("age", 79.0, 79.1, "less than or equal to 79"),
        ("total_cholesterol", 130.0, 129.9, "greater than or equal to 130"),
        ("hdl_cholesterol", 100.0, 100.1, "less than or equal to 100"),
        ("systolic_pressure", 200.0, 200.1, "less than or equal to 200"),
    ];
    assert_bounds(&server, name, &bounds);
    assert_units(&server, name, &LIPIDS);
    assert_refused(&server, name, "race", json!("unknown"), "'black', 'white' or 'other'");
}

#[test]
fn ckd_epi_answers_the_readmes_row_and_refuses_children() {
    let name = "ckd-epi";
    let server = serve(name);
    assert_answered(&server, name);
    assert_bounds(&server, name, &[("age", 18.0, 17.9, "greater than or equal to 18")]);
    assert_units(&server, name, &[("creatinine", 1.2, 1.2 * 88.4, "umol/L")]);
}

#[test]
fn meld_answers_the_readmes_row_and_takes_values_beyond_its_bounds() {
    let name = "meld";
    let server = serve(name);
    assert_answered(&server, name);
    let units = [("creatinine", 1.2, 1.2 * 88.4, "umol/L"), ("albumin", 2.2, 22.0, "g/L")];
    assert_units(&server, name, &units);
    assert_units(&server, name, &[("bilirubin", 6.0, 6.0 * 17.1, "umol/L")]);
    let score = |sodium: f64| predict_with(&server, name, "sodium", json!(sodium)).json();
    assert_eq!(score(150.0), score(137.0));
    assert_eq!(score(110.0), score(125.0));
    assert_ne!(score(125.0), score(137.0));
}
