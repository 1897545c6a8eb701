//! The parts that the tests share: a server on a free port, and a client that sees every byte.

pub mod exposition;
pub mod http;
pub mod schema;
pub mod server;

use std::path::PathBuf;

/// The folder of the workspace, also after a checkout was copied or renamed with what it has built.
pub fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests").into()
}
