//! Serves a Spin application for HTTP on wasmtime, in this process: what `cargo run` starts, and
//! what the integration tests drive.
//!
//! It reads the same `spin.toml` as Spin 3.6, and shows guests what Spin shows them. What it does
//! not have it refuses by name: it never serves half of a manifest. See [`manifest`].
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
//! | [`manifest`], [`runtime_config`] | the two files that describe an application, and what is refused |
//! | [`variables`] | their variables, and the environment's |
//! | [`build`] | the components' build commands |
//! | `load` | from WebAssembly files to compiled code |
//! | [`app`] | an application that is ready to serve |
//! | `routes`, `headers` | which component answers a path, and how it learns that |
//! | `guest` | what an instance sees of the world, and how it is called |
//! | `key_value` | the stores, in memory |
//! | [`server`] | connections, requests, and what stops them |
//! | [`limits`] | what one client, one request and one guest may use |
//! | `budget` | bytes that many share |
//! | `request_id` | by which an answer and a line of the log belong together |

pub mod app;
mod budget;
pub mod build;
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
