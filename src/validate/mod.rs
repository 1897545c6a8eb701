//! Makes values for the model from a request's body.
//!
//! - [`rows`] reads JSON rows with [`json`], and [`tensor`] reads tensors.
//! - [`explain`] reads the choice of explanations, and has their limits.
//! - [`collect`] takes the values of both, and [`check`] checks each value; [`units`] converts it.
//! - [`violations`] has all faults, with their locations and their numbers.

mod check;
mod collect;
pub mod explain;
mod json;
pub mod rows;
pub mod tensor;
mod units;
mod violations;

pub use check::{Context, Issue, check};
pub use collect::{Input, Rows};
pub use explain::Explain;
pub use violations::{Counts, Place, Violation, Violations};
