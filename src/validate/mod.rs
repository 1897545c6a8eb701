//! From a request's body to the values that the model takes.
//!
//! - [`rows`] reads JSON rows with [`json`], and [`tensor`] reads tensors.
//! - [`collect`] takes the values of both, and [`check`] checks each.
//! - [`violations`] has all that is wrong, where it is, and how often.

mod check;
mod collect;
mod json;
pub mod rows;
pub mod tensor;
mod violations;

pub use check::{Context, Issue, check};
pub use collect::{Input, Rows};
pub use violations::{Counts, Place, Violation, Violations};
