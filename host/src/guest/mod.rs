//! One request's instance of a component: its view of the world, and the call.
//!
//! | file | subject |
//! |---|---|
//! | `bindings.rs` | the interfaces in `wit/`, and the linker that has them all |
//! | `state.rs` | the data of a store: limits, WASI, HTTP |
//! | `key_value.rs`, `variables.rs` | the host functions of those interfaces |
//! | `output.rs` | standard output and error, as log lines |
//! | `memory.rs` | its linear memory |
//! | `instance.rs` | an instance, from its making to its end |
//! | `call.rs` | one request through one fresh instance |
//! | `task.rs` | an instance that works for longer than a moment |
//! | `response.rs` | the body of its response |

mod bindings;
mod call;
mod instance;
mod key_value;
mod memory;
mod output;
mod response;
mod state;
mod task;
mod variables;

pub use bindings::linker;
pub use call::{Call, Failure};
pub use instance::{Component, Instance};
pub use response::ResponseBody;
pub use state::{Grants, Guest, TimedOut};
