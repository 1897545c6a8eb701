//! Counters that are exact although no instance lives longer than one request.
//!
//! Recording, on the way of every request:
//! - [`observed`] takes the facts of a prediction; [`drift`] puts values into the bins of the model's
//!   reference.
//! - [`sample`] draws the rows for which settings are read.
//! - [`count`] turns an exchange into increments of the host's store. A number only rises, and has
//!   one meaning, but for the mark of [`sample`]: a request that is cut off loses what it had not added yet, and nothing else.
//! - [`key`] puts labels and histogram buckets into the counter's key, so that one increment is one
//!   observation in every family that can be derived from it. Each sum has a counter of its own.
//!
//! Exposition, on a scrape:
//! - [`totals`] reads everything back, [`families`] derives the families from it, and [`text`]
//!   writes them.
//!
//! [`buckets`] has the bounds of the histograms.

mod buckets;
mod count;
mod drift;
mod families;
mod key;
#[cfg(test)]
mod memory;
mod observed;
mod sample;
mod text;
mod totals;

pub use count::{record, started};
pub use families::{Context, Stats};
pub use observed::Observed;
pub use sample::Sample;
pub use text::{Format, write};
pub use totals::{Totals, totals};

#[cfg(test)]
mod tests;
