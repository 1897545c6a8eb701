//! Makes values for the model from a request's body.
//!
//! - [`rows`] reads JSON rows with [`json`] and [`raw`], and [`tensor`] reads tensors. [`csv`] makes JSON of
//!   CSV.
//! - [`outcomes`] reads what became true, beside the answers.
//! - [`explain`] reads the choice of explanations, and has their limits.
//! - [`collect`] takes the values of both, and [`check`] checks each value; [`units`] converts it.
//! - [`violations`] has all faults, with their locations and their numbers.

mod check;
mod collect;
pub mod csv;
pub mod explain;
mod json;
pub mod outcomes;
mod raw;
pub mod rows;
pub mod tensor;
mod units;
mod violations;

pub use check::{Context, Issue, check, is_within};
pub use collect::{Input, Rows};
pub use explain::Explain;
pub use raw::Raw;
pub use violations::{Counts, Place, Violation, Violations};
