//! The Open Inference Protocol, version 2.

pub mod health;
pub mod infer;
pub mod metadata;
pub mod output;
pub mod tensors;
