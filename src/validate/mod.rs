//! Makes values for the model from a request's body.
//!
//! - [`rows`] reads JSON rows with [`json`], and [`tensor`] reads tensors.
//! - [`collect`] takes the values of both, and [`check`] checks each value.
//! - [`violations`] has all faults, with their locations and their numbers.

mod check;
mod collect;
mod json;
pub mod rows;
pub mod tensor;
mod violations;

pub use check::{Context, Issue, check};
pub use collect::{Input, Rows};
pub use violations::{Counts, Place, Violation, Violations};
