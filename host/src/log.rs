//! Where log lines go: one line for each event.

use std::fmt::Display;
use std::sync::Arc;

/// A sink for log lines. Clones share it.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// A log that gives each line, without a line end, to `sink`.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// A log that prints to standard error.
    pub fn stderr() -> Self {
        Self::new(|line| eprintln!("{line}"))
    }

    /// Writes one event as one line.
    ///
    /// Control characters are escaped: neither a guest nor a client can forge a second line, or
    /// move the cursor of the terminal that shows it.
    pub fn line(&self, event: impl Display) {
        (self.0)(&one_line(&event.to_string()));
    }
}

fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => line.push(' '),
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn an_event_with_line_breaks_stays_one_line() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let log = Log::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        log.line("first\nsecond\u{1b}[2J");
        assert_eq!(*lines.lock().unwrap(), ["first\\nsecond\\u{1b}[2J"]);
    }
}
