//! The results of a check, for people and for programs.

use crate::check::drift::{Drift, State};
use crate::check::input::{Reason, Rows};
use crate::check::performance::{Beside, Value};
use crate::verify::agreement::Found;
use serde::Serialize;
use std::fmt;

/// The width of a line.
const WIDTH: usize = 80;

/// The longest name of a measure or subgroup, and of a feature.
const SUBJECT: usize = 38;
const NAME: usize = 26;

/// The longest label of a bin.
const BIN: usize = 18;

/// The most features to print, and the most subgroups if no more are worse. A program gets all.
const MOST_FEATURES: usize = 20;
const MOST_GROUPS: usize = 8;

/// The most classes to print of a measure.
const MOST_CLASSES: usize = 5;

/// The most bins to print of a feature.
const MOST_BINS: usize = 3;

/// The fewest rows for a verdict on the part of them refused, and the part to speak of: those of
/// the alert `ModelApiInputsRejected`.
const FEWEST_READ: usize = 50;
const REFUSED: f64 = 0.2;

/// The reason of a value that is no category of the model.
const UNKNOWN: &str = "unknown_category";

/// The fewest answered rows to judge.
const FEWEST_ANSWERED: usize = 10;

/// The results of a check.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The name of the model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// The rows, by their fate.
    pub rows: Rows,
    /// The agreement with a column `prediction`, and with the target.
    pub agreement: Vec<Found>,
    /// The performance; none without a target.
    pub performance: Option<Measured>,
    /// The drift of each feature with a reference, worst first.
    pub features: Vec<Drift>,
    /// The drift of the answers of each output with a reference.
    pub outputs: Vec<Drift>,
    /// The features without a reference in the card.
    pub without_reference: Vec<String>,
    /// What was not done, and why.
    pub notes: Vec<String>,
    /// What is worse, or has drifted.
    pub findings: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
}

/// The performance of the first output.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// The column with the truth.
    pub target: String,
    /// The output.
    pub output: String,
    /// The rows with an answer and a truth.
    pub people: usize,
    /// The answered rows without a value of the target.
    pub without_target: usize,
    /// The answered rows with a target that the model cannot answer.
    pub unknown_target: usize,
    /// The card's sentence about its own values.
    pub card: Option<String>,
    /// The values, for everyone and then by subgroup, the worst subgroup first.
    pub values: Vec<Value>,
}

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is worse, and nothing has drifted.
    NothingFound,
    /// Something is worse, or has drifted.
    Found,
    /// Too little could be judged.
    NoVerdict,
}

impl Report {
    /// True if something is worse, or has drifted: an exit code of 1.
    pub fn is_found(&self) -> bool {
        self.verdict == Verdict::Found
    }

    /// Finds what is worse, and gives the verdict.
    pub(super) fn judge(&mut self) {
        let Rows { read, answered, refused, .. } = self.rows;
        let mut findings = Vec::new();
        if read >= FEWEST_READ && refused as f64 > REFUSED * read as f64 {
            findings.push(format!("{refused} of {read} rows are refused"));
        }
        let unknown = self.rows.unusual.iter().filter(|one| one.reason == UNKNOWN);
        let many = unknown
            .filter(|one| read >= FEWEST_READ && one.values as f64 > REFUSED * answered as f64);
        findings.extend(many.map(|one| {
            let (values, name) = (one.values, one.feature.as_deref().unwrap_or_default());
            format!("feature {name:?}: {values} values are no category of the model")
        }));
        let chance = self.agreement.iter().filter(|one| one.is_chance);
        findings
            .extend(chance.map(|one| {
                format!("{}: no better than chance; is it the right column?", one.line)
            }));
        findings.extend(self.values().filter(|value| value.is_worse()).map(worse));
        for (what, drifts) in [("feature", &self.features), ("answers", &self.outputs)] {
            let drifted = drifts.iter().filter(|drift| drift.state == State::Drifted);
            findings.extend(
                drifted.map(|drift| {
                    format!("{what} {:?}: drifted, index {}", drift.name, index(drift))
                }),
            );
        }
        self.verdict = match (findings.is_empty(), self.judged()) {
            (false, _) => Verdict::Found,
            (true, [0, 0]) => Verdict::NoVerdict,
            (true, _) if answered < FEWEST_ANSWERED => Verdict::NoVerdict,
            (true, _) => Verdict::NothingFound,
        };
        self.findings = findings;
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.performance.iter().flat_map(|measured| &measured.values)
    }

    /// Returns the number of comparisons of the performance, and of distributions with a verdict.
    fn judged(&self) -> [usize; 2] {
        let values = self.values().filter(|value| value.comparison.is_some()).count();
        let drifts = self.features.iter().chain(&self.outputs);
        [values, drifts.filter(|drift| drift.state != State::TooFewRows).count()]
    }

    /// Returns the lines for a terminal. The last one is the verdict.
    pub fn lines(&self) -> Vec<String> {
        let Rows { read, answered, .. } = self.rows;
        let start =
            format!("{} {}: {answered} of {read} rows have an answer", self.model, self.version);
        let mut lines = wrapped("", &start);
        lines.extend(rows(&self.rows));
        lines.extend(self.agreement.iter().flat_map(|one| wrapped("  ", &one.line)));
        if let Some(measured) = &self.performance {
            lines.extend(performance(measured));
        }
        lines.extend(drift("features", &self.features));
        if !self.without_reference.is_empty() {
            let names = self.without_reference.join(", ");
            lines.extend(wrapped("  ", &format!("without a reference in the card: {names}")));
        }
        lines.extend(drift("answers", &self.outputs));
        lines.extend(self.notes.iter().flat_map(|note| wrapped("", note)));
        lines.extend(self.findings.iter().flat_map(|found| wrapped("found: ", found)));
        lines.extend(wrapped("", &self.verdict_in_words()));
        lines
    }

    fn verdict_in_words(&self) -> String {
        let [values, drifts] = self.judged();
        let judged = format!("{values} comparisons of performance and {drifts} distributions");
        match self.verdict {
            Verdict::Found => format!("verdict: {} found, in {judged}", self.findings.len()),
            Verdict::NothingFound => format!("verdict: nothing found, in {judged}"),
            Verdict::NoVerdict => {
                let answered = self.rows.answered;
                let needed = self.features.iter().chain(&self.outputs).map(|one| one.rows_needed);
                match needed.min() {
                    Some(needed) => format!(
                        "verdict: none from {answered} answered rows; drift needs {needed} of them"
                    ),
                    None => "verdict: none, since the card has nothing to compare with".to_owned(),
                }
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

fn rows(rows: &Rows) -> Vec<String> {
    let mut lines = Vec::new();
    let refused = format!("{} refused", rows.refused);
    for (what, reasons) in [(&refused[..], &rows.reasons), ("unusual, and answered", &rows.unusual)]
    {
        if !reasons.is_empty() {
            let reasons: Vec<String> = reasons.iter().map(reason).collect();
            lines.extend(wrapped("  ", &format!("{what}: {}", reasons.join(", "))));
        }
    }
    lines
}

/// Names a feature and its fault, with blanks that break no line.
fn reason(Reason { feature, reason, values }: &Reason) -> String {
    let feature = feature.as_deref().map_or(String::new(), |name| clipped(name, NAME) + " ");
    format!("{feature}{reason} ({values})").replace(' ', UNBROKEN)
}

fn performance(measured: &Measured) -> Vec<String> {
    let Measured { target, people, values, .. } = measured;
    let mut lines = vec![String::new()];
    if values.is_empty() {
        lines.push(format!(
            "performance: {people} rows have an answer and a target, and 10 are needed"
        ));
    } else {
        let title = format!("performance of {people} rows");
        lines.push(format!(
            "{title:<40}{:>9} {:>9} {:>9} {:>9}",
            "here", "card", "change", "people"
        ));
        let everyone = values.iter().take_while(|value| value.group.is_none());
        let everyone: Vec<&Value> = everyone.collect();
        for measure in everyone.chunk_by(|a, b| a.measure == b.measure) {
            lines.extend(measure.iter().take(MOST_CLASSES).map(|value| line(value)));
            if measure.len() > MOST_CLASSES {
                lines.push(format!(
                    "  and of {} more classes: --json",
                    measure.len() - MOST_CLASSES
                ));
            }
        }
        let groups: Vec<&Value> = values.iter().filter(|value| value.group.is_some()).collect();
        if !groups.is_empty() {
            lines.push("subgroups, worst first".to_owned());
        }
        let worse = groups.iter().filter(|value| value.is_worse()).count();
        let shown = worse.max(MOST_GROUPS).min(groups.len());
        lines.extend(groups[..shown].iter().map(|value| line(value)));
        if groups.len() > shown {
            lines.push(format!("  and {} more: --json", groups.len() - shown));
        }
    }
    let left_out = [
        (measured.without_target, "without a target"),
        (measured.unknown_target, "with a target that the model cannot answer"),
    ];
    for (count, why) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        lines.extend(wrapped("  ", &format!("left out: {count} rows {why}: {target}")));
    }
    if let Some(card) = &measured.card {
        lines.extend(wrapped("  ", &format!("card: {card}")));
    }
    lines
}

fn line(value: &Value) -> String {
    let mark = if value.is_worse() { '!' } else { ' ' };
    let figure = |number: f64| figure(value, number);
    let card = value.card.map_or("-".to_owned(), figure);
    let change = match value.card.map(|card| value.value - card) {
        None => "-".to_owned(),
        Some(_) if value.is_as_in_card() => "0".to_owned(),
        Some(change) => format!("{}{}", if change > 0.0 { "+" } else { "" }, figure(change)),
    };
    let (subject, here) = (clipped(&subject(value), SUBJECT), figure(value.value));
    format!("{mark} {subject:<SUBJECT$}{here:>9} {card:>9} {change:>9} {:>9}", value.people)
}

/// Names a measure, with its class and its subgroup.
fn subject(value: &Value) -> String {
    let measure = match value.measure {
        "auc" => "AUC".to_owned(),
        "brier_score" => "Brier score".to_owned(),
        name => name.replace('_', " "),
    };
    let class = value.class.iter().map(|class| format!(" of {}", clipped(class, BIN)));
    let group = value.feature.iter().zip(&value.group);
    let group = group.map(|(feature, group)| format!(", {feature} {group}"));
    std::iter::once(measure).chain(class).chain(group).collect()
}

/// Formats a value: a part of 1 with four decimals, an error with four digits.
fn figure(value: &Value, number: f64) -> String {
    match value.measure {
        "mean_absolute_error" if number != 0.0 => match number.abs() {
            1e-4..1e6 => {
                let decimals = (3.0 - value.value.abs().max(1e-4).log10().floor()).clamp(0.0, 7.0);
                format!("{number:.*}", decimals as usize)
            }
            _ => format!("{number:.2e}"),
        },
        _ => format!("{number:.4}"),
    }
}

/// Says of what, and by how much a value is worse.
fn worse(value: &Value) -> String {
    let Some(comparison) = value.comparison else { return subject(value) };
    let than = match comparison.beside {
        Beside::Card => "in the card",
        Beside::Others => "for the others",
    };
    let loss = figure(value, comparison.loss);
    format!("{}: {loss} worse than {than}", subject(value))
}

fn drift(what: &str, drifts: &[Drift]) -> Vec<String> {
    if drifts.is_empty() {
        return Vec::new();
    }
    let title = format!("drift of {what}");
    let mut lines = vec![String::new()];
    lines.push(format!("{title:<28} {:>7} {:>9}  most shifted bins: card → here", "index", "rows"));
    lines.extend(drifts.iter().take(MOST_FEATURES).map(|drift| {
        let mark = match drift.state {
            State::Drifted => '!',
            State::Stable => ' ',
            State::TooFewRows => '?',
        };
        let start = format!(
            "{mark} {:<NAME$} {:>7} {:>9}  ",
            clipped(&drift.name, NAME),
            index(drift),
            drift.rows
        );
        let bins = bins(drift, WIDTH - start.chars().count());
        format!("{start}{bins}").trim_end().to_owned()
    }));
    if let Some(more) = drifts.len().checked_sub(MOST_FEATURES).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more: --json"));
    }
    let few = || drifts.iter().filter(|drift| drift.state == State::TooFewRows);
    let needed = || few().map(|drift| drift.rows_needed);
    if let (Some(least), Some(most)) = (needed().min(), needed().max()) {
        let needed = if least == most { least.to_string() } else { format!("{least} to {most}") };
        lines.push(format!("? of too few rows for a verdict: {needed} are needed"));
    }
    lines
}

fn index(drift: &Drift) -> String {
    drift.index.map_or("-".to_owned(), |index| format!("{index:.3}"))
}

/// Names the most shifted bins, in so many letters.
fn bins(drift: &Drift, room: usize) -> String {
    let mut bins: Vec<_> = drift.bins.iter().filter(|bin| bin.part() >= 0.0005).collect();
    bins.sort_by(|a, b| b.part().total_cmp(&a.part()));
    let mut line = String::new();
    for bin in bins.into_iter().take(MOST_BINS).filter(|_| drift.rows > 0) {
        let words = clipped(&bin.words, BIN);
        let word = format!("{words}: {} → {}", percent(bin.reference), percent(bin.share));
        let separator = if line.is_empty() { "" } else { ", " };
        if line.chars().count() + separator.len() + word.chars().count() <= room {
            line += &format!("{separator}{word}");
        }
    }
    line
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 | 10.0.. => format!("{percent:.0} %"),
        _ => format!("{percent:.1} %"),
    }
}

/// Shortens a long name.
fn clipped(name: &str, most: usize) -> String {
    match name.chars().count() <= most {
        true => name.to_owned(),
        false => name.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// A blank that breaks no line, until it is printed.
const UNBROKEN: &str = "\u{a0}";

/// Breaks a sentence into lines. `first` is before the first line, and blanks before the others.
fn wrapped(first: &str, sentence: &str) -> Vec<String> {
    let indent = " ".repeat(first.len().max(2) + 2);
    let (mut lines, mut line) = (Vec::new(), first.to_owned());
    for (index, word) in sentence.split(' ').enumerate() {
        if index > 0 && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
        } else {
            let blank = if index > 0 { " " } else { "" };
            line += &format!("{blank}{word}");
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.replace(UNBROKEN, " ")).collect()
}
