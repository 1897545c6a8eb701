//! Answers as a table, with a line for each row: CSV, or JSON.

use super::answer::Answer;
use crate::http::{Response, RowForm};
use crate::model::{Feature, Output};
use crate::validate::{Violation, Violations};
use serde::Serialize;

/// Makes a response with a line of JSON for each answer.
pub fn lines(answers: &[Answer]) -> Response {
    let mut body = Vec::new();
    for answer in answers {
        serde_json::to_writer(&mut body, answer).expect("our own types become JSON");
        body.push(b'\n');
    }
    Response::new(RowForm::Lines.media_type(), body)
}

/// Makes a response of CSV. The rows have warnings about accepted values.
pub fn csv(answers: &[Answer], features: &[Feature], accepted: &Violations) -> Response {
    let groups = features.iter().filter(|feature| feature.group.is_some());
    let has_confidence = answers.iter().any(|answer| answer.confidence.is_some());
    let explanation = answers.first().and_then(|answer| answer.explanation.as_ref());
    // The header.
    let mut table = Table::default();
    match answers.first().map(|answer| &answer.prediction) {
        Some(named) if named.outputs.len() > 1 => {
            named
                .notes
                .iter()
                .for_each(|output| table.cell(&format!("prediction.{}", output.name)));
        }
        _ => table.cell("prediction"),
    }
    if has_confidence {
        table.cell("confidence");
    }
    table.cell("model_version");
    groups.for_each(|feature| table.cell(&format!("groups.{}", feature.name)));
    let columns = explanation.map(|explanation| explanation.columns(features));
    columns.iter().flatten().for_each(|name| table.cell(name));
    if !accepted.is_empty() {
        table.cell("warnings");
    }
    table.end_row();
    // The rows.
    for (row, answer) in answers.iter().enumerate() {
        for output in answer.prediction.outputs {
            match output {
                Output::Class(class) => table.cell(&class.label),
                Output::Quantity(quantity) => table.json(quantity),
            }
        }
        if has_confidence {
            table.number(answer.confidence);
        }
        table.cell(answer.model_version);
        for (_, name) in answer.groups.cells() {
            table.cell(&name.unwrap_or_default());
        }
        let cells =
            answer.explanation.as_ref().map(|explanation| explanation.cells(features.len()));
        cells.into_iter().flatten().for_each(|number| table.number(number));
        if !accepted.is_empty() {
            let warnings: Vec<_> = accepted.of_row(row).map(Violation::words).collect();
            table.cell(&warnings.join("; "));
        }
        table.end_row();
    }
    Response::new(RowForm::Csv.media_type(), table.text)
}

/// Writes CSV by RFC 4180, with `\n` at the end of a line.
#[derive(Default)]
struct Table {
    text: Vec<u8>,
    is_in_row: bool,
}

impl Table {
    /// Writes a cell.
    fn cell(&mut self, cell: &str) {
        if self.is_in_row {
            self.text.push(b',');
        }
        self.is_in_row = true;
        if cell.contains([',', '"', '\n', '\r']) {
            self.text.push(b'"');
            for byte in cell.bytes() {
                let count = if byte == b'"' { 2 } else { 1 };
                self.text.extend(std::iter::repeat_n(byte, count));
            }
            self.text.push(b'"');
        } else {
            self.text.extend(cell.as_bytes());
        }
    }

    /// Writes a number; an empty cell if there is none.
    fn number(&mut self, number: Option<f64>) {
        match number {
            Some(number) => self.json(&number),
            None => self.cell(""),
        }
    }

    /// Writes a number as JSON does.
    fn json(&mut self, number: &impl Serialize) {
        self.cell(&serde_json::to_string(number).expect("a number becomes JSON"));
    }

    /// Ends a row.
    fn end_row(&mut self) {
        self.text.push(b'\n');
        self.is_in_row = false;
    }
}
