//! The operators, in a module for each kind.
//!
//! Each function takes tensors and attributes, and returns a new tensor. An axis is an index; a
//! negative one counts from the end. A wrong type or shape of an input is an error.

pub mod contributions;
pub mod elementwise;
pub mod encode;
pub mod impute;
pub mod matrix;
pub mod reduce;
pub mod structure;
pub mod svm;
pub mod tree;
