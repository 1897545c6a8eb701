//! The rules, without time: promtool's unit tests.

use crate::harness::{Cluster, root, run_in, scratch};
use serde_json::Value;
use std::fs;

#[test]
fn every_alert_fires_when_it_should_and_is_silent_when_it_should_not() {
    let cluster = Cluster::take();
    let rules = cluster.apply("k8s");
    let rules = rules.object("apis/monitoring.coreos.com/v1", "prometheusrules", "model-api-rules");
    let mut rules = rules.unwrap()["spec"].clone();
    let folder = scratch("alerts");
    // JSON is YAML. Windows of a month are evaluated in their own tests alone: in each minute of the others they
    // would take long.
    fs::write(folder.join("outcomes.json"), rules.to_string()).unwrap();
    let groups = rules["groups"].as_array_mut().unwrap();
    let outcomes = groups.iter().position(|group| group["name"] == "model-api-outcomes").unwrap();
    let outcomes = groups.remove(outcomes);
    fs::write(folder.join("annotated.json"), rules.to_string()).unwrap();
    remove_annotations(&mut rules);
    fs::write(folder.join("rules.json"), rules.to_string()).unwrap();
    let mut tested = String::new();
    for name in [
        "availability.yaml",
        "canary.yaml",
        "model.yaml",
        "outcomes.yaml",
        "two_installations.yaml",
    ] {
        let tests = fs::read_to_string(root().join("tests/cluster/alerts").join(name)).unwrap();
        fs::write(folder.join(name), &tests).unwrap();
        println!("{}", run_in(&folder, "promtool", &["test", "rules", name]));
        tested += &tests;
    }
    for group in rules["groups"].as_array().unwrap().iter().chain([&outcomes]) {
        for alert in group["rules"].as_array().unwrap().iter().filter_map(|r| r["alert"].as_str()) {
            let fires = format!("alertname: {alert}\n        exp_alerts:\n");
            let is_silent = format!("alertname: {alert}\n        exp_alerts: []\n");
            assert!(tested.contains(&fires) && tested.contains(&is_silent), "{alert}");
        }
    }
}

#[test]
fn errors_of_the_gateway_are_those_of_the_installation_behind_it() {
    let cluster = Cluster::take();
    let file = "k8s/components/traefik/prometheus-rule.yaml";
    let printed = cluster.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", file]);
    let mut rule: Value = serde_json::from_str(&printed).unwrap();
    assert!(rule["spec"]["groups"][0]["rules"][1]["annotations"].is_object());
    remove_annotations(&mut rule["spec"]);
    let folder = scratch("gateway-alerts");
    fs::write(folder.join("gateway.json"), rule["spec"].to_string()).unwrap();
    let tests = root().join("tests/cluster/alerts/gateway.yaml");
    fs::copy(tests, folder.join("gateway.yaml")).unwrap();
    println!("{}", run_in(&folder, "promtool", &["test", "rules", "gateway.yaml"]));
}

#[test]
fn nobody_is_called_in_a_day_of_ordinary_life() {
    let cluster = Cluster::take();
    let folder = scratch("ordinary-day");
    for (component, rules) in [("alerts", "rules.json"), ("traefik", "gateway.json")] {
        let file = format!("k8s/components/{component}/prometheus-rule.yaml");
        let printed = cluster.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", &file]);
        let rule: Value = serde_json::from_str(&printed).unwrap();
        fs::write(folder.join(rules), rule["spec"].to_string()).unwrap();
    }
    let tests = root().join("tests/cluster/alerts/ordinary_day.yaml");
    fs::copy(tests, folder.join("ordinary_day.yaml")).unwrap();
    println!("{}", run_in(&folder, "promtool", &["test", "rules", "ordinary_day.yaml"]));
}

/// Leaves out what is there for people. promtool compares it too, where it is: a file of tests has all of
/// it, or does without.
fn remove_annotations(rules: &mut Value) {
    for group in rules["groups"].as_array_mut().unwrap() {
        for rule in group["rules"].as_array_mut().unwrap() {
            rule.as_object_mut().unwrap().remove("annotations");
        }
    }
}
