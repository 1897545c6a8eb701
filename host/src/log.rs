//! The log: one line for each event.

use std::fmt::Display;
use std::io::Write;
use std::sync::Arc;

/// A sink for log lines. Clones share the sink.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// Makes a log from the function `sink`. It gets each line without a line end.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Makes a log on standard error. A line is lost if it cannot be written: a full disk must not
    /// stop the server, as it would with `eprintln!`.
    pub fn stderr() -> Self {
        Self::new(|line| {
            let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
        })
    }

    /// Writes one event as one line.
    ///
    /// Invisible characters and control characters are escaped. So no guest or client can forge a
    /// second line, or change the display of this line in a terminal.
    pub fn line(&self, event: impl Display) {
        (self.0)(&one_line(&event.to_string()));
    }
}

fn one_line(text: &str) -> String {
    if !text.contains(is_hidden) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => line.push(' '),
            c if is_hidden(c) => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

/// Returns true for control characters, and for Unicode characters that break lines, change the
/// text direction or are invisible.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn logged(event: &str) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        Log::new(move |line| sink.lock().unwrap().push(line.to_owned())).line(event);
        std::mem::take(&mut lines.lock().unwrap())
    }

    #[test]
    fn an_event_with_line_breaks_stays_one_line() {
        assert_eq!(logged("first\nsecond\u{1b}[2J"), ["first\\nsecond\\u{1b}[2J"]);
    }

    #[test]
    fn a_line_separator_and_a_change_of_direction_are_escaped() {
        assert_eq!(logged("a\u{2028}b\u{202e}c é"), ["a\\u{2028}b\\u{202e}c é"]);
    }
}
