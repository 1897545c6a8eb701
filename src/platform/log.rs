//! The log: lines on standard error, which the host collects.

use std::io::Write;
use std::sync::OnceLock;

/// The request that all lines are of: an instance serves one. Most requests log nothing, so that the end of a line
/// is not made before there is one.
static REQUEST: OnceLock<Request> = OnceLock::new();

struct Request {
    id: String,
    trace_id: Option<String>,
}

/// Says which request the lines are of.
pub fn of_request(id: &str, trace_id: Option<&str>) {
    REQUEST.get_or_init(|| Request { id: id.to_owned(), trace_id: trace_id.map(str::to_owned) });
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
    let mut text = [level, ": ", message].concat();
    if let Some(Request { id, trace_id }) = REQUEST.get() {
        text.extend([" request_id=", id]);
        if let Some(trace_id) = trace_id {
            text.extend([" trace_id=", trace_id]);
        }
    }
    text.push('\n');
    // A log that cannot be written is no reason to fail a request, as `eprintln!` would.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The longest text of a client's in a line of the log, in bytes: a longer line could be cut by the
/// host, and its rest look like a line of its own.
const MAX_SHOWN_BYTES: usize = 1024;

/// Makes a client's text fit for a line of the log: cut, and without characters that end a
/// line or change how it is shown.
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
