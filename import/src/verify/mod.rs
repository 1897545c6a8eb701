//! Asks a model.
//!
//! [`rows`] makes rows, [`synthetic`] asks made-up ones, [`examples`] those of the card, and
//! [`agreement`] those of data.

pub mod agreement;
pub mod answers;
pub mod examples;
pub mod rows;
pub mod synthetic;
