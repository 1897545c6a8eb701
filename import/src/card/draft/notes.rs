//! Writes notes about several features at once.

use super::{Data, Writer};
use crate::card::reference::{Reason, fewest_rows};

/// The most features named in a note.
const NAMED: usize = 4;

impl Writer {
    /// Adds the notes about several features at once.
    pub(super) fn note_all(&mut self, data: Option<Data>) {
        if !self.unbounded.is_empty() {
            let names = some(&self.unbounded);
            self.notes.push(format!("{names}: any number is taken; give a range"));
        }
        if !self.untrained.is_empty() {
            let seen = if data.is_some() {
                "the data has none"
            } else {
                "the file does not say if training had any"
            };
            self.notes.push(format!(
                "{}: missing values are refused, since {seen}; missing = \"handle\" takes them",
                some(&self.untrained)
            ));
        }
        for (reason, why) in [
            (
                Reason::Cyclic,
                "the rows go through their values in order, as through hours or weekdays",
            ),
            (Reason::ManyCategories, "they have too many categories"),
        ] {
            let names = self.without_reference.iter().filter(|(of, _)| *of == reason);
            let names: Vec<String> = names.map(|(_, name)| name.clone()).collect();
            if !names.is_empty() {
                self.notes.push(format!("{}: no reference for drift, since {why}", some(&names)));
            }
        }
        let is_few = |(reason, _): &&(Reason, String)| *reason == Reason::FewRows;
        let few = self.without_reference.iter().filter(is_few).count();
        if let Some(data) = data.filter(|_| few > 0) {
            self.notes.push(format!(
                "{} rows are too few for a reference of {few} features; drift needs {} rows, and more for \
                 more bins",
                data.profile.rows,
                fewest_rows(2)
            ));
        }
    }
}

/// Lists the first names, and counts the other ones.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
