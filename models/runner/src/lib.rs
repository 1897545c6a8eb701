//! Evaluates an imported model.
//!
//! `cargo import` turns a trained model's file into a [`table`]: constants, and nodes that each name
//! an operator, the slots of its inputs and the slot of its output. It appends the table to this
//! module, with the model's signature and description as the contract lays them out, so that a model
//! needs no compiler. [`evaluate`] computes the nodes in turn, [`predict`] goes from rows to
//! tensors and from tensors to answers, and [`ops`] has the operators.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod budget;
pub mod error;
pub mod evaluate;
#[cfg(target_arch = "wasm32")]
mod export;
pub mod op;
pub mod ops;
pub mod predict;
pub mod table;
pub mod tensor;
