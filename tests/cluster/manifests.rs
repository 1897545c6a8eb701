//! Every kustomization that the READMEs name: accepted by the API server as it is and without a
//! warning, and understood by the operators.

use crate::canary::{CANARY, STABLE, one_pod};
use crate::harness::{Applied, Cluster, eventually, root, scratch};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const MONITORING: &str = "apis/monitoring.coreos.com/v1";
const SPIN: &str = "apis/core.spinkube.dev/v1alpha1";

/// The base with these components, as somebody's own overlay.
pub fn with(components: &[&str]) -> PathBuf {
    overlay("base", components)
}

/// The same with a Deployment in place of the SpinApp.
pub fn deployed_with(components: &[&str]) -> PathBuf {
    overlay("deployment", components)
}

fn overlay(resource: &str, components: &[&str]) -> PathBuf {
    let folder = scratch("overlay");
    let mut text = format!("resources:\n  - ../../../../k8s/{resource}\ncomponents:\n");
    for component in components {
        text += &format!("  - ../../../../k8s/components/{component}\n");
    }
    fs::write(folder.join("kustomization.yaml"), text).unwrap();
    folder
}

/// The objects of an overlay, as YAML.
pub fn rendered(cluster: &Cluster, overlay: &Path) -> String {
    cluster.kubectl(&["kustomize", overlay.to_str().unwrap()])
}

/// A dry run on the server, and then in earnest.
fn apply<'c>(cluster: &'c Cluster, kustomization: &PathBuf) -> Applied<'c> {
    let path = kustomization.to_str().unwrap();
    cluster.kubectl(&["apply", "--dry-run=server", "-k", path]);
    cluster.apply(kustomization)
}

fn app(applied: &Applied<'_>) -> Value {
    applied.object(SPIN, "spinapps", "model-api-service").expect("there is a SpinApp")
}

/// Waits for the Deployment that the operator makes.
fn deployment(applied: &Applied<'_>) -> Value {
    eventually("there is a Deployment", || {
        applied.object("apis/apps/v1", "deployments", "model-api-service")
    })
}

/// The components that do not mind what else is there.
const PLAIN: [&str; 5] = ["image", "alerts", "dashboard", "autoscaling", "protection"];
/// An overlay has one of them, and `traefik` after it.
const ROUTES: [&str; 4] = ["http-route", "canary", "shadow", "traefik/shadow"];

#[test]
fn every_order_of_components_makes_the_same_objects() {
    let cluster = Cluster::take();
    let render = |components: &[&str]| rendered(&cluster, &with(components));
    for route in ROUTES {
        let mut components = [&PLAIN[..], &[route]].concat();
        let objects = render(&[&components[..], &["traefik"]].concat());
        // Each is first once, and last but for Traefik's once.
        for _ in 0..components.len() {
            components.rotate_left(1);
            assert_eq!(render(&[&components[..], &["traefik"]].concat()), objects);
            let reversed: Vec<_> = components.iter().rev().copied().chain(["traefik"]).collect();
            assert_eq!(render(&reversed), objects);
        }
        assert!(objects.contains("model-api-retry"), "{objects}");
        assert!(!objects.contains("RequestMirror"), "Traefik has none");
    }
    // Alone.
    for component in PLAIN.iter().chain(&ROUTES).chain(&["traefik"]) {
        assert!(render(&[component]).contains("kind: SpinApp"), "{component}");
    }
}

#[test]
fn a_deployment_takes_the_components_of_a_spin_app() {
    let cluster = Cluster::take();
    for route in ["http-route", "canary/deployment"] {
        let components = [&PLAIN[..], &[route, "traefik"]].concat();
        let objects = rendered(&cluster, &deployed_with(&components));
        assert!(!objects.contains("kind: SpinApp"), "{objects}");
        assert!(!objects.contains("image: model-api"), "an image has no registry: {objects}");
        assert!(!objects.contains("replicas: 2"), "the replicas are the autoscaler's: {objects}");
        assert_eq!(objects.contains("replicas: 1"), route != "http-route", "{objects}");
    }
}

#[test]
fn the_query_of_the_autoscaler_is_of_the_overlays_namespace() {
    let cluster = Cluster::take();
    let folder = with(&["autoscaling"]);
    let file = folder.join("kustomization.yaml");
    let mut text = fs::read_to_string(&file).unwrap();
    text +=
        "namespace: team-x\ntransformers:\n  - ../../../../k8s/components/autoscaling/namespace\n";
    fs::write(file, text).unwrap();
    let rendered = rendered(&cluster, &folder);
    assert!(rendered.contains(r#"{namespace="team-x",job="model-api-service","#), "{rendered}");
}

#[test]
fn the_plain_kustomization_makes_the_blueprints_resources() {
    let cluster = Cluster::take();
    let applied = apply(&cluster, &root().join("k8s"));
    let deployment = deployment(&applied);
    assert_eq!(deployment["spec"]["replicas"], 2);
    let template = &deployment["spec"]["template"]["spec"];
    assert_eq!(template["runtimeClassName"], "wasmtime-spin-v2");
    let image = template["containers"][0]["image"].as_str().unwrap();
    assert!(image.ends_with("/model-api:v0.1.0"), "{image}");
    let service = eventually("there is a Service", || {
        applied.object("api/v1", "services", "model-api-service")
    });
    assert_eq!(service["spec"]["ports"][0]["port"], 80);
    let monitor =
        applied.object(MONITORING, "servicemonitors", "model-api-servicemonitor").unwrap();
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    assert_eq!(monitor["spec"]["endpoints"][0]["interval"], "15s");
    let dashboard = applied.object("api/v1", "configmaps", "model-api-dashboard").unwrap();
    assert_eq!(dashboard["metadata"]["labels"]["grafana_dashboard"], "1");
    assert!(runtime_config(&cluster, &deployment).contains("type = 'spin'"));
}

#[test]
fn the_local_overlay_shows_something_after_a_few_requests() {
    let cluster = Cluster::take();
    let applied = apply(&cluster, &root().join("k8s/overlays/local"));
    let deployment = deployment(&applied);
    assert_eq!(deployment["spec"]["replicas"], 1);
    let environment = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    let has = |name: &str, value: &str| {
        let mut variables = environment.as_array().unwrap().iter();
        variables.any(|variable| variable["name"] == name && variable["value"] == value)
    };
    assert!(has("SPIN_VARIABLE_LOG_REQUESTS", "true"), "{environment}");
    assert!(has("SPIN_VARIABLE_DRIFT_SAMPLE_INTERVAL", "1"), "{environment}");
}

#[test]
fn the_production_overlay_is_complete_in_a_namespace_of_its_own() {
    let cluster = Cluster::take();
    // From nothing: neither the namespace nor its executor is there. So no dry run, which makes
    // neither of them for what follows.
    let applied = cluster.apply(root().join("k8s/overlays/production"));
    deployment(&applied);
    scales_by_query(&applied);
    budget_and_policy_select_every_pod(&applied);
    assert!(applied.object(MONITORING, "prometheusrules", "model-api-rules").is_some());
}

#[test]
fn an_overlay_names_its_image_and_the_release_in_one_place_each() {
    let cluster = Cluster::take();
    let folder = with(&["alerts", "dashboard"]);
    let file = folder.join("kustomization.yaml");
    let mut text = fs::read_to_string(&file).unwrap();
    text +=
        "images:\n  - name: model-api\n    newName: registry.example.org/mine\n    newTag: v3\n";
    text += "labels:\n  - pairs:\n      release: monitoring\n";
    fs::write(file, text).unwrap();
    let rendered = rendered(&cluster, &folder);
    assert!(rendered.contains("  image: registry.example.org/mine:v3\n"), "{rendered}");
    let labels = rendered.matches("\n    release: monitoring\n").count();
    let objects =
        rendered.matches("\nkind: ").count() + usize::from(rendered.starts_with("kind: "));
    assert_eq!(labels, objects, "{rendered}");
    assert!(!rendered.contains("release: prometheus"), "{rendered}");
}

#[test]
fn resources_from_before_the_installation_are_left_alone() {
    let cluster = Cluster::take();
    let printed = cluster.kubectl(&["apply", "-k", "k8s/platform"]);
    assert_eq!(printed.lines().filter(|line| line.ends_with("unchanged")).count(), 2, "{printed}");
}

#[test]
fn keda_scales_by_a_query_with_data() {
    let cluster = Cluster::take();
    let applied = apply(&cluster, &with(&["alerts", "autoscaling"]));
    deployment(&applied);
    scales_by_query(&applied);
}

#[test]
fn alerts_and_dashboard_go_with_the_base() {
    let cluster = Cluster::take();
    let applied = apply(&cluster, &with(&["alerts", "dashboard", "http-route", "traefik"]));
    assert!(applied.object(MONITORING, "prometheusrules", "model-api-rules").is_some());
    let gateway = applied.object(MONITORING, "prometheusrules", "model-api-gateway-rules").unwrap();
    let alert = &gateway["spec"]["groups"][0]["rules"][1]["annotations"]["runbook_url"];
    assert!(alert.as_str().unwrap().starts_with("https://"), "{alert}");
    assert!(applied.object("api/v1", "configmaps", "model-api-dashboard").is_some());
}

#[test]
fn budgets_and_policy_select_the_pods_of_the_app_and_of_a_canary() {
    let cluster = Cluster::take();
    let applied = apply(&cluster, &with(&["protection", "canary"]));
    applied.ready(2);
    one_pod(&applied, CANARY);
    budget_and_policy_select_every_pod(&applied);
    let budgets = "poddisruptionbudgets";
    for (app, pods) in [(STABLE, 2), (CANARY, 1)] {
        eventually(&format!("the budget of {app} counts its pods"), || {
            let budget = applied.object("apis/policy/v1", budgets, app)?;
            (budget["status"]["expectedPods"] == pods).then_some(())
        });
    }
}

#[test]
fn on_wasmcloud_one_target_has_the_counters_of_all_hosts() {
    let cluster = Cluster::take();
    define_workloads(&cluster);
    let applied = apply(&cluster, &root().join("k8s/wasmcloud"));
    let workload =
        applied.object("apis/runtime.wasmcloud.dev/v1alpha1", "workloaddeployments", "model-api");
    let spec = workload.unwrap()["spec"]["template"]["spec"].clone();
    for component in spec["components"].as_array().unwrap() {
        let image = component["image"].as_str().unwrap();
        assert!(image.starts_with("registry.example.com/model-api/"), "{image}");
    }
    let name = spec["kubernetes"]["service"]["name"].as_str().unwrap();
    let service = applied.object("api/v1", "services", name).unwrap()["spec"].clone();
    assert_eq!(
        (&service["ports"][0]["name"], &service["selector"]),
        (&"http".into(), &Value::Null)
    );
    assert!(applied.object(MONITORING, "prometheusrules", "model-api-rules").is_some());
    let prometheus = cluster.prometheus("model-api-scrapeconfig");
    // Nothing answers: in this cluster a Service has no name, and no host.
    prometheus.reaches(r#"count(up{job="model-api-service"})"#, 1.0);
}

/// The custom resource of wasmCloud's operator, without its schema. The operator is not run: what
/// it makes of the resource is tested on wasmCloud's hosts, in tests/suites/wasmcloud.
fn define_workloads(cluster: &Cluster) {
    let group = "runtime.wasmcloud.dev";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("workloaddeployments.{group}")},
        "spec": {
            "group": group,
            "names": {"kind": "WorkloadDeployment", "plural": "workloaddeployments"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                }},
            }],
        },
    });
    let file = scratch("wasmcloud").join("definition.json");
    fs::write(&file, definition.to_string()).unwrap();
    cluster.kubectl(&["apply", "-f", file.to_str().unwrap()]);
    cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
}

fn scales_by_query(applied: &Applied<'_>) {
    replicas_are_the_autoscalers(applied);
    let object = applied.object("apis/keda.sh/v1alpha1", "scaledobjects", "model-api-service");
    let object = object.unwrap();
    let target = object["spec"]["scaleTargetRef"]["name"].as_str().unwrap();
    assert!(applied.object("apis/apps/v1", "deployments", target).is_some(), "{target}");
    // Another installation's requests are no reason for more replicas of this one.
    let query = object["spec"]["triggers"][0]["metadata"]["query"].as_str().unwrap();
    let namespace = object["metadata"]["namespace"].as_str().unwrap();
    assert!(query.contains(&format!("namespace={namespace:?}")), "{query}");
    // Spin answers 120 a second on the CPU that a replica requests: more would never be asked of it.
    let threshold = object["spec"]["triggers"][0]["metadata"]["threshold"].as_str().unwrap();
    assert!(threshold.parse::<u32>().unwrap() < 120, "{threshold}");
}

fn replicas_are_the_autoscalers(applied: &Applied<'_>) {
    let spec = app(applied)["spec"].clone();
    assert_eq!((&spec["enableAutoscaling"], &spec["replicas"]), (&true.into(), &Value::Null));
    // What an autoscaler does. The operator counts them, and leaves them.
    applied.scale(4);
    applied.ready(4);
    assert_eq!(deployment(applied)["spec"]["replicas"], 4);
}

pub fn budget_and_policy_select_every_pod(applied: &Applied<'_>) {
    let pods = eventually("there are pods", || {
        let pods = applied.objects("api/v1", "pods");
        (!pods.is_empty()).then_some(pods)
    });
    let policy =
        applied.object("apis/networking.k8s.io/v1", "networkpolicies", "model-api-service");
    let policy = policy.unwrap()["spec"].clone();
    let selected = &policy["podSelector"]["matchExpressions"][0];
    let label = selected["key"].as_str().unwrap();
    let apps = selected["values"].as_array().unwrap();
    let port = &policy["ingress"][0]["ports"][0]["port"];
    for pod in &pods {
        assert!(apps.contains(&pod["metadata"]["labels"][label]), "{}", pod["metadata"]["labels"]);
        assert_eq!(&pod["spec"]["containers"][0]["ports"][0]["name"], port);
    }
    eventually("the budget counts the pods", || {
        let budgets = "poddisruptionbudgets";
        let budget = applied.object("apis/policy/v1", budgets, "model-api-service")?;
        (budget["status"]["expectedPods"].as_u64()? >= 1).then_some(())
    });
}

/// Reads the configuration that the operator writes for Spin, in the Secret that the pods mount.
fn runtime_config(cluster: &Cluster, deployment: &Value) -> String {
    let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array().unwrap();
    let secret = volumes.iter().find(|volume| volume["name"] == "spin-runtime-config").unwrap();
    let secret = secret["secret"]["secretName"].as_str().unwrap();
    let template = r#"go-template={{index .data "runtime-config.toml" | base64decode}}"#;
    cluster.kubectl(&["get", "secret", secret, "-o", template])
}
