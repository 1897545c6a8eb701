//! The parts of the embedded host that read files and headers. They need no wasmtime, so that they are
//! taken from `host/src` one by one.

#![allow(dead_code, unused_imports)]

#[path = "../../../host/src/server/authority.rs"]
pub mod authority;
#[path = "../../../host/src/headers.rs"]
pub mod headers;
#[path = "../../../host/src/log.rs"]
mod log;
#[path = "../../../host/src/manifest/mod.rs"]
pub mod manifest;
#[path = "../../../host/src/request_id.rs"]
pub mod request_id;
#[path = "../../../host/src/routes.rs"]
pub mod routes;
#[path = "../../../host/src/runtime_config.rs"]
pub mod runtime_config;
#[path = "../../../host/src/variables.rs"]
pub mod variables;

pub use manifest::Manifest;
pub use runtime_config::RuntimeConfig;

use log::Log;

/// Logs an error as the host does, and panics if that is more than one line.
pub fn check_error(error: &anyhow::Error) {
    let log = Log::new(|line| assert!(!line.contains('\n'), "{line:?}"));
    log.line(format_args!("error: {error:#}"));
}
