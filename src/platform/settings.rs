//! Settings: each limit and option, with its default and its variable.
//!
//! Variables are declared in `spin.toml`; `SPIN_VARIABLE_MAX_BODY_BYTES=2097152` sets one. Reading
//! one is a call to the host, so a request reads a limit only if it may exceed it.

use super::log;
use std::fmt::{self, Display};
use std::str::FromStr;

/// A body up to this size, in bytes, is taken without asking for the limit. The limit cannot be
/// lower.
pub const ALWAYS_TAKEN_BODY_BYTES: usize = 4096;

/// Returns the maximum size of a body, in bytes: variable `max_body_bytes`, 1 MiB by default. The
/// answer to a larger body is 413.
pub fn max_body_bytes() -> usize {
    variable("max_body_bytes", 1 << 20)
}

/// Returns the sample interval of `model_feature_bin_total`: variable `drift_sample_interval`, 16
/// by default. 16 counts one in sixteen predictions, 1 every prediction, 0 none. The variable is
/// read for a sample of the predictions only.
pub fn drift_sample_interval() -> u64 {
    variable("drift_sample_interval", 16)
}

/// A batch up to this many rows is taken without asking for the limits.
const ALWAYS_TAKEN_BATCH_ROWS: usize = 100;

/// Maximum number of values in a batch, under any setting of its limits.
pub const MOST_BATCH_VALUES: usize = 1_000_000;

/// Checks the size of a batch. Its limits are the variables `max_batch_rows`, 10,000 by default,
/// and `max_batch_values`, 250,000 values of all rows by default. The second one bounds the memory
/// for any model.
///
/// # Errors
///
/// The maximum number of rows, if the batch has more.
pub fn check_batch(rows: usize, features: usize) -> Result<(), usize> {
    if rows <= ALWAYS_TAKEN_BATCH_ROWS {
        return Ok(());
    }
    let limit = max_batch_rows(features);
    if rows <= limit { Ok(()) } else { Err(limit) }
}

/// Returns the maximum number of rows in a batch, for a model with this number of features.
pub fn max_batch_rows(features: usize) -> usize {
    let rows: usize = variable("max_batch_rows", 10_000);
    let values = variable("max_batch_values", 250_000).min(MOST_BATCH_VALUES);
    rows.min(values / features.max(1)).max(ALWAYS_TAKEN_BATCH_ROWS)
}

/// Explanations up to this cost are taken without asking for the limit.
const ALWAYS_TAKEN_EXPLANATION_COST: u64 = 1000;

/// Checks the cost of explanations, in thousands of multiplications. The limit is the variable
/// `max_explanation_cost`, 1,000,000 by default: one or two seconds.
///
/// # Errors
///
/// The limit, if the cost is larger.
pub fn check_explanation_cost(cost: u64) -> Result<(), u64> {
    if cost <= ALWAYS_TAKEN_EXPLANATION_COST {
        return Ok(());
    }
    let limit = variable("max_explanation_cost", 1_000_000).max(ALWAYS_TAKEN_EXPLANATION_COST);
    if cost <= limit { Ok(()) } else { Err(limit) }
}

/// Returns the origins whose pages may use the API: variable `cors_allowed_origins`, separated by
/// commas, or `*` for all; none by default.
pub fn cors_allowed_origins() -> String {
    get("cors_allowed_origins").unwrap_or_default()
}

/// Returns the headers that these pages may send, beside the service's own: variable
/// `cors_allowed_headers`, separated by commas; none by default.
pub fn cors_allowed_headers() -> String {
    let headers = get("cors_allowed_headers").unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_,. ".contains(&byte);
    if headers.bytes().all(is_plain) {
        return headers;
    }
    log::warn("variable cors_allowed_headers is not a list of headers; using none");
    String::new()
}

/// Returns the maximum number of body bytes to read and drop before a refusal: variable
/// `max_discarded_bytes`, 16 MiB by default. Otherwise a client may lose the answer with the
/// connection, if it first sends its whole body and only then reads.
pub fn max_discarded_bytes() -> usize {
    variable("max_discarded_bytes", 16 << 20)
}

/// The lines of the log beside warnings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Logging {
    /// None.
    Off,
    /// A line for each request.
    Requests,
    /// A line for each request, and one for each prediction.
    Audit,
}

impl FromStr for Logging {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "false" => Ok(Self::Off),
            "true" => Ok(Self::Requests),
            "audit" => Ok(Self::Audit),
            _ => Err(()),
        }
    }
}

impl Display for Logging {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "false",
            Self::Requests => "true",
            Self::Audit => "audit",
        })
    }
}

/// Returns the lines to log: variable `log_requests`, `true`, `audit` or `false`, the default. Among
/// predictions, only a sample reads it.
pub fn logging() -> Logging {
    variable("log_requests", Logging::Off)
}

/// Returns true if outcomes are taken: variable `outcomes`, `true` or `false`, the default. Whoever
/// may post them decides what the accuracy looks like.
pub fn takes_outcomes() -> bool {
    variable("outcomes", false)
}

/// Returns the key of the audit: variable `audit_key`, a secret. None if it is empty: then there is
/// no audit, and the log says so.
pub fn audit_key() -> Option<String> {
    let key = get("audit_key").map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    if key.is_none() {
        log::warn("variable log_requests is audit, and audit_key is empty; auditing nothing");
    }
    key
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
