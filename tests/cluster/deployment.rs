//! The service on a cluster without SpinKube.

use crate::harness::{Cluster, predict_as_ever, root};
use crate::manifests::{budget_and_policy_select_every_pod, rendered};
use crate::service::UP;

const JOB: &str = "serviceMonitor/model-api/model-api-servicemonitor";

#[test]
fn a_deployment_with_restricted_pods_answers_as_ever_and_is_scraped() {
    let cluster = Cluster::take();
    let overlay = root().join("k8s/overlays/deployment");
    let rendered = rendered(&cluster, &overlay);
    assert!(!rendered.contains("apiVersion: core.spinkube.dev"), "{rendered}");
    let applied = cluster.apply(overlay);
    let namespace = cluster.api.find("/api/v1/namespaces/model-api").expect("it was applied");
    let level = &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
    // The API server refuses pods with more rights.
    assert_eq!(level, "restricted");

    let pods = applied.ready(2);
    budget_and_policy_select_every_pod(&applied);
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(UP, 2.0);
    pods.into_iter().for_each(predict_as_ever);
    prometheus.reaches(r#"sum(http_requests_total{handler="/predict"})"#, 2.0);
    prometheus.reaches(r#"sum(model_predictions_total{job="model-api-service"})"#, 2.0);
}
