//! The model contract, `wit/predictor.wit`, as plain Rust data, for authors of models.
//!
//! The structs and enums of this crate have the layout of the contract's records and variants in
//! the component model. A model states its [`Signature`] and [`Description`] as statics, and its
//! answers borrow from them. Nothing is copied, converted or allocated on the way out, so a
//! component has a few kilobytes and touches one page of memory. Generated bindings take more than
//! twice the size, and 2 to 4 % more CPU time per request.
//!
//! To write a model, implement [`Model`] and name the type in [`export!`]. An [`Input`] states a
//! feature with its notes; [`features`] and [`notes`] make both lists of a model. The models of
//! `examples/equations` are examples. Each field is documented here and in the WIT file.
#![warn(missing_docs, clippy::missing_errors_doc)]
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod export;
#[cfg(target_arch = "wasm32")]
mod runtime;
pub mod shapley;
mod statics;
mod types;
pub mod units;

pub use export::{Model, answer, collect, explain, keep};
#[cfg(target_arch = "wasm32")]
pub use runtime::scratch;
pub use statics::{Input, features, notes, quantities};
pub use types::*;

/// The custom section for tools: it names the world of the module.
#[cfg(target_arch = "wasm32")]
mod component_type {
    wit_bindgen::generate!({
        path: "../../wit/predictor.wit",
        world: "model",
        generate_unused_types: false,
    });
}

/// Runs `work`. In a component it also frees all memory allocated by `work`.
///
/// # Safety
///
/// Nothing allocated by `work` may be used afterwards.
#[cfg(not(target_arch = "wasm32"))]
pub unsafe fn scratch(work: impl FnOnce()) {
    work();
}
