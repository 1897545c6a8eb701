//! The log: lines on standard error, which the host collects.

use std::io::Write;
use std::sync::OnceLock;

/// The end of every line. An instance serves one request, so that all lines are of that one.
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
    let suffix = SUFFIX.get().map_or("", String::as_str);
    // A log that cannot be written is no reason to fail a request, as `eprintln!` would.
    let _ = std::io::stderr().write_all(format!("{level}: {message}{suffix}\n").as_bytes());
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
