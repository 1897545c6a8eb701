//! Runs an imported model.
//!
//! `cargo import` turns a trained model's file into a program, in the form of [`table`]: constants
//! and nodes. Each node names an operator, the slots of its inputs and the slot of its output. The
//! importer appends the program to this module, next to the model's signature and description in
//! the layout of the contract, so a model needs no compiler.
//!
//! - [`predict`] turns rows into tensors, and tensors into answers.
//! - [`explain`] does the same for the contributions of features to an answer.
//! - [`evaluate`] runs the nodes in order.
//! - [`ops`] has the operators, and [`op`] their list.
//! - [`tensor`] has the values, and [`budget`] the limits of memory and time.
#![warn(missing_docs, clippy::missing_errors_doc)]
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod budget;
pub mod error;
pub mod evaluate;
pub mod explain;
#[cfg(target_arch = "wasm32")]
mod export;
pub mod op;
pub mod ops;
pub mod predict;
mod run;
pub mod table;
pub mod tensor;
