//! The model component.

pub use super::bindings::model_api::predictor::predictor::{describe, get_signature, predict};
pub use super::bindings::model_api::predictor::types::*;
