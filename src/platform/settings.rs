//! Settings: each limit and option, with its default and the variable that sets it.
//!
//! Variables are declared in `spin.toml`; `SPIN_VARIABLE_MAX_BODY_BYTES=2097152` sets one. Reading
//! one is a call to the host, so that a limit is read only by requests that may exceed it.

use super::log;
use std::fmt::Display;
use std::str::FromStr;

/// A body up to this size is taken without asking for the limit, which cannot be set lower.
pub const ALWAYS_TAKEN_BODY_BYTES: usize = 4096;

/// The largest body that is read, in bytes: variable `max_body_bytes`, 1 MiB by default. More is
/// answered 413.
pub fn max_body_bytes() -> usize {
    variable("max_body_bytes", 1 << 20)
}

/// One in how many predictions is counted in `model_feature_bin_total`: variable
/// `drift_sample_interval`, 16 by default. 1 counts every prediction, 0 none. It is read for a
/// sample of the predictions only.
pub fn drift_sample_interval() -> u64 {
    variable("drift_sample_interval", 16)
}

/// A batch up to this many rows is taken without asking for the limits.
const ALWAYS_TAKEN_BATCH_ROWS: usize = 100;

/// However the limits of a batch are set, it has no more values than this.
pub const MOST_BATCH_VALUES: usize = 1_000_000;

/// Checks the size of a batch: variable `max_batch_rows`, 10,000 by default, and variable
/// `max_batch_values`, 250,000 values of all rows by default, which bounds memory whatever the
/// model is. More is refused.
///
/// # Errors
///
/// The number of rows that is allowed.
pub fn check_batch(rows: usize, features: usize) -> Result<(), usize> {
    if rows <= ALWAYS_TAKEN_BATCH_ROWS {
        return Ok(());
    }
    let limit = max_batch_rows(features);
    if rows <= limit { Ok(()) } else { Err(limit) }
}

/// The largest batch of a model with that many features, in rows.
pub fn max_batch_rows(features: usize) -> usize {
    let rows: usize = variable("max_batch_rows", 10_000);
    let values = variable("max_batch_values", 250_000).min(MOST_BATCH_VALUES);
    rows.min(values / features.max(1)).max(ALWAYS_TAKEN_BATCH_ROWS)
}

/// The origins whose pages may use the API: variable `cors_allowed_origins`, with commas between
/// them, or `*` for all; none by default.
pub fn cors_allowed_origins() -> String {
    get("cors_allowed_origins").unwrap_or_default()
}

/// The headers that pages of those origins may send beside the service's own: variable
/// `cors_allowed_headers`, with commas between them; none by default.
pub fn cors_allowed_headers() -> String {
    let headers = get("cors_allowed_headers").unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_,. ".contains(&byte);
    if headers.bytes().all(is_plain) {
        return headers;
    }
    log::warn("variable cors_allowed_headers is not a list of headers; using none");
    String::new()
}

/// The bytes of a body that are read and dropped before a refusal: variable
/// `max_discarded_bytes`, 16 MiB by default. A client that sends all before it reads would
/// otherwise lose the answer with the connection.
pub fn max_discarded_bytes() -> usize {
    variable("max_discarded_bytes", 16 << 20)
}

/// Returns true if each request is to be logged: variable `log_requests`, false by default. Of
/// predictions it is read for a sample only.
pub fn log_requests() -> bool {
    variable("log_requests", false)
}

/// Returns the value of a variable; none if it is not declared.
fn get(name: &str) -> Option<String> {
    spin_sdk::variables::get(name).ok()
}

fn variable<T: FromStr + Copy + Display>(name: &str, default: T) -> T {
    match get(name) {
        Some(text) => text.trim().parse().unwrap_or_else(|_| {
            log::warn(&format!("variable {name} is not understood; using {default}"));
            default
        }),
        None => default,
    }
}
