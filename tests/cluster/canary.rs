//! A new version beside the stable one.

use crate::documents::{after, read};
use crate::harness::{Applied, Cluster, Prometheus, eventually, predict};
use crate::manifests::with;
use crate::service::JOB;
use serde_json::{Value, json};
use std::net::SocketAddr;

pub const STABLE: &str = "model-api-service";
pub const CANARY: &str = "model-api-service-canary";

#[test]
fn a_canary_is_compared_with_the_stable_version() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "alerts", "canary"]));
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
    let query = hours_look();
    eventually("an hour's look has enough to compare", || {
        let printed = prometheus.query(&query);
        let ours = printed.iter().find(|result| result["metric"]["job"] == CANARY)?;
        let answers: f64 = ours["value"][1].as_str()?.parse().unwrap();
        (answers >= 200.0).then_some(())
    });
    let error = "prediction:model_predictions_beside_stable:stderr1h";
    assert!(prometheus.value(error).is_some_and(|error| error > 0.0 && error < 0.1));

    send(&prometheus, canary, CANARY, [300, 0]);
    eventually("the difference is noticed", || differs(&prometheus).then_some(()));
    println!("a difference of {:.2}", prometheus.value(difference).unwrap());
    // It fires after five minutes.
    eventually("an hour's look has the alert", || {
        let printed = prometheus.query(&query.replace("firing", "pending"));
        let is_ours = |result: &Value| result["metric"]["alertname"] == "ModelApiCanaryDiffers";
        printed.iter().any(is_ours).then_some(())
    });
}

pub fn one_pod(applied: &Applied<'_>, service: &str) -> SocketAddr {
    eventually(&format!("{service} has a replica"), || {
        applied.addresses_of(service).first().copied()
    })
}

/// The query of docs/canary.md.
fn hours_look() -> String {
    let document = read("docs/canary.md");
    after(&document, "ask='")[0].trim_end_matches('\'').to_owned()
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
