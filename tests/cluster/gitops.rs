//! The orders of Flux and of Argo CD, against the webhook of SpinKube's operator: docs/gitops.md.

use crate::documents::{after, read};
use crate::harness::{Cluster, root, scratch, tool};
use serde_json::Value;
use std::fs;
use std::path::Path;

const PRODUCTION: &str = "k8s/overlays/production";
const NAMESPACE: &str = "model-api";
const DEPLOYMENT: &str = "deployment/model-api-service";
/// The annotation by which Argo CD orders objects.
const WAVE: &str = "argocd.argoproj.io/sync-wave";

#[test]
fn flux_applies_production_in_three_parts_and_could_not_in_one() {
    let cluster = Cluster::take();
    let document = read("docs/gitops.md");
    let paths = after(&document, "path: ./");
    let [platform, app, rollout] = &paths[..] else { panic!("{paths:?}") };
    let _installed = Installed;
    // Flux applies namespaces and definitions before it asks for the rest.
    let (namespaces, rest) = parted(&cluster, PRODUCTION);
    apply(&namespaces);
    assert!(!dry_run(&rest), "the webhook takes a SpinApp without its executor");

    let (_, rest) = parted(&cluster, platform);
    assert!(dry_run(&rest));
    apply(&rest);
    let (_, rest) = parted(&cluster, app);
    assert!(dry_run(&rest), "a stage is applied if all of it passes");
    apply(&rest);
    cluster.kubectl(&["wait", "--for=create", "-n", NAMESPACE, DEPLOYMENT, "--timeout=60s"]);
    let part = ["apply", "--server-side", "--force-conflicts", "--field-manager=flux"];
    cluster.kubectl(&[&part[..], &["-n", NAMESPACE, "-k", rollout]].concat());
}

#[test]
fn argo_applies_production_by_its_waves() {
    let cluster = Cluster::take();
    let _installed = Installed;
    let mut objects = rendered(&cluster, PRODUCTION);
    let wave = |object: &Value| {
        let wave = object["metadata"]["annotations"][WAVE].as_str().unwrap_or("0");
        wave.parse::<i32>().unwrap()
    };
    // By the alphabet within a wave: a SpinApp before its executor.
    objects.sort_by_key(|object| (wave(object), object["kind"].as_str().unwrap().to_owned()));
    for object in objects {
        apply(std::slice::from_ref(&object));
    }
    cluster.kubectl(&["wait", "--for=create", "-n", NAMESPACE, DEPLOYMENT, "--timeout=60s"]);
}

#[test]
fn a_part_of_a_deployment_is_refused_before_there_is_one() {
    let cluster = Cluster::take();
    let objects = rendered(&cluster, "k8s/rollout");
    assert!(!dry_run(&objects), "the rest of the Deployment is the operator's");
}

#[test]
fn flux_applies_a_deployment_in_one_part() {
    let cluster = Cluster::take();
    let (namespaces, rest) = parted(&cluster, "k8s/overlays/deployment");
    let _installed = Installed;
    apply(&namespaces);
    assert!(dry_run(&rest));
}

/// Takes production away again, before the next test has its turn.
struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        let delete = ["delete", "--ignore-not-found", "--timeout=60s"];
        // The app before its executor, which its operator would wait for.
        for path in [&format!("{PRODUCTION}/app"), PRODUCTION] {
            let output = tool("kubectl").args(delete).args(["-k", path]).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() || std::thread::panicking(), "{errors}");
        }
    }
}

/// The objects of a kustomization.
fn rendered(cluster: &Cluster, path: &str) -> Vec<Value> {
    let file = scratch("gitops").join("rendered.yaml");
    fs::write(&file, cluster.kubectl(&["kustomize", path])).unwrap();
    let read = ["create", "--dry-run=client", "-o", "json", "-f", file.to_str().unwrap()];
    let printed = cluster.kubectl(&read);
    let objects = serde_json::Deserializer::from_str(&printed).into_iter::<Value>();
    objects.map(Result::unwrap).collect()
}

/// Namespaces, and the rest.
fn parted(cluster: &Cluster, path: &str) -> (Vec<Value>, Vec<Value>) {
    assert!(Path::new(&root().join(path)).join("kustomization.yaml").exists(), "{path}");
    rendered(cluster, path).into_iter().partition(|object| object["kind"] == "Namespace")
}

/// True if the API server would take each of them.
fn dry_run(objects: &[Value]) -> bool {
    let refused = |object: &Value| !server_side(object, &["--dry-run=server"]);
    let refused: Vec<_> = objects.iter().filter(|object| refused(object)).collect();
    for object in &refused {
        println!("refused: {} {}", object["kind"], object["metadata"]["name"]);
    }
    refused.is_empty()
}

fn apply(objects: &[Value]) {
    for object in objects {
        assert!(server_side(object, &[]), "{object}");
    }
}

fn server_side(object: &Value, more: &[&str]) -> bool {
    let file = scratch("gitops-object").join("object.json");
    fs::write(&file, object.to_string()).unwrap();
    let arguments = ["apply", "--server-side", "--force-conflicts", "--field-manager=flux", "-f"];
    let output = tool("kubectl").args(arguments).arg(&file).args(more).output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success()
}
