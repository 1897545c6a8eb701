//! The covers of trees in a file beside the card, for files of models without covers: the number of
//! rows of the data at each node. An import without the data then makes the same component again.
//!
//! The first line has the digest of the model's file. Each other line has the counts of an
//! ensemble, in the order of its nodes.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The counts of each ensemble, in the order of the graph.
pub type Covers = Vec<Vec<f64>>;

/// Returns the path of the file beside a card.
pub fn beside(card: &Path) -> PathBuf {
    card.with_extension("covers")
}

/// Returns the text of the file, if it is there and was made for the model with this digest.
pub fn read(card: &Path, digest: &str) -> Option<String> {
    let text = std::fs::read_to_string(beside(card)).ok()?;
    (text.lines().next() == Some(digest)).then_some(text)
}

/// Reads the counts of each ensemble. A line that is no list of numbers counts as empty.
pub fn parse(text: &str) -> Covers {
    let counts = |line: &str| {
        let numbers = line.split_ascii_whitespace().map(|count| count.parse().ok());
        numbers.collect::<Option<Vec<f64>>>().unwrap_or_default()
    };
    text.lines().skip(1).map(counts).collect()
}

/// Writes the counts as text.
pub fn text(digest: &str, covers: &Covers) -> String {
    let mut text = format!("{digest}\n");
    for counts in covers {
        let counts: Vec<String> = counts.iter().map(f64::to_string).collect();
        let _ = writeln!(text, "{}", counts.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_are_read_as_they_were_written() {
        let covers = vec![vec![3.0, 1.0, 2.0], vec![], vec![1e6]];
        assert_eq!(parse(&text("sha256:0", &covers)), covers);
    }
}
