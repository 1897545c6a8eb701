//! Serves a Spin application for HTTP on wasmtime, in this process. `cargo run` starts it, and the
//! integration tests use it.
//!
//! It reads the same `spin.toml` as Spin 3.6, and gives guests the same view as Spin. It refuses
//! unsupported fields by name, and never serves a part of a manifest. See [`manifest`].
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use model_api_host::{App, Log, Manifest, RuntimeConfig, Server, Settings, build};
//!
//! let manifest = Manifest::load("spin.toml".as_ref())?;
//! build::run(&manifest, &Log::stderr())?;
//! let runtime_config = RuntimeConfig::beside(&manifest)?;
//! let app = App::load(&manifest, Settings { runtime_config, ..Settings::default() })?;
//! let server = Server::start(app, "127.0.0.1:0".parse()?)?;
//! println!("http://{}", server.address());
//! # Ok(())
//! # }
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`manifest`], [`runtime_config`] | the two files describing an application, and their checks |
//! | [`variables`] | their variables, and the environment's |
//! | [`build`] | the components' build commands |
//! | `load` | from WebAssembly files to compiled code |
//! | [`app`] | an application that is ready to serve |
//! | `routes`, `headers` | the component for a path, and the `spin-*` headers for it |
//! | `guest` | an instance, its view of the world, and its calls |
//! | `key_value` | the stores, in memory |
//! | [`server`] | connections and requests, and reasons to stop them |
//! | [`limits`] | the limits of one client, one request and one guest |
//! | [`command`] | the options of serving, and the signals that stop it |
//! | `budget` | a shared number of bytes |
//! | `request_id` | the id of a request, in its response and in the log |
#![warn(missing_docs, clippy::missing_errors_doc)]

pub mod app;
mod budget;
pub mod build;
pub mod command;
mod guest;
mod headers;
mod key_value;
pub mod limits;
mod load;
pub mod log;
pub mod manifest;
mod request_id;
mod routes;
pub mod runtime_config;
pub mod server;
pub mod variables;

pub use app::{App, Settings};
pub use limits::Limits;
pub use log::Log;
pub use manifest::Manifest;
pub use runtime_config::RuntimeConfig;
pub use server::Server;

/// This host's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
