//! etcd, the API server and its controllers, and the operators.

use super::api::{Api, PROXY};
use super::process::{Logs, kubeconfig, run, tool};
use super::{eventually, gateway, kubelet, root, scratch, webhooks};
use serde_json::json;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

/// The node's address, and the API server's. Loopback's is refused as an endpoint.
pub const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 244, 0, 1));

/// Starts everything, and returns when custom resources can be applied. What is started runs until
/// the run's namespaces end.
pub fn start(logs: &Logs) {
    logs.clear();
    let folder = scratch("control-plane");
    write_credentials(&folder);
    start_api_server(logs, &folder);
    let port = format!("--port={}", PROXY.port());
    let proxy = ["proxy", &port, "--accept-hosts=.*", "--disable-filter=true"];
    logs.keep_running("proxy", tool("kubectl").args(proxy));
    eventually("the API server is ready", api_is_ready);
    start_controllers(logs, &folder);
    define_resources();
    start_operators(logs, &folder);
    webhooks::register(&folder);
    kubelet::start();
    run("kubectl", &["apply", "-k", "k8s/platform"]);
    apply_prometheus();
    gateway::define();
}

fn write_credentials(folder: &Path) {
    let key = folder.join("service-accounts.key");
    let key = key.to_str().unwrap();
    let made = Command::new("openssl").args(["genrsa", "-out", key, "2048"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::write(folder.join("tokens.csv"), "test,test,test,system:masters\n").unwrap();
    let cluster =
        json!({"server": format!("https://{NODE}:6443"), "insecure-skip-tls-verify": true});
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": "test"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    fs::write(kubeconfig(), config.to_string()).unwrap();
}

fn start_api_server(logs: &Logs, folder: &Path) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut etcd = tool("etcd");
    // What a crash of the machine would lose is of no interest.
    etcd.args(["--unsafe-no-fsync", "--data-dir", &path("etcd")]);
    logs.keep_running("etcd", &mut etcd);
    let mut server = tool("kube-apiserver");
    server.args([
        "--etcd-servers=http://127.0.0.1:2379",
        &format!("--advertise-address={NODE}"),
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        &format!("--cert-dir={}", path("certificates")),
        &format!("--token-auth-file={}", path("tokens.csv")),
        "--service-account-issuer=https://kubernetes.default.svc",
        &format!("--service-account-key-file={}", path("service-accounts.key")),
        &format!("--service-account-signing-key-file={}", path("service-accounts.key")),
    ]);
    logs.keep_running("kube-apiserver", &mut server);
}

fn api_is_ready() -> Option<()> {
    std::net::TcpStream::connect(PROXY).ok()?;
    Api.find("/api/v1/namespaces/default").map(drop)
}

fn start_controllers(logs: &Logs, folder: &Path) {
    let key = folder.join("service-accounts.key");
    let mut controllers = tool("kube-controller-manager");
    controllers.args([
        "--leader-elect=false",
        // The node never reports: this controller would give it up.
        "--controllers=*,-node-lifecycle-controller",
        &format!("--kubeconfig={}", kubeconfig().display()),
        &format!("--service-account-private-key-file={}", key.display()),
    ]);
    logs.keep_running("kube-controller-manager", &mut controllers);
}

fn define_resources() {
    for entry in fs::read_dir(root().join("target/cluster/crd")).unwrap() {
        let source = entry.unwrap().path().canonicalize().unwrap();
        run("kubectl", &["apply", "--server-side", "-f", source.to_str().unwrap()]);
    }
    run("kubectl", &["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
}

fn start_operators(logs: &Logs, folder: &Path) {
    let mut spin = webhooks::operator(folder);
    spin.args(["--metrics-secure=false", "--metrics-bind-address=127.0.0.1:8083"]);
    logs.keep_running("spin-operator", &mut spin);
    let mut prometheus = tool("prometheus-operator");
    let apiserver = format!("--apiserver=http://{PROXY}");
    prometheus.args([&apiserver, "--web.listen-address=127.0.0.1:8084"]);
    logs.keep_running("prometheus-operator", &mut prometheus);
}

/// A Prometheus that selects what kube-prometheus-stack's selects when it is installed as
/// `prometheus`.
fn apply_prometheus() {
    let ours = json!({"matchLabels": {"release": "prometheus"}});
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}});
    let prometheus = json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "stack", "namespace": "monitoring"},
        "spec": {
            "evaluationInterval": "15s",
            "apiserverConfig": {"host": format!("http://{PROXY}")},
            "serviceMonitorSelector": ours, "serviceMonitorNamespaceSelector": {},
            "scrapeConfigSelector": ours, "scrapeConfigNamespaceSelector": {},
            "ruleSelector": ours, "ruleNamespaceSelector": {},
        },
    });
    assert_eq!(Api.post("/api/v1/namespaces", &namespace).status, 201);
    let path = "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses";
    assert_eq!(Api.post(path, &prometheus).status, 201);
}
