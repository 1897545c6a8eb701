//! The log: lines on standard error, which the host collects.

use std::sync::OnceLock;

/// What every line ends with. An instance serves one request, so that all lines are of that one.
static SUFFIX: OnceLock<String> = OnceLock::new();

/// Says which request the lines are of.
pub fn of_request(id: &str, trace_id: Option<&str>) {
    let trace = trace_id.map(|trace_id| format!(" trace_id={trace_id}")).unwrap_or_default();
    SUFFIX.get_or_init(|| format!(" request_id={id}{trace}"));
}

/// Something that happened.
pub fn info(message: &str) {
    line("info", message);
}

/// Something that an operator should look at.
pub fn warn(message: &str) {
    line("warning", message);
}

fn line(level: &str, message: &str) {
    eprintln!("{level}: {message}{}", SUFFIX.get().map_or("", String::as_str));
}
