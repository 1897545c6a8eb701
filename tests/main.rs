//! Integration tests: real components, on the embedded host, over real sockets.

mod host;
mod imported;
mod service;
mod structure;
mod support;
