//! `/model-card`, as JSON and as XML.

use super::{serve, serve_model};
use crate::support::http::{Request, Response};
use crate::support::server::TestServer;
use serde_json::{Value, json};

fn card(server: &TestServer, accept: &str) -> Response {
    let response = server.send(&Request::get("/model-card").header("accept", accept));
    assert_eq!(response.status, 200, "{}", response.text());
    response
}

#[test]
fn the_card_has_the_31_source_attributes_in_their_order() {
    let card = card(&serve(), "*/*").json();
    let attributes = card["attributes"].as_array().unwrap();
    let numbers: Vec<_> = attributes.iter().filter_map(|one| one["number"].as_u64()).collect();
    assert_eq!(numbers, (1..=31).collect::<Vec<_>>());
    let named = |key: &str| attributes.iter().find(|one| one["attribute"] == key).unwrap();
    // Stated by the model, taken from its description, and not stated.
    assert_eq!(named("decision-role")["statement"], "None. Do not decide anything by it.");
    let limits = json!("Not a medical device. Do not decide anything by it.");
    assert_eq!(
        (&named("known-risks")["statement"], &named("known-risks")["number"]),
        (&limits, &json!(10))
    );
    let funding = named("funding");
    assert_eq!((&funding["stated"], &funding["statement"]), (&json!(false), &json!("Not stated.")));
    // CHAI's own have no number.
    assert_eq!(named("keywords")["number"], Value::Null);
}

#[test]
fn the_card_has_the_features_and_outputs_in_words() {
    let card = card(&serve_model("triage"), "application/json").json();
    let attributes = card["attributes"].as_array().unwrap();
    let types = attributes.iter().find(|one| one["attribute"] == "data-types").unwrap();
    let expected = "Inputs: beats (0 to 300 /min), temperature (up to 45 Cel), arrival (one of on \
                    foot, ambulance), conscious (true or false). Outputs: urgency (one of calm, \
                    urgent), wait (number).";
    assert_eq!(types["statement"], expected);
}

#[test]
fn the_card_is_chais_xml_if_the_client_prefers_it() {
    let server = serve();
    let response = card(&server, "application/xml, application/json;q=0.5");
    assert_eq!(response.header("content-type"), Some("application/xml"));
    assert!(response.header("vary").is_some_and(|names| names.contains("accept")));
    let xml = response.text();
    for part in [
        "<AppliedModelCard xmlns=\"https://mc.chai.org/v0.2/schema.xsd\"><BasicInfo>",
        "<ModelName>heart-risk-demo</ModelName>",
        "<FundingSource>Not stated.</FundingSource>",
        "<OutputAndInputDataTypes>Inputs: age (0 to 130 a), cholesterol (0 to 2000 mg/dL). ",
        "<ValueJson>\"Not stated.\"</ValueJson>",
    ] {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }
    // What the schema allows to be left out is left out.
    assert!(!xml.contains("RegulatoryApproval"), "{xml}");
    assert_eq!(card(&server, "text/xml").header("content-type"), Some("application/xml"));
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for accept in
        ["", "*/*", "application/json", "application/xml;q=0.1, application/json", browser]
    {
        assert_eq!(card(&server, accept).header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_model_without_statements_has_a_card_of_its_description() {
    let card = card(&serve_model("wide"), "application/json").json();
    let stated = card["attributes"].as_array().unwrap().iter().filter(|one| one["stated"] == true);
    let stated: Vec<_> = stated.map(|one| one["attribute"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stated, ["output", "data-types"]);
}

#[test]
fn the_card_has_the_performance_with_its_people_and_subgroups() {
    let outcome = |server: &TestServer| card(server, "application/json").json()["outcome"].clone();
    assert_eq!(outcome(&serve()), Value::Null);
    let server = serve_model("triage");
    let outcome = outcome(&server);
    assert_eq!(outcome["truth"], "What a nurse says after an hour.");
    assert_eq!((&outcome["horizon_days"], &outcome["versions"]), (&json!(1), &json!(["1"])));
    let expected = json!({
        "output": "urgency", "measure": "specificity", "class": "urgent", "feature": "arrival",
        "group": "ambulance", "value": 0.5, "people": 20,
    });
    assert_eq!(outcome["performance"][2], expected);
    let expected = json!({"output": "urgency", "upper": 0.5, "expected": 0.25, "observed": 0.5, "people": 120});
    assert_eq!(outcome["calibration"][0], expected);
    let about = server.get("/openapi.json").json()["info"]["description"].clone();
    let sentence = "**Performance:** accuracy of urgency 0.9 (200 people), sensitivity for \
                    \"urgent\" of urgency 0.75 (40 people), mean absolute error of wait 12.5 (200 \
                    people). Made up. It";
    assert!(about.as_str().unwrap().contains(sentence), "{about}");
}
