//! Every limit, with its default and the variable that sets it.
//!
//! Variables are declared in `spin.toml`; `SPIN_VARIABLE_MAX_BODY_BYTES=2097152` sets one. Reading
//! one is a call to the host, so only those requests read it that may hit the limit.

use crate::edge::{log, variables};
use std::str::FromStr;

/// A body up to this size is taken without asking for the limit, which cannot be set lower.
pub const ALWAYS_TAKEN_BODY_BYTES: usize = 4096;

/// The largest body that is read, in bytes: variable `max_body_bytes`, 1 MiB by default. More is
/// answered 413.
pub fn max_body_bytes() -> usize {
    variable("max_body_bytes", 1 << 20)
}

/// One in how many predictions is counted in `model_feature_bin_total`: variable
/// `drift_sample_interval`, 16 by default. 1 counts every prediction, 0 none.
pub fn drift_sample_interval() -> u64 {
    variable("drift_sample_interval", 16)
}

fn variable<T: FromStr + Copy>(name: &str, default: T) -> T {
    match variables::get(name) {
        Some(text) => text.trim().parse().unwrap_or_else(|_| {
            log::warn(&format!("variable {name} should be a whole number; using the default"));
            default
        }),
        None => default,
    }
}
