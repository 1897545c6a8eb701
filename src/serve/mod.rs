//! From a request to the endpoint that answers it, and from its answer to the client.
//!
//! - [`routing`] finds the endpoint in a table.
//! - [`dispatch`] carries a request through: read, answer, record, send.
//! - [`headers`] adds the headers that every answer has.

mod dispatch;
mod headers;
pub mod routing;

pub use dispatch::{Exchange, Reply, dispatch};
pub use routing::Route;
