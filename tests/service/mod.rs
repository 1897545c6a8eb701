//! The service and its model, as `spin.toml` wires them, through the embedded host.

mod audit;
mod batch;
mod docs;
mod encodings;
mod equations;
mod explanations;
mod hostile;
mod inference;
mod json;
mod manners;
mod metrics;
mod model_card;
pub mod models;
mod openapi;
mod other_models;
mod outcomes;
mod predict;
mod routes;
mod store;
mod tables;
mod units;
mod work;

use crate::support::exposition::Exposition;
use crate::support::http::{Client, Request, Response};
use crate::support::root;
use crate::support::server::TestServer;
use model_api_host::{Log, Manifest, build};
use model_api_import::emit::manifest::wire;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// The default model, and the command that builds it.
pub const DEFAULT_MODEL: &str = "target/wasm32-wasip1/release/heart_risk_demo.wasm";
const BUILD: &str = "cargo build --release --target wasm32-wasip1 -p heart-risk-demo";

/// The exchange that never changes.
const EXAMPLE: &str = r#"{"patient_data": {"age": 65, "cholesterol": 240}}"#;
const ANSWER: &str = r#"{"prediction":"High Risk","confidence":0.92,"model_version":"v1.0.0"}"#;

/// The project's own manifest with the default model, and with `change` made to its text. The
/// components are built once for all tests.
pub fn manifest(change: impl FnOnce(String) -> String) -> Manifest {
    static BUILT: OnceLock<()> = OnceLock::new();
    let folder = root();
    let text = std::fs::read_to_string(folder.join("spin.toml")).expect("spin.toml is there");
    // Whoever imported a model of their own runs these tests too.
    let text = wire(&text, Path::new(DEFAULT_MODEL), BUILD).expect("spin.toml has a model");
    BUILT.get_or_init(|| {
        let manifest = Manifest::parse(&text, &folder).expect("spin.toml is valid");
        build::run(&manifest, &Log::stderr()).expect("the components can be built");
    });
    Manifest::parse(&change(text), &folder).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The service as it is.
fn serve() -> TestServer {
    serve_changed(|text| text)
}

/// The service by another manifest.
fn serve_changed(change: impl FnOnce(String) -> String) -> TestServer {
    TestServer::start(&manifest(change), |_| {})
}

/// The service with other defaults of variables.
fn serve_with(defaults: &[(&str, &str)]) -> TestServer {
    let set = |text, (variable, default): &(&str, &str)| with_default(text, variable, default);
    serve_changed(|text| defaults.iter().fold(text, set))
}

/// The service with another model: a guest of the tests.
fn serve_model(name: &str) -> TestServer {
    TestServer::start(&model_manifest(name), |_| {})
}

/// The manifest with another model in the place of the default one.
fn model_manifest(name: &str) -> Manifest {
    build_guests();
    manifest(|text| text.replace("heart_risk_demo.wasm", &format!("{name}.wasm")))
}

/// Builds the models and the store of the tests, once for all.
fn build_guests() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        // Those without the standard library are built on their own.
        for guests in [
            &["-p", "triage", "-p", "silent", "-p", "faulty-model"][..],
            &["-p", "wide", "-p", "faulty-store"],
        ] {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--release", "--target", "wasm32-wasip1"]).args(guests);
            build::for_components(&mut cargo);
            assert!(cargo.status().expect("cargo runs").success(), "the guests cannot be built");
        }
    });
}

/// A manifest's text with the default of a variable changed.
pub fn with_default(text: String, variable: &str, default: &str) -> String {
    let declaration = format!("{variable} = {{ default = \"");
    let (before, after) = text.split_once(&declaration).expect("the variable is declared");
    let (_, after) = after.split_once('"').expect("its default ends");
    format!("{before}{declaration}{default}\"{after}")
}

fn predict(client: &mut Client, body: impl Into<Vec<u8>>) -> Response {
    client.send(&Request::post("/predict", body))
}

fn scrape(client: &mut Client) -> Exposition {
    let response = client.send(&Request::get("/metrics"));
    assert_eq!(response.status, 200, "{}", response.text());
    Exposition::parse(response.text())
}

/// Returns the number of requests that the host answered with an error, for a reason of its metrics.
fn errors(server: &TestServer, reason: &str) -> f64 {
    let response = server.get("/.well-known/model-api/metrics");
    let labels = format!("reason=\"{reason}\"");
    Exposition::parse(response.text()).sum("model_api_host_errors_total", &labels)
}
