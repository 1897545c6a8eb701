//! One file for each route.

pub mod metrics;
pub mod predict;
pub mod root;
