//! `kubectl apply -k k8s/`, and what an operator then sees.

use crate::documents::{after, read};
use crate::harness::{
    Applied, Cluster, Prometheus, QUESTION, eventually, predict, predict_as_ever, tool,
};
use crate::http::{Client, Request};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;

pub const JOB: &str = "serviceMonitor/default/model-api-servicemonitor";
pub const UP: &str = r#"sum(up{job="model-api-service"})"#;

#[test]
fn two_replicas_predict_prometheus_counts_every_request_and_deleting_leaves_nothing() {
    let cluster = Cluster::take();
    let before = cluster.things("default");
    let applied = cluster.apply("k8s");
    let pods = applied.ready(2);
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(UP, 2.0);
    for _ in 0..150 {
        for pod in &pods {
            predict_as_ever(*pod);
        }
    }
    // The first replica gets more, and some that is refused.
    for body in [QUESTION, "{}", "[", QUESTION, r#"{"patient_data": {"age": "old"}}"#] {
        predict(pods[0], body);
    }
    prometheus.reaches(r#"sum(http_requests_total{handler="/predict"})"#, 305.0);
    prometheus.reaches(r#"sum(http_requests_total{handler="/predict",status="4xx"})"#, 3.0);
    prometheus.reaches("sum(model_predictions_total)", 302.0);
    prometheus
        .reaches(r#"count(count by (pod) (http_requests_total{job="model-api-service"}))"#, 2.0);

    for path in ["/metrics", "/.well-known/model-api/metrics"] {
        check_metrics(Client::connect(pods[0]).send(&Request::get(path)).text());
    }

    assert!(
        cluster.things("default").len() >= before.len() + 10,
        "{:?}",
        cluster.things("default")
    );
    drop(applied);
    eventually("nothing is left", || cluster.things("default").is_subset(&before).then_some(()));
}

#[test]
fn every_panel_and_every_rule_has_data_and_a_shift_of_the_inputs_is_an_alert() {
    let cluster = Cluster::take();
    let applied = cluster.apply("k8s");
    let pods = applied.ready(2);
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(UP, 2.0);

    send_reference(&pods);
    predict(pods[0], "{}");
    eventually("the drift is known", || {
        let counted = prometheus.value(r#"sum(model_feature_bin_total{feature="age"})"#)?;
        let index = prometheus.value(r#"feature:model_feature_psi:1h{feature="age"}"#)?;
        (counted >= 400.0 && index < 0.1).then_some(())
    });
    every_rule_evaluates(&prometheus, &pods, &applied);
    every_panel_has_data(&prometheus, &pods, &applied);
    assert!(drifted(&prometheus).is_none(), "nothing has shifted yet");

    send_shifted(&pods);
    let alert = eventually("the drift is an alert", || drifted(&prometheus));
    let text = alert["annotations"]["description"].as_str().unwrap();
    assert!(text.starts_with("The population stability index of age of "), "{text}");
    println!("{text}");
}

/// Rows that are spread as the model's reference is.
fn send_reference(pods: &[SocketAddr]) {
    let ages = [(25, 10), (40, 20), (55, 30), (70, 30), (80, 10)];
    let mut cholesterol = [(150, 18), (180, 32), (220, 27), (260, 13)]
        .map(|(n, times)| vec![json!(n); times])
        .concat();
    cholesterol.resize(100, Value::Null);
    // 37 and 100 have no common divisor: every age meets every cholesterol.
    let ages = ages.map(|(age, times)| vec![age; times]).concat();
    let row = |index: usize| match &cholesterol[index * 37 % 100] {
        Value::Null => json!({"age": ages[index]}),
        cholesterol => json!({"age": ages[index], "cholesterol": cholesterol}),
    };
    send_rows(pods, &(0..100).map(row).collect::<Vec<_>>(), 100);
}

fn send_shifted(pods: &[SocketAddr]) {
    send_rows(pods, &vec![json!({"age": 90, "cholesterol": 220}); 100], 300);
}

fn send_rows(pods: &[SocketAddr], rows: &[Value], times: usize) {
    let body = json!({"instances": rows}).to_string();
    for index in 0..times {
        assert_eq!(predict(pods[index % pods.len()], &body).status, 200);
    }
}

/// The alert of the age's drift, if it fires.
fn drifted(prometheus: &Prometheus) -> Option<Value> {
    let alerts = prometheus.get("alerts")["alerts"].as_array()?.clone();
    alerts.into_iter().find(|alert| {
        alert["labels"]["alertname"] == "ModelApiFeatureDrift"
            && alert["labels"]["feature"] == "age"
            && alert["state"] == "firing"
    })
}

fn every_rule_evaluates(prometheus: &Prometheus, pods: &[SocketAddr], applied: &Applied<'_>) {
    let manifest =
        applied.object("apis/monitoring.coreos.com/v1", "prometheusrules", "model-api-rules");
    let mut groups = manifest.unwrap()["spec"]["groups"].clone();
    let loaded = rules(&prometheus.get("rules")["groups"]);
    assert_eq!(rules(&groups).len(), loaded.len());
    eventually("every rule was evaluated", || {
        let loaded = rules(&prometheus.get("rules")["groups"]);
        let failed = loaded.iter().find(|rule| rule["health"] == "err");
        assert_eq!(failed, None);
        loaded.iter().all(|rule| rule["health"] == "ok").then_some(())
    });
    // There is no canary here: its rules find data in `canary`. Nobody posts outcomes: promtool's tests have the
    // labels of their families, and `service::outcomes` their names.
    let elsewhere = ["model-api-canary", "model-api-outcomes"];
    let is_here = |group: &Value| !elsewhere.iter().any(|name| group["name"] == *name);
    groups.as_array_mut().unwrap().retain(is_here);
    let written = rules(&groups);
    let recorded: BTreeSet<_> = written.iter().filter_map(|rule| rule["record"].as_str()).collect();
    for rule in &written {
        every_selector_finds_series(prometheus, rule["expr"].as_str().unwrap());
    }
    for record in recorded {
        eventually(&format!("{record} has data"), || {
            // A histogram appears with its first values, which increase() does not see.
            predict_as_ever(pods[0]);
            has_number(&prometheus.query(record)).then_some(())
        });
    }
}

fn rules(groups: &Value) -> Vec<Value> {
    let groups = groups.as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// An alert that is silent because it asks for what nobody exports would be silent for ever.
fn every_selector_finds_series(prometheus: &Prometheus, query: &str) {
    let mut selectors = BTreeSet::new();
    collect_selectors(&prometheus.parse(query), &mut selectors);
    assert!(!selectors.is_empty() || query.contains("kube_"), "{query}");
    for selector in selectors {
        eventually(&format!("{selector} finds series, for {query}"), || {
            (!prometheus.query(&selector).is_empty()).then_some(())
        });
    }
}

fn collect_selectors(tree: &Value, selectors: &mut BTreeSet<String>) {
    if let (Some(name), Some(matchers)) = (tree["name"].as_str(), tree["matchers"].as_array()) {
        let labels = matchers.iter().filter(|matcher| matcher["name"] != "__name__");
        let labels = labels.map(|matcher| {
            let [label, kind] = ["name", "type"].map(|field| matcher[field].as_str().unwrap());
            format!("{label}{kind}{}", matcher["value"])
        });
        // There is no kube-state-metrics here.
        if !name.starts_with("kube_") {
            selectors.insert(format!("{name}{{{}}}", labels.collect::<Vec<_>>().join(",")));
        }
    }
    let children = tree.as_object().into_iter().flat_map(|map| map.values());
    for child in children.chain(tree.as_array().into_iter().flatten()) {
        collect_selectors(child, selectors);
    }
}

fn every_panel_has_data(prometheus: &Prometheus, pods: &[SocketAddr], applied: &Applied<'_>) {
    let query = |(title, target): (String, Value)| {
        (title, filled_in(target["expr"].as_str().unwrap(), "model-api-service"))
    };
    let mut queries: Vec<_> = targets(applied).into_iter().map(query).collect();
    // The blueprint's own panel asked for `rate(http_requests_total{job="model-api-service"}[1m])`.
    let filters = r#"namespace=~"default",job=~"model-api-service",instance=~".+""#;
    let of_the_blueprint = format!("rate(http_requests_total{{{filters}}}[1m])");
    assert!(queries.iter().any(|(_, query)| *query == of_the_blueprint));
    // What KEDA asks this Prometheus.
    let trigger = read("k8s/components/autoscaling/scaled-object.yaml");
    queries.push(("KEDA".to_owned(), after(&trigger, "query: ")[0].to_owned()));
    for (title, query) in queries {
        // There is no kubelet here that measures containers, and no kube-state-metrics. The default
        // model states no shares of contributions.
        let nowhere = ["container_", "kube_", "_contribution_reference_ratio"];
        if nowhere.iter().any(|family| query.contains(family)) || is_of_outcomes(&query) {
            prometheus.query(&query);
            continue;
        }
        eventually(&format!("{title} has data: {query}"), || {
            predict_as_ever(pods[0]);
            predict(pods[1], "{}");
            predict(pods[1], r#"{"patient_data": {"age": 65}, "explain": true}"#);
            has_number(&prometheus.query(&query)).then_some(())
        });
    }
}

/// The targets of the dashboard's panels, each with its panel's title.
pub fn targets(applied: &Applied<'_>) -> Vec<(String, Value)> {
    let map = applied.object("api/v1", "configmaps", "model-api-dashboard").unwrap();
    let dashboard = map["data"]["model-api.json"].as_str().unwrap();
    let dashboard: Value = serde_json::from_str(dashboard).unwrap();
    let mut targets = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            targets.push((panel["title"].as_str().unwrap().to_owned(), target.clone()));
        }
    }
    targets
}

/// True for a query of outcomes: nobody posts any here.
pub fn is_of_outcomes(query: &str) -> bool {
    let families = [
        "_outcome",
        "measure:",
        "output:model_calibration",
        "bin:model_calibration",
        "model_reference_",
    ];
    families.iter().any(|family| query.contains(family))
}

/// A panel's query with the values that a person chooses.
pub fn filled_in(query: &str, job: &str) -> String {
    let mut query = query.to_owned();
    for (variable, value) in
        [("$__rate_interval", "1m"), ("$namespace", "default"), ("$job", job), ("$instance", ".+")]
    {
        query = query.replace(variable, value);
    }
    query
}

pub fn has_number(results: &[Value]) -> bool {
    let is_number = |result: &Value| result["value"][1].as_str().is_some_and(|text| text != "NaN");
    results.iter().any(is_number)
}

/// Checks that a pod's metrics are as Prometheus wants them.
fn check_metrics(exposition: &str) {
    let mut promtool = tool("promtool");
    let piped = promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = piped.spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(exposition.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
}
