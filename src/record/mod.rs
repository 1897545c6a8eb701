//! Counters with exact values, although each instance ends with its request.
//!
//! Recording, at every request:
//! - [`observed`] collects the facts of a prediction, and [`explained`] those of explanations;
//!   [`drift`] sorts values into the bins of the model's reference.
//! - [`sample`] draws the rows for which settings are read.
//! - [`count`] turns an exchange into increments of the host's store. A number only rises, and has
//!   one meaning, except for the mark of [`sample`]. So a request cut off halfway loses only its
//!   remaining increments.
//! - [`key`] puts labels and histogram buckets into the counter's key, so one increment is one
//!   observation in every family derived from it. Each sum has a counter of its own.
//! - [`audit`] logs a line for each prediction, if the settings ask for it.
//! - [`outcomes`] turns answers and their truths into increments; [`scaled`] has the units of numbers
//!   of any size.
//!
//! Exposition, on a scrape:
//! - [`totals`] reads all counters, [`families`] derives the families from them, and [`text`]
//!   writes them.
//!
//! [`buckets`] has the bounds of the histograms.

mod audit;
mod buckets;
mod count;
mod drift;
mod explained;
mod families;
mod key;
#[cfg(test)]
mod memory;
mod observed;
mod outcomes;
mod sample;
mod scaled;
mod text;
mod totals;

pub use audit::audit;
pub use count::{explanation_started, record, started};
pub use families::{Context, Stats};
pub use observed::Observed;
pub use outcomes::{count_invalid_outcomes, count_outcomes};
pub use sample::Sample;
pub use text::{Format, write};
pub use totals::{Totals, totals};

#[cfg(test)]
mod tests;
