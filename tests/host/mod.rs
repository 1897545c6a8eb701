//! The embedded host, tried out from the inside by the guest `tests/guests/probe`.

mod connections;
mod errors;
mod failures;
mod framing;
mod key_value;
mod limits;
mod places;
mod requests;
mod routes;
mod sandbox;
mod script;
mod shutdown;
mod variables;

use crate::support::exposition::Exposition;
use crate::support::http::PATIENCE;
use crate::support::root;
use crate::support::server::{TestServer, load};
use model_api_host::{Log, Manifest, Settings, build};
use std::sync::OnceLock;
use std::time::Instant;

const PROBE: &str = "tests/guests/probe";

/// The manifest of the probe, with `text` in the place of its own, if any. The probe is built
/// once for all tests.
fn probe(text: Option<&str>) -> Manifest {
    static BUILT: OnceLock<()> = OnceLock::new();
    let folder = root().join(PROBE);
    let own = Manifest::load(&folder.join("spin.toml")).expect("the probe's manifest is valid");
    BUILT.get_or_init(|| build::run(&own, &Log::stderr()).expect("the probe can be built"));
    match text {
        Some(text) => Manifest::parse(text, &folder).unwrap_or_else(|error| panic!("{error:#}")),
        None => own,
    }
}

/// A manifest with these tables, where a route is all of `[[trigger.http]]` but its component.
fn manifest(route: &str, component: &str, rest: &str) -> Manifest {
    probe(Some(&format!(
        "spin_manifest_version = 2\n[application]\nname = \"probe\"\n{rest}\n\
         [[trigger.http]]\ncomponent = \"probe\"\nroute = {route}\n\
         [component.probe]\nsource = \"../../../target/wasm32-wasip1/release/probe.wasm\"\n\
         {component}\n"
    )))
}

/// A server of the probe as its own manifest has it.
fn serve() -> TestServer {
    TestServer::start(&probe(None), |_| {})
}

/// The same with other settings.
fn serve_with(adjust: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start(&probe(None), adjust)
}

/// Returns the reason for which an application cannot be loaded.
fn load_error(manifest: &Manifest) -> String {
    match load(manifest, |_| {}) {
        Ok(_) => panic!("the application was loaded"),
        Err(error) => format!("{error:#}"),
    }
}

/// The sum of a family of the host's own metrics over the series whose labels contain `labels`.
fn metric(server: &TestServer, name: &str, labels: &str) -> f64 {
    let response = server.get("/.well-known/model-api/metrics");
    Exposition::parse(response.text()).sum(&format!("model_api_host_{name}"), labels)
}

/// Returns the number of requests that the host answered with an error, by its own metrics.
fn errors(server: &TestServer, reason: &str) -> f64 {
    metric(server, "errors_total", &format!("reason=\"{reason}\""))
}

/// Asks again and again until `is_so`, for as long as a test waits for a server.
fn eventually(mut is_so: impl FnMut() -> bool) {
    let asked = Instant::now();
    while !is_so() {
        assert!(asked.elapsed() < PATIENCE, "it never came to be");
    }
}
