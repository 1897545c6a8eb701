//! The file of the answers, and what is said of them.

use crate::predict::input::Input;
use crate::predict::lines::Form;
use crate::predict::score::Tally;
use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The most reasons of refusals that are said.
const MOST_REASONS: usize = 10;

/// The width of a terminal.
const WIDTH: usize = 80;

/// The file of the answers. It has whole lines only.
pub struct Output {
    path: PathBuf,
    file: Option<File>,
    /// The bytes written.
    length: u64,
}

impl Output {
    /// Makes the file, or takes standard output for `-`.
    ///
    /// # Errors
    ///
    /// If it is the file of the rows, or cannot be made.
    pub fn create(path: &Path, rows: &Path) -> Result<Self> {
        let is_known =
            Form::of_name(path).is_some() || path.extension().is_none() || path.starts_with("/dev");
        ensure!(is_known, "{}: answers are CSV or NDJSON; name it .csv or .ndjson", path.display());
        let file = match path.to_str() {
            Some("-") => None,
            _ => {
                let is_rows = path.exists() && path.canonicalize().ok() == rows.canonicalize().ok();
                ensure!(
                    !is_rows,
                    "{} has the rows; name another file for the answers",
                    path.display()
                );
                Some(
                    File::create(path)
                        .with_context(|| format!("cannot write {}", path.display()))?,
                )
            }
        };
        Ok(Self { path: path.to_owned(), file, length: 0 })
    }

    /// Writes whole lines. Returns false if nobody reads them: a pipe is closed.
    ///
    /// # Errors
    ///
    /// If they cannot be written. A file keeps the lines before them.
    pub fn write(&mut self, lines: &[u8]) -> Result<bool> {
        let written = match &mut self.file {
            Some(file) => file.write_all(lines),
            None => io::stdout().lock().write_all(lines).and_then(|()| io::stdout().flush()),
        };
        match written {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => {
                // No half line. What is no file, such as a pipe, has no length.
                if let Some(file) = &self.file {
                    let _ = file.set_len(self.length);
                }
                Err(error).with_context(|| format!("cannot write {}", shown(&self.path)))
            }
        }
    }
}

/// Names a file for people.
pub fn shown(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard output".to_owned(),
        _ => path.display().to_string(),
    }
}

/// The progress, on a terminal.
pub struct Progress {
    bar: ProgressBar,
    read: Arc<AtomicU64>,
    started: Instant,
}

impl Progress {
    /// Begins to show the progress of reading a file.
    pub fn new(input: &Input, output: &Path) -> Self {
        // A bar among answers would spoil both.
        let is_shown = output.to_str() != Some("-") || !io::stdout().is_terminal();
        let target = if is_shown {
            ProgressDrawTarget::stderr_with_hz(4)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(input.length, target);
        let template = match input.length {
            Some(_) => "{bar:30} {percent:>3} %  {msg}  {eta} left",
            None => "{spinner} {msg}",
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is right"));
        Self { bar, read: input.read.clone(), started: Instant::now() }
    }

    /// Shows the rows so far.
    pub fn show(&self, tally: &Tally) {
        self.bar.set_position(self.read.load(Ordering::Relaxed));
        self.bar.set_message(format!("{} rows", grouped(tally.rows)));
    }

    /// Ends, and returns the time since the beginning.
    pub fn end(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

/// Says in lines what became of the rows.
pub fn summary(output: &Path, tally: &Tally, time: Duration) -> Vec<String> {
    let (seconds, answered) = (time.as_secs_f64(), tally.rows - tally.refused);
    let mut lines = vec![format!(
        "{}: {} of {} rows answered in {seconds:.1} s, {} a second",
        shown(output),
        grouped(answered),
        grouped(tally.rows),
        grouped((tally.rows as f64 / seconds.max(1e-3)) as u64)
    )];
    if tally.unusual > 0 {
        lines.push(format!(
            "  {} with an unusual value: see the column warnings",
            grouped(tally.unusual)
        ));
    }
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    if tally.refused > 0 {
        lines.push(format!("  {} refused: see the column refused", grouped(tally.refused)));
    }
    for (reason, count) in reasons.iter().take(MOST_REASONS) {
        lines.push(cut(format!("  {:>9} {reason}", grouped(**count))));
    }
    if let Some(more) = reasons.len().checked_sub(MOST_REASONS).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more reasons"));
    }
    lines
}

/// Cuts a line to the width of a terminal.
fn cut(line: String) -> String {
    match line.char_indices().nth(WIDTH) {
        None => line,
        Some(_) => line.chars().take(WIDTH - 1).chain(['…']).collect(),
    }
}

/// Writes a number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_thousands_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_summary_fits_a_terminal_and_has_the_most_frequent_reasons_first() {
        let reasons = (0..12).map(|place| (format!("{place}: {}", "x".repeat(90)), place));
        let tally = Tally { rows: 2000, refused: 66, reasons: reasons.collect(), unusual: 1 };
        let lines = summary(Path::new("a.csv"), &tally, Duration::from_secs(2));
        assert_eq!(lines[0], "a.csv: 1,934 of 2,000 rows answered in 2.0 s, 1,000 a second");
        assert!(
            lines[3].starts_with("         11 11: xxx") && lines[3].ends_with('…'),
            "{}",
            lines[3]
        );
        assert_eq!(lines.last().unwrap(), "  and 2 more reasons");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
    }
}
