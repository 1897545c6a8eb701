//! A control plane, a kubelet that runs each pod as an embedded host, and what tests do with them.

mod api;
mod app;
mod control_plane;
mod gateway;
mod kubelet;
mod process;
mod prometheus;
mod webhooks;

pub use api::Api;
pub use app::{Applied, QUESTION, predict, predict_as_ever, prediction};
pub use gateway::{GATEWAY, Gateway, METRICS};
pub use process::{run_in, tool};
pub use prometheus::Prometheus;

use process::Logs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The time for which a test waits for something before it fails.
pub const PATIENCE: Duration = Duration::from_secs(150);

/// The control plane. There is one for all tests, which take turns.
pub struct Cluster {
    pub api: Api,
    logs: Logs,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Waits for its turn, and starts the control plane if nobody has.
    pub fn take() -> Self {
        // Outside of its namespaces all of it would outlive the test.
        assert!(std::env::var_os("MODEL_API_CLUSTER").is_some(), "run this by tests/cluster/run");
        static TURN: Mutex<()> = Mutex::new(());
        static STARTED: OnceLock<()> = OnceLock::new();
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let cluster = Self { api: Api, logs: Logs::of_this_run(), _turn: turn };
        STARTED.get_or_init(|| control_plane::start(&cluster.logs));
        cluster
    }

    /// Applies the kustomization in the folder `path`, as `kubectl apply -k` does, and takes it
    /// away again when it is dropped.
    pub fn apply(&self, path: impl AsRef<Path>) -> Applied<'_> {
        Applied::new(self, path.as_ref())
    }

    /// Runs kubectl, which must succeed, and gives what it prints. A warning is a failure.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        process::run("kubectl", arguments)
    }

    /// Applies a file on the server as another manager of its fields than the operator.
    pub fn apply_as(&self, manager: &str, file: &str) {
        let manager = format!("--field-manager={manager}");
        self.kubectl(&["apply", "--server-side", &manager, "-f", file]);
    }

    /// Lists the objects of SpinApps in a namespace, by kind and name.
    pub fn things(&self, namespace: &str) -> BTreeSet<String> {
        let kinds = "spinapps,deployments,replicasets,pods,services,endpointslices,secrets,\
                     configmaps,servicemonitors,prometheusrules";
        let printed = self.kubectl(&["get", kinds, "-o", "name", "-n", namespace]);
        printed.lines().map(str::to_owned).collect()
    }

    /// Prometheus, on the configuration that the operator makes of the monitor `job`.
    pub fn prometheus(&self, job: &str) -> Prometheus {
        Prometheus::start(self, job)
    }

    /// Traefik, as the Gateway of the manifests' routes.
    pub fn gateway(&self) -> Gateway {
        Gateway::start()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            self.logs.show();
        }
    }
}

/// The repository.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).join("../..").canonicalize().unwrap()
}

/// A folder for this run, and empty before it.
pub fn scratch(name: &str) -> PathBuf {
    let path = root().join("target/cluster/run").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Asks until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(200));
    }
}
