//! One request's instance of a component: its view of the world, and the call.
//!
//! | file | subject |
//! |---|---|
//! | `bindings.rs` | the interfaces in `wit/`, and a linker with all of them |
//! | `state.rs` | the data of a store: limits, WASI, HTTP |
//! | `handles.rs` | the resources behind the guests' handles |
//! | `key_value.rs`, `variables.rs` | the host functions of those interfaces |
//! | `output.rs` | standard output and error, as log lines |
//! | `memory.rs` | the guest's linear memory |
//! | `instance.rs` | an instance, from its start to its end |
//! | `call.rs` | one request in one fresh instance |
//! | `task.rs` | a guest working for longer than a moment |
//! | `response.rs` | the body of the guest's response |

mod bindings;
mod call;
mod handles;
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
