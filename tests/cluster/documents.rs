//! The manifests' documents for people.

use crate::harness::root;
use serde_json::Value;
use std::fs;

#[test]
fn every_alert_has_an_entry_in_the_runbook_and_no_entry_is_without_one() {
    let rules = read("k8s/components/alerts/prometheus-rule.yaml")
        + &read("k8s/components/traefik/prometheus-rule.yaml");
    let runbook = read("docs/runbook.md");
    let mut alerts = after(&rules, "- alert: ");
    alerts.sort_unstable();
    alerts.dedup();
    let mut entries = after(&runbook, "## ModelApi");
    entries.sort_unstable();
    let names: Vec<_> = alerts.iter().map(|alert| alert.trim_start_matches("ModelApi")).collect();
    assert_eq!(names, entries);
    let anchors = after(&rules, "runbook_url: runbook#");
    assert_eq!(anchors.len(), after(&rules, "- alert: ").len());
    for anchor in anchors {
        assert!(alerts.iter().any(|alert| alert.to_lowercase() == anchor), "{anchor}");
    }
}

#[test]
fn alerts_and_dashboard_link_to_the_same_runbook() {
    let rules = read("k8s/components/alerts/prometheus-rule.yaml");
    let dashboard = dashboard();
    let link = dashboard["links"][0]["url"].as_str().unwrap();
    assert_eq!(after(&rules, "model-api/runbook: "), [link]);
    let gateway = read("k8s/components/traefik/prometheus-rule.yaml");
    assert_eq!(after(&gateway, "model-api/runbook: "), [link]);
}

/// What grafana's dashboard-linter asks for, beside what it says of each query.
#[test]
fn the_dashboard_is_filtered_by_namespace_job_and_instance_and_not_edited_by_accident() {
    let dashboard = dashboard();
    assert_eq!(dashboard["editable"], false);
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let names: Vec<_> = variables.map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["datasource", "namespace", "job", "instance"]);
    // Another service's requests in the namespace are none of this one's.
    let job = &dashboard["templating"]["list"][2];
    assert_eq!(job["allValue"], "model-api-service.*");
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let levels = ["bin:", "feature:", "measure:", "model:", "outcome:", "output:"];
            let is_recorded =
                levels.iter().chain(&["job:prediction_failures:"]).any(|name| query.contains(name));
            let is_of_kubernetes = query.contains("container_") || query.contains("kube_");
            for selector in query.split('{').skip(1) {
                let selector = selector.split('}').next().unwrap();
                assert!(selector.contains(r#"namespace=~"$namespace""#), "{query}");
                assert!(selector.contains("$job"), "{query}");
                let by_instance = selector.contains(r#"instance=~"$instance""#);
                assert!(by_instance || is_recorded || is_of_kubernetes, "{query}");
            }
            for range in query.split('[').skip(1) {
                assert!(range.starts_with("$__rate_interval]"), "{query}");
            }
        }
    }
}

/// More of what dashboard-linter asks for.
#[test]
fn every_panel_has_a_description_a_unit_queries_and_the_chosen_data_source() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    for panel in panels.filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["description"].is_string(), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for source in targets.iter().chain([panel]) {
            assert_eq!(source["datasource"]["uid"], "${datasource}", "{title}");
        }
        for target in targets {
            only_rates_of_counters(target["expr"].as_str().unwrap());
        }
    }
    // When the time range changes: a pod may be of another day.
    for variable in &dashboard["templating"]["list"].as_array().unwrap()[1..] {
        assert_eq!(variable["refresh"], 2, "{variable}");
    }
}

fn only_rates_of_counters(query: &str) {
    for (end, _) in query.match_indices("_total{") {
        let before = query[..end].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        assert!(before.ends_with("rate(") || before.ends_with("increase("), "{query}");
    }
}

fn dashboard() -> Value {
    serde_json::from_str(&read("k8s/components/dashboard/model-api.json")).unwrap()
}

#[test]
fn the_dashboards_description_has_every_panel() {
    let dashboard = dashboard();
    let description = read("k8s/components/README.md");
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(description.contains(&format!("| {title} |")) || panel["type"] == "row", "{title}");
    }
}

#[test]
fn every_table_is_by_job_version_and_bin_or_subgroup() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    for target in targets.filter(|target| target["format"] == "table") {
        let query = target["expr"].as_str().unwrap();
        let rows = ["feature, bin", "output, bin", "output, feature, group"];
        let is_by = |rows: &&str| query.contains(&format!("by (job, version, {rows})"));
        assert!(rows.iter().any(is_by), "{query}");
    }
}

#[test]
fn the_versions_of_the_readme_are_those_that_are_tested() {
    let readme = read("k8s/README.md");
    for (row, tools, module) in [
        ("Kubernetes", "kubernetes", "k8s.io/kubernetes"),
        ("spin-operator", "spin-operator", "github.com/spinkube/spin-operator"),
        (
            "Prometheus operator",
            "prometheus-operator",
            "github.com/prometheus-operator/prometheus-operator",
        ),
        ("Prometheus", "prometheus", "github.com/prometheus/prometheus"),
        ("KEDA", "keda", "github.com/kedacore/keda/v2"),
        ("Traefik", "traefik", "github.com/traefik/traefik/v3"),
    ] {
        let modules = read(&format!("tests/cluster/tools/{tools}/go.mod"));
        let required = modules.lines().find_map(|line| {
            let line = line.trim().trim_start_matches("require ");
            line.strip_prefix(module)?.strip_prefix(" v")?.split(' ').next()
        });
        let required = as_released(module, required.unwrap_or_else(|| panic!("{module}")));
        let written = after(&readme, &format!("| {row} | "));
        let written = written[0].split(' ').next().unwrap();
        assert!(required.starts_with(written), "{row}: {written} is written, {required} is tested");
    }
    // The lines name the versions of the table.
    for row in ["spin-operator", "cert-manager", "kube-prometheus-stack", "containerd-shim-spin"] {
        let written = after(&readme, &format!("| {row} | "))[0].split(' ').next().unwrap();
        assert!(readme.matches(written).count() > 1, "{row} {written} is installed by no line");
    }
}

/// Prometheus' module of 3.16.0 is called 0.316.0.
fn as_released(module: &str, version: &str) -> String {
    match (module, version.strip_prefix("0.3")) {
        ("github.com/prometheus/prometheus", Some(minor)) => {
            format!("3.{}", minor.trim_start_matches('0'))
        }
        _ => version.to_owned(),
    }
}

/// The rest of each line that begins with `start`.
pub fn after<'t>(text: &'t str, start: &str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(start)).collect()
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
