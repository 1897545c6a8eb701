//! An applied kustomization, and the SpinApp or Deployment in it.

use super::process::tool;
use super::{Cluster, eventually};
use crate::http::{Client, Request, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;

/// The request of the blueprint's clients, and its answer.
pub const QUESTION: &str = r#"{"patient_data": {"age": 65, "cholesterol": 240}}"#;
const ANSWER: &str = r#"{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}"#;

pub struct Applied<'c> {
    cluster: &'c Cluster,
    kustomization: PathBuf,
    namespace: &'static str,
}

impl<'c> Applied<'c> {
    pub fn new(cluster: &'c Cluster, kustomization: &Path) -> Self {
        let own = ["production", "deployment"].iter().any(|name| kustomization.ends_with(name));
        let namespace = if own { "model-api" } else { "default" };
        let applied = Self { cluster, kustomization: kustomization.to_owned(), namespace };
        applied.kubectl("apply", &[]);
        applied
    }

    /// The object of that group's and version's path, kind and name.
    pub fn object(&self, group: &str, kind: &str, name: &str) -> Option<Value> {
        self.cluster.api.find(&format!("{}/{name}", self.path(group, kind)))
    }

    /// All objects of that group's and version's path and kind, in its namespace.
    pub fn objects(&self, group: &str, kind: &str) -> Vec<Value> {
        self.cluster.api.list(&self.path(group, kind))
    }

    /// True if SpinKube's operator makes the Deployment.
    fn has_spin_app(&self) -> bool {
        self.object("apis/core.spinkube.dev/v1alpha1", "spinapps", "model-api-service").is_some()
    }

    fn path(&self, group: &str, kind: &str) -> String {
        format!("/{group}/namespaces/{}/{kind}", self.namespace)
    }

    /// Waits until `kubectl get` shows that many replicas ready, and the Service has them.
    pub fn ready(&self, replicas: usize) -> Vec<SocketAddr> {
        let kind = if self.has_spin_app() { "spinapp" } else { "deployment" };
        let arguments = ["get", kind, "model-api-service", "--no-headers"];
        eventually(&format!("{replicas} replicas are ready"), || {
            let line = self.cluster.kubectl(&[&arguments[..], &["-n", self.namespace]].concat());
            // A Deployment has how many it wants behind a slash.
            let ready = line.split_whitespace().nth(1)?.split('/').next()? == replicas.to_string();
            let addresses = self.addresses();
            (ready && addresses.len() == replicas).then_some(addresses)
        })
    }

    /// Returns the endpoints behind the Service's port 80, of which kube-proxy chooses one.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses_of("model-api-service")
    }

    /// The same of another Service.
    pub fn addresses_of(&self, service: &str) -> Vec<SocketAddr> {
        let slices = self.objects("apis/discovery.k8s.io/v1", "endpointslices");
        let ours =
            |slice: &&Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == *service;
        let mut addresses = Vec::new();
        for slice in slices.iter().filter(ours) {
            let port = slice["ports"][0]["port"].as_u64();
            let ready = |endpoint: &&Value| endpoint["conditions"]["ready"] == true;
            for endpoint in slice["endpoints"].as_array().into_iter().flatten().filter(ready) {
                let address = endpoint["addresses"][0].as_str().unwrap();
                addresses.push(format!("{address}:{}", port.unwrap()).parse().unwrap());
            }
        }
        addresses
    }

    /// Changes the SpinApp as `kubectl patch` does.
    pub fn patch(&self, spec: &Value) {
        let patch = json!({"spec": spec}).to_string();
        let arguments = ["-n", self.namespace, "patch", "spinapp", "model-api-service"];
        let arguments = [&arguments[..], &["--type=merge", "--patch", &patch]].concat();
        self.cluster.kubectl(&arguments);
    }

    /// Changes the image of the stable version.
    pub fn set_image(&self, image: &str) {
        if self.has_spin_app() {
            return self.patch(&json!({"image": image}));
        }
        let image = format!("model-api-service={image}");
        let arguments = ["set", "image", "deployment/model-api-service", &image];
        self.cluster.kubectl(&[&["-n", self.namespace], &arguments[..]].concat());
    }

    /// Scales the Deployment as an autoscaler does.
    pub fn scale(&self, replicas: usize) {
        let replicas = format!("--replicas={replicas}");
        let arguments = ["-n", self.namespace, "scale", "deployment/model-api-service", &replicas];
        self.cluster.kubectl(&arguments);
    }

    fn kubectl(&self, verb: &str, more: &[&str]) {
        let path = self.kustomization.to_str().unwrap();
        self.cluster.kubectl(&[&[verb, "-k", path], more].concat());
    }
}

impl Drop for Applied<'_> {
    fn drop(&mut self) {
        // A second panic would end the process before the logs are shown.
        if thread::panicking() {
            let _ = tool("kubectl").args(["delete", "-k"]).arg(&self.kustomization).output();
            return;
        }
        self.kubectl("delete", &["--ignore-not-found", "--timeout=60s"]);
        eventually("what the operator made is gone", || {
            let mut things = self.cluster.things(self.namespace).into_iter();
            (!things.any(|thing| thing.contains("model-api-service"))).then_some(())
        });
    }
}

/// A request for a prediction.
pub fn prediction(body: &str) -> Request {
    Request::post("/predict", body).header("content-type", "application/json")
}

/// The answer to a request for a prediction.
pub fn predict(server: SocketAddr, body: &str) -> Response {
    Client::connect(server).send(&prediction(body))
}

/// The blueprint's exchange, which must be answered as ever.
pub fn predict_as_ever(server: SocketAddr) {
    let response = predict(server, QUESTION);
    assert_eq!((response.status, response.text()), (200, ANSWER));
}
