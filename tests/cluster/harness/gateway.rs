//! Traefik, as the Gateway whose name the manifests' routes have.

use super::control_plane::NODE;
use super::process::{Logs, run, tool};
use super::{eventually, scratch};
use crate::http::{Client, Request};
use serde_json::{Value, json};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::Child;

/// The address that clients ask.
pub const GATEWAY: SocketAddr = SocketAddr::new(NODE, 80);
/// The address of its own metrics, at the port that its chart gives them.
pub const METRICS: SocketAddr = SocketAddr::new(NODE, 9100);

/// It stops when it is dropped.
pub struct Gateway(Child);

impl Gateway {
    pub fn start() -> Self {
        let mut command = tool("traefik");
        command.args([
            "--providers.kubernetesGateway",
            // Else a shadow without a replica is a route to nowhere.
            "--providers.kubernetesCRD.allowEmptyServices",
            &format!("--entryPoints.web.address={GATEWAY}"),
            &format!("--entryPoints.metrics.address={METRICS}"),
            "--metrics.prometheus.entryPoint=metrics",
            "--global.checkNewVersion=false",
        ]);
        let gateway = Self(Logs::of_this_run().start("traefik", &mut command));
        eventually("the Gateway listens", || TcpStream::connect(GATEWAY).ok().map(drop));
        gateway
    }

    /// Waits until it has a route, and an address for each Service behind it. No prediction is asked for.
    pub fn serves(&self) {
        eventually("the Gateway serves the route", || {
            let mut client = Client::connect(GATEWAY);
            let mut ask = || client.send(&Request::get("/openapi.json")).status;
            (0..20).all(|_| ask() == 200).then_some(())
        });
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("the Gateway can be stopped");
    }
}

/// Applies what a cluster's owner does for all: a Gateway, and a target of Prometheus.
pub fn define() {
    let file = scratch("gateway").join("gateway.json");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects()});
    fs::write(&file, list.to_string()).unwrap();
    run("kubectl", &["apply", "-f", file.to_str().unwrap()]);
}

fn objects() -> [Value; 4] {
    let listener = json!({
        "name": "web", "protocol": "HTTP", "port": GATEWAY.port(),
        "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gateway"}}),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
            "metadata": {"name": "traefik"},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        }),
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": "gateway", "namespace": "gateway"},
            "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
        }),
        json!({
            "apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "ScrapeConfig",
            "metadata": {
                "name": "traefik", "namespace": "gateway", "labels": {"release": "prometheus"},
            },
            "spec": {
                "scrapeInterval": "5s", "staticConfigs": [{"targets": [METRICS]}],
            },
        }),
    ]
}
