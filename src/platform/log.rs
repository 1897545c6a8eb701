//! The log: lines on standard error. The host collects them.

use std::io::Write;
use std::sync::OnceLock;

/// The request of all lines: an instance serves only one. Most requests log nothing, so the text
/// with the ids is made only when a line is written.
static REQUEST: OnceLock<Request> = OnceLock::new();

struct Request {
    id: String,
    trace_id: Option<String>,
}

/// Sets the ids of the request for all later lines.
pub fn of_request(id: &str, trace_id: Option<&str>) {
    REQUEST.get_or_init(|| Request { id: id.to_owned(), trace_id: trace_id.map(str::to_owned) });
}

/// Logs an event.
pub fn info(message: &str) {
    line("info", message);
}

/// Logs a problem for an operator to look at.
pub fn warn(message: &str) {
    line("warning", message);
}

fn line(level: &str, message: &str) {
    let mut text = [level, ": ", message].concat();
    if let Some(Request { id, trace_id }) = REQUEST.get() {
        text.extend([" request_id=", id]);
        if let Some(trace_id) = trace_id {
            text.extend([" trace_id=", trace_id]);
        }
    }
    text.push('\n');
    // A failed write to the log must not fail the request, as `eprintln!` would.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Maximum length of a client's text in a line of the log, in bytes. The host could cut a longer
/// line, and the rest would look like a line of its own.
const MAX_SHOWN_BYTES: usize = 1024;

/// Makes a client's text fit for a line of the log: cuts it, and escapes all but printable ASCII.
/// So no character of it ends the line or changes its display.
pub fn shown(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MAX_SHOWN_BYTES)];
    let mut shown = String::with_capacity(cut.len());
    for character in cut.chars() {
        match character {
            ' '..='~' => shown.push(character),
            _ => shown.extend(character.escape_default()),
        }
    }
    if cut.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_odd_text_is_cut_and_escaped() {
        assert_eq!(shown("/v2/a'b\\"), "/v2/a'b\\");
        assert_eq!(shown("a\nb\u{2028}\u{202e}é"), "a\\nb\\u{2028}\\u{202e}\\u{e9}");
        assert_eq!(shown(&"x".repeat(1025)), format!("{}…", "x".repeat(1024)));
        assert_eq!(shown(&"é".repeat(600)).matches("\\u{e9}").count(), 512);
    }
}
