//! Counters that are exact although no instance lives longer than one request.
//!
//! Recording, on the way of every request:
//! - [`record`] turns an exchange into increments of the host's store.
//! - [`key`] puts labels and histogram buckets into the counter's key, so that one increment is one
//!   observation in every family that can be derived from it. Each sum has a counter of its own.
//!
//! Exposition, on a scrape:
//! - [`counter::totals`] reads everything back, [`families`] derives the families from it, and
//!   [`text`] writes them.
//!
//! [`drift`] puts values into the bins of the model's reference, and [`buckets`] has the bounds of
//! the histograms.

mod buckets;
mod counter;
pub mod drift;
mod families;
mod key;
#[cfg(test)]
mod memory;
mod record;
mod text;

pub use counter::{Counters, Totals, totals};
pub use families::families;
pub use record::{Bins, Exchange, Inference, Invalid, NO_FEATURE, Observed, Outcome, record};
pub use text::{Format, write};
