//! A new version beside the stable one.

use crate::harness::{Applied, Cluster, Prometheus, eventually, predict};
use crate::manifests::with;
use crate::service::JOB;
use serde_json::json;
use std::net::SocketAddr;

pub const STABLE: &str = "model-api-service";
pub const CANARY: &str = "model-api-service-canary";

#[test]
fn a_canary_is_compared_with_the_stable_version() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "alerts", "canary", "canary-analysis"]));
    let (stable, canary) = (applied.ready(2), one_pod(&applied, CANARY));
    let prometheus = cluster.prometheus(JOB);
    // A pod that answers before it is scraped for the first time has answers that increase() does
    // not see.
    prometheus.reaches(r#"sum(up{job=~"model-api-service(-canary)?"})"#, 3.0);

    // Both get the same patients at first.
    send(&prometheus, stable[0], STABLE, [300, 300]);
    send(&prometheus, canary, CANARY, [150, 150]);
    let difference = r#"max(abs(prediction:model_predictions_beside_stable:difference1h))"#;
    eventually("both are compared", || {
        prometheus.value(difference).filter(|difference| *difference < 0.05)
    });
    assert!(!differs(&prometheus));
    let [alerts, predictions] = analysis(&applied);
    assert_eq!(prometheus.value(&alerts), Some(0.0));
    eventually("an analysis has enough to compare", || {
        prometheus.value(&predictions).filter(|predictions| *predictions >= 200.0)
    });
    let error = "prediction:model_predictions_beside_stable:stderr1h";
    assert!(prometheus.value(error).is_some_and(|error| error > 0.0 && error < 0.1));

    send(&prometheus, canary, CANARY, [300, 0]);
    eventually("the difference is noticed", || differs(&prometheus).then_some(()));
    println!("a difference of {:.2}", prometheus.value(difference).unwrap());
    // It fires after five minutes.
    prometheus.reaches(&alerts.replace("firing", "pending"), 2.0);
}

pub fn one_pod(applied: &Applied<'_>, service: &str) -> SocketAddr {
    eventually(&format!("{service} has a replica"), || {
        applied.addresses_of(service).first().copied()
    })
}

/// The queries of the AnalysisTemplate, with its arguments as they are.
fn analysis(applied: &Applied<'_>) -> [String; 2] {
    let group = "apis/argoproj.io/v1alpha1";
    let template = applied.object(group, "analysistemplates", "model-api-canary").unwrap();
    let spec = &template["spec"];
    [0, 1].map(|metric| {
        let query = spec["metrics"][metric]["provider"]["prometheus"]["query"].as_str().unwrap();
        spec["args"].as_array().unwrap().iter().fold(query.to_owned(), |query, argument| {
            let [name, value] = ["name", "value"].map(|field| argument[field].as_str().unwrap());
            query.replace(&format!("{{{{args.{name}}}}}"), value)
        })
    })
}

/// Sends so many patients of high and of low risk, and waits until each is counted.
fn send(prometheus: &Prometheus, pod: SocketAddr, job: &str, [high, low]: [usize; 2]) {
    let count = format!(r#"sum(model_predictions_total{{job="{job}"}})"#);
    let before = prometheus.value(&count).expect("pods are scraped");
    for (age, times) in [(65, high), (30, low)] {
        let row = json!({"patient_data": {"age": age, "cholesterol": 240}}).to_string();
        for _ in 0..times {
            assert_eq!(predict(pod, &row).status, 200);
        }
    }
    prometheus.reaches(&count, before + (high + low) as f64);
}

/// True if the alert waits, or fires.
fn differs(prometheus: &Prometheus) -> bool {
    !prometheus.query(r#"ALERTS{alertname="ModelApiCanaryDiffers"}"#).is_empty()
}
