//! The contract between a model and its callers: the types and functions of
//! [`wit/predictor.wit`](../../../wit/predictor.wit), with its documentation.
//!
//! The types work natively too. The functions call the model component, and only WebAssembly has one.

pub mod attributes;
pub mod bins;
pub mod cells;
pub mod check;
pub mod groups;
pub mod measures;

mod bindings {
    wit_bindgen::generate!({
        path: "../wit/predictor.wit",
        world: "caller",
        additional_derives: [Clone, PartialEq, serde::Serialize],
    });
}

pub use bindings::model_api::predictor::predictor::{describe, explain, get_signature, predict};
pub use bindings::model_api::predictor::types;
pub use types::*;

/// The contract's text.
pub const WIT: &str = include_str!("../../wit/predictor.wit");

/// Lists the versions whose outcomes are taken: the model's own, then the others of its description.
pub fn versions<'m>(signature: &'m Signature, description: &'m Description) -> Vec<&'m str> {
    let others = description.outcome.iter().flat_map(|outcome| &outcome.versions);
    std::iter::once(&signature.version).chain(others).map(String::as_str).collect()
}
