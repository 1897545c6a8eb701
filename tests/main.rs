//! Integration tests: real components, on the embedded host, over real sockets.

mod host;
mod service;
mod structure;
mod support;
