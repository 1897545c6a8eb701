//! Prometheus, on the configuration that its operator writes for a pod that nobody starts.

use super::process::{Logs, tool};
use super::{Cluster, eventually, scratch};
use crate::http::{Client, Request};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Child;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);
const RULES: &str = "prometheus-stack-rulefiles-0";

/// It stops when it is dropped.
pub struct Prometheus(Child);

impl Prometheus {
    pub fn start(cluster: &Cluster, job: &str) -> Self {
        let folder = scratch("prometheus");
        let config = eventually(&format!("the operator configures {job}"), || {
            let config = configuration()?;
            config.contains(job).then_some(config)
        });
        // As its configuration reloader does in a pod.
        let config = config.replace("$(SHARD)", "0").replace("$(POD_NAME)", "prometheus-stack-0");
        let config = config.replace("/etc/prometheus/rules", folder.to_str().unwrap());
        fs::write(folder.join("prometheus.yaml"), config).unwrap();
        write_rules(cluster, &folder.join(RULES));
        let mut command = tool("prometheus");
        command.current_dir(&folder).args([
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:9090",
        ]);
        let server = Self(Logs::of_this_run().start("prometheus", &mut command));
        eventually("Prometheus is ready", || {
            TcpStream::connect(ADDRESS).ok()?;
            let ready = Client::connect(ADDRESS).send(&Request::get("/-/ready"));
            (ready.status == 200).then_some(())
        });
        server
    }

    /// Returns the API's answer at `path`.
    pub fn get(&self, path: &str) -> Value {
        let response = Client::connect(ADDRESS).send(&Request::get(&format!("/api/v1/{path}")));
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()["data"].clone()
    }

    /// The results of a query, which must be valid.
    pub fn query(&self, query: &str) -> Vec<Value> {
        let data = self.get(&format!("query?query={}", encode(query)));
        data["result"].as_array().expect("a vector").clone()
    }

    /// The value of a query that has one result.
    pub fn value(&self, query: &str) -> Option<f64> {
        self.query(query).first()?["value"][1].as_str()?.parse().ok()
    }

    /// Waits until a query has that value.
    pub fn reaches(&self, query: &str, value: f64) {
        let mut last = None;
        let what = format!("{query} is {value}");
        eventually(&what, || {
            let now = self.value(query);
            if now != last {
                eprintln!("{query} is {now:?}");
                last = now;
            }
            (now == Some(value)).then_some(())
        });
    }

    /// The syntax tree of a query.
    pub fn parse(&self, query: &str) -> Value {
        self.get(&format!("parse_query?query={}", encode(query)))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("Prometheus can be stopped");
    }
}

/// Reads the Secret that the operator writes.
fn configuration() -> Option<String> {
    let template = r#"go-template={{index .data "prometheus.yaml.gz" | base64decode}}"#;
    let output = tool("kubectl")
        .args(["-n", "monitoring", "get", "secret", "prometheus-stack"])
        .args(["-o", template])
        .output()
        .unwrap();
    let mut text = String::new();
    GzDecoder::new(&output.stdout[..]).read_to_string(&mut text).ok().map(|_| text)
}

/// The rules that the operator takes out of each PrometheusRule.
fn write_rules(cluster: &Cluster, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for rule in cluster.api.list("/apis/monitoring.coreos.com/v1/prometheusrules") {
        let name = rule["metadata"]["name"].as_str().unwrap();
        let path = format!("/api/v1/namespaces/monitoring/configmaps/{RULES}");
        let (file, text) = eventually(&format!("the operator takes {name}"), || {
            let files = cluster.api.find(&path)?["data"].as_object()?.clone();
            files.into_iter().find(|(file, _)| file.contains(name))
        });
        fs::write(folder.join(file), text.as_str().unwrap()).unwrap();
    }
}

fn encode(query: &str) -> String {
    query.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}
