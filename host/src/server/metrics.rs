//! The host's own metrics, in Prometheus' text format: figures no component can count, and the
//! current use of each limit.

use super::refusal::REASONS;
use super::shared::Shared;
use std::fmt::{Display, Write};

/// The path of the metrics.
pub const PATH: &str = "/.well-known/model-api/metrics";
/// The content type of the metrics.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the text of all metric families.
pub fn exposition(shared: &Shared) -> String {
    let Shared { app, bodies, responses, errors, connections, .. } = shared;
    let mut text = String::new();
    let errors = REASONS.iter().zip(errors.counts()).map(|((status, reason), count)| {
        (format!("{{status=\"{status}\",reason=\"{reason}\"}}"), count)
    });
    let name = "model_api_host_errors_total";
    family(&mut text, name, "counter", "Requests that no component answered.", errors);
    let name = "model_api_host_evicted_connections_total";
    let help = "Connections that were closed to make room for others.";
    family(&mut text, name, "counter", help, [(String::new(), connections.evicted())]);
    for (name, help, value) in [
        ("connections", "Open connections.", connections.len()),
        ("requests", "Requests that components work on.", shared.at_work()),
        ("body_bytes", "Memory of requests' bodies, without small ones.", bodies.taken()),
        ("response_bytes", "Memory of responses' bodies, without small ones.", responses.taken()),
        ("memory_bytes", "Linear memory of all instances.", app.memory.taken()),
    ] {
        let name = format!("model_api_host_{name}");
        family(&mut text, &name, "gauge", help, [(String::new(), value)]);
    }
    text
}

/// Appends one family to `text`. Each sample is its labels and its value.
fn family<V: Display>(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    samples: impl IntoIterator<Item = (String, V)>,
) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}
