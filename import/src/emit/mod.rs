//! Writes a model's component, and names it in a manifest.
//!
//! [`lower`] writes the contract's values as bytes of a component's memory. [`runner`] builds the runner,
//! the component for the evaluation of a model. [`component`] appends the model to the runner.
//! [`manifest`] edits `spin.toml`, and [`write`] writes files.

pub mod component;
pub mod lower;
pub mod manifest;
pub mod runner;
pub mod write;
