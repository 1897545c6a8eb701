//! The files in this program: the components, and the manifests of an application.

/// The service's component.
pub const SERVICE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/model_api_service.wasm"));

/// The component of the pages at `/docs` and `/ask`.
pub const DOCS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/model_api_docs.wasm"));

/// The runner, of which a model's component is made.
pub const RUNNER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/model_runner.wasm"));

/// The manifest of the default model's application.
pub const SPIN_TOML: &str = include_str!("../../spin.toml");

/// The configuration of its key-value stores.
pub const RUNTIME_CONFIG: &str = include_str!("../../runtime-config.toml");

/// The manifests for Kubernetes, by their paths from `k8s/`.
pub const K8S: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/manifests.rs"));
