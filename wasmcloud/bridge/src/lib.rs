//! The service's component imports counters and variables as Spin has them. In a workload on
//! wasmCloud, this component beside it exports them, so that the service is the same, byte for
//! byte.
//!
//! [`counters`] has the thought in it, and runs natively in tests; `component` joins it to the host.

#[cfg(target_arch = "wasm32")]
mod component;
pub mod counters;

pub use counters::{Counters, Host, LOW_BITS};
