//! A log that nobody reads. Each line has to be one.

#[path = "../../../../src/platform/log.rs"]
mod lines;

pub use lines::shown;

pub fn of_request(id: &str, trace_id: Option<&str>) {
    check(id);
    check(trace_id.unwrap_or_default());
}

pub fn info(message: &str) {
    check(message);
}

pub fn warn(message: &str) {
    check(message);
}

/// Only the mark of a text that was cut is not ASCII.
fn check(text: &str) {
    assert!(text.chars().all(|c| matches!(c, ' '..='~' | '…')), "{text:?} in the log");
}
