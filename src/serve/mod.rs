//! Brings a request to its endpoint, and the endpoint's answer to the client.
//!
//! - [`routing`] finds the endpoint in a table.
//! - [`dispatch`] carries a request through: read, answer, record, send.
//! - [`headers`] adds the headers of every answer.

mod dispatch;
mod headers;
pub mod routing;

pub use dispatch::{Exchange, Reply, dispatch};
pub use routing::Route;
