//! The operators, by what they do.

pub mod elementwise;
pub mod encode;
pub mod impute;
pub mod matrix;
pub mod reduce;
pub mod structure;
pub mod svm;
pub mod tree;
