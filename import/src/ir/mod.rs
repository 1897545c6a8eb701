//! A model between its file and its component.
//!
//! [`graph`] has its operators, [`trees`] and [`classes`] put parts of it together for the readers of
//! files, and [`model`] is the result. [`program`] writes it as the runner reads it, and [`evaluate`]
//! asks that.

pub mod budget;
pub mod classes;
pub mod evaluate;
pub mod graph;
pub mod labels;
pub mod model;
pub mod program;
pub mod trees;
