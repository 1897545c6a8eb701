//! Tests a model on rows.
//!
//! [`rows`] makes rows, and [`answers`] evaluates them. [`synthetic`] tests made-up rows,
//! [`examples`] the card's examples, and [`agreement`] the rows of the data. [`performance`] measures
//! the answers to these rows, or to held-out ones.

pub mod agreement;
pub mod answers;
pub mod examples;
pub mod performance;
pub mod rows;
pub mod synthetic;
