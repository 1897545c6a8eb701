//! The manifests' documents for people.

use crate::harness::root;
use serde_json::Value;
use std::fs;

#[test]
fn every_alert_has_an_entry_in_the_runbook_and_no_entry_is_without_one() {
    let rules = read("k8s/components/alerts/prometheus-rule.yaml");
    let runbook = read("docs/runbook.md");
    let mut alerts = after(&rules, "- alert: ");
    alerts.sort_unstable();
    alerts.dedup();
    let mut entries = after(&runbook, "## ModelApi");
    entries.sort_unstable();
    let names: Vec<_> = alerts.iter().map(|alert| alert.trim_start_matches("ModelApi")).collect();
    assert_eq!(names, entries);
    for url in after(&rules, "runbook_url: ") {
        let anchor =
            url.strip_prefix("https://github.com/model-api/model-api/blob/main/docs/runbook.md#");
        let anchor = anchor.unwrap_or_else(|| panic!("{url} is not the runbook"));
        assert!(alerts.iter().any(|alert| alert.to_lowercase() == anchor), "{url}");
    }
}

#[test]
fn the_dashboards_description_has_every_panel() {
    let dashboard: Value =
        serde_json::from_str(&read("k8s/components/dashboard/model-api.json")).unwrap();
    let description = read("k8s/components/dashboard/README.md");
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(description.contains(&format!("| {title} |")) || panel["type"] == "row", "{title}");
    }
}

#[test]
fn every_table_is_by_feature_and_bin() {
    let dashboard = read("k8s/components/dashboard/model-api.json");
    let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    for target in targets.filter(|target| target["format"] == "table") {
        let query = target["expr"].as_str().unwrap();
        assert!(query.contains("by (feature, bin)"), "{query}");
    }
}

/// The rest of each line that begins with `start`.
pub fn after<'t>(text: &'t str, start: &str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(start)).collect()
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
