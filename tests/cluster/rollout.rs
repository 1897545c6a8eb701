//! More replicas, and another image, under requests.

use crate::harness::{
    Applied, Cluster, Prometheus, QUESTION, eventually, predict, prediction, root, run_in, scratch,
};
use crate::http::Client;
use crate::service::{JOB, UP};
use serde_json::{Value, json};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

pub const IMAGE: &str = "registry.example.org/models/heart:v2.0.0";

#[test]
fn predictions_go_on_while_the_app_scales_and_rolls() {
    let cluster = Cluster::take();
    let applied = cluster.apply("k8s");
    applied.ready(2);
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(UP, 2.0);

    let answered = AtomicU64::new(0);
    send(&applied, &answered, 1000);
    seen(&prometheus, &answered);
    while_predicting(&applied, &answered, || {
        applied.patch(&json!({"replicas": 3}));
        applied.ready(3);
    });
    prometheus.reaches(UP, 3.0);
    send(&applied, &answered, 1000);
    seen(&prometheus, &answered);

    let changed = with_image(IMAGE);
    while_predicting(&applied, &answered, || {
        cluster.kubectl(&["apply", "-k", changed.to_str().unwrap()]);
        applied.ready(2);
        eventually("every pod has the new image", || {
            let pods = applied.objects("api/v1", "pods");
            let new = pods.iter().filter(|pod| pod["spec"]["containers"][0]["image"] == IMAGE);
            (new.count() == 2 && pods.len() == 2).then_some(())
        });
    });
    prometheus.reaches(UP, 2.0);
    send(&applied, &answered, 1000);

    // A pod takes along what it counted after its last scrape, and increase() extrapolates.
    let sent = answered.load(Ordering::Relaxed) as f64;
    let increase = r#"sum(increase(http_requests_total{handler="/predict"}[10m]))"#;
    let increase = eventually("increase() agrees with the requests sent", || {
        let increase = prometheus.value(increase)?;
        ((increase / sent - 1.0).abs() < 0.1).then_some(increase)
    });
    println!("{sent} requests were answered; increase() is {increase:.0}");
}

/// A copy of the manifests with another image, set as the README says.
fn with_image(image: &str) -> PathBuf {
    let folder = scratch("image");
    let copied = Command::new("cp").arg("-r").arg(root().join("k8s")).arg(&folder).status();
    assert!(copied.unwrap().success());
    let component = folder.join("k8s/components/image");
    run_in(&component, "kustomize", &["edit", "set", "image", &format!("model-api={image}")]);
    let edited = fs::read_to_string(component.join("kustomization.yaml")).unwrap();
    assert!(edited.contains("registry.example.org/models/heart"), "{edited}");
    folder.join("k8s")
}

/// Sends requests to all ready pods in turn, as a Service does.
fn send(applied: &Applied<'_>, answered: &AtomicU64, times: usize) {
    let pods = applied.addresses();
    for index in 0..times {
        assert_eq!(predict(pods[index % pods.len()], QUESTION).status, 200);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until Prometheus has every request that was answered.
fn seen(prometheus: &Prometheus, answered: &AtomicU64) {
    let answered = answered.load(Ordering::Relaxed) as f64;
    prometheus.reaches(r#"sum(http_requests_total{handler="/predict"})"#, answered);
}

/// Does something while predictions are asked for, each of which must be answered.
fn while_predicting(applied: &Applied<'_>, answered: &AtomicU64, act: impl FnOnce()) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                predict_somewhere(applied, answered);
                thread::sleep(Duration::from_millis(100));
            }
        });
        // Also if `act` fails.
        let _done = Done(&done);
        act();
    });
}

pub struct Done<'a>(pub &'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A pod may go between the look at the Service's endpoints and the connection: a client tries
/// another.
fn predict_somewhere(applied: &Applied<'_>, answered: &AtomicU64) {
    let connect = |pod: SocketAddr| Some(Client::new(pod, TcpStream::connect(pod).ok()?));
    let client = applied.addresses().into_iter().rev().find_map(connect);
    let response = client.expect("a ready pod can be reached").send(&prediction(QUESTION));
    assert_eq!(response.status, 200);
    answered.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn fields_of_another_manager_stay_when_the_app_changes() {
    let cluster = Cluster::take();
    let applied = cluster.apply("k8s");
    applied.ready(2);
    cluster.apply_as("model-api", "k8s/rollout/deployment.yaml");
    let spec = changed(&applied, &json!({"replicas": 3, "image": IMAGE}));
    let template = &spec["template"]["spec"];
    let container = &template["containers"][0];
    assert_eq!(spec["replicas"], 3);
    assert_eq!(container["lifecycle"]["preStop"]["sleep"]["seconds"], 5);
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(template["topologySpreadConstraints"][0]["maxSkew"], 1);
    assert_eq!(spec["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    applied.ready(3);
}

#[test]
fn replicas_stay_when_an_autoscaler_takes_over() {
    let cluster = Cluster::take();
    let applied = cluster.apply("k8s");
    applied.ready(2);
    cluster.apply_as("autoscaling", "k8s/rollout/replicas.yaml");
    let change = json!({"enableAutoscaling": true, "replicas": null, "image": IMAGE});
    assert_eq!(changed(&applied, &change)["replicas"], 2);
}

/// Changes the app, and returns what its Deployment asks for once the operator has applied the change,
/// which the image shows.
fn changed(applied: &Applied<'_>, change: &Value) -> Value {
    applied.patch(change);
    eventually("the operator has applied the change", || {
        let deployment = applied.object("apis/apps/v1", "deployments", "model-api-service")?;
        let spec = deployment["spec"].clone();
        (spec["template"]["spec"]["containers"][0]["image"] == IMAGE).then_some(spec)
    })
}
