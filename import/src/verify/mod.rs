//! Tests a model on rows.
//!
//! [`rows`] makes rows, and [`answers`] evaluates them. [`synthetic`] tests made-up rows,
//! [`examples`] the card's examples, and [`agreement`] the rows of the data.

pub mod agreement;
pub mod answers;
pub mod examples;
pub mod rows;
pub mod synthetic;
