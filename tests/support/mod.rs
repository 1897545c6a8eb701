//! The parts that the tests share: a server on a free port, and a client that sees every byte.

pub mod exposition;
pub mod http;
pub mod schema;
pub mod server;
