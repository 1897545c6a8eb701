//! The model contract, `wit/predictor.wit`, as plain data.
//!
//! The types of [`types`] have the layout that the component model gives to the contract's records
//! and variants. A model states its [`Signature`] and [`Description`] as statics, and its answers
//! borrow from them, so that nothing is copied, converted or allocated on the way out: a component
//! of a few kilobytes that touches one page of memory. Generated bindings do the same in more than
//! twice the size, and take a request 2 to 4 % more of the processor.
//!
//! A model implements [`Model`] and names itself in [`export!`]; `models/heart-risk-demo` is an
//! example. The WIT file documents each field.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod component_type;
mod export;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod types;

pub use export::{Model, answer, collect, keep};
#[cfg(target_arch = "wasm32")]
pub use runtime::scratch;
pub use types::*;

/// Runs `work`. In a component it also takes back all memory that `work` allocated.
///
/// # Safety
///
/// Nothing that `work` allocated may be used after it.
#[cfg(not(target_arch = "wasm32"))]
pub unsafe fn scratch(work: impl FnOnce()) {
    work();
}
