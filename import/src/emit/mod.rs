//! Writes a model's component, and names it in a manifest.
//!
//! [`layout`] lowers the contract's records to their bytes in memory. [`runner`] builds the runner,
//! the component for the evaluation of a model. [`component`] appends the model to the runner.
//! [`manifest`] edits `spin.toml`, and [`write`] writes files.

pub mod component;
pub mod layout;
pub mod manifest;
pub mod runner;
pub mod write;
