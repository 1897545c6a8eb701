//! A model between its file and its component.
//!
//! [`graph`] has the operators of a model. [`trees`] and [`classes`] build parts of it for the
//! readers of all formats, and [`model`] is the result. [`program`] writes the graph for the
//! runner, and [`evaluate`] runs this program during the import.

pub mod budget;
pub mod classes;
pub mod evaluate;
pub mod graph;
pub mod labels;
pub mod model;
pub mod program;
pub mod trees;
