//! Writes a model's component, and names it in a manifest.
//!
//! [`layout`] lays the contract's records out as they are in memory, [`runner`] has the component that
//! evaluates a model, and [`component`] appends one to the other. [`manifest`] edits `spin.toml`, and [`write`] writes files.

pub mod component;
pub mod layout;
pub mod manifest;
pub mod runner;
pub mod write;
