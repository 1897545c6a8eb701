//! Makes a model's answers from the numbers of its program.

use crate::card::cells::Cell;
use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::profile::{self, Spread};
use crate::card::table::Table;
use crate::ir::evaluate::Evaluator;
use crate::ir::program::Output as Wanted;
use crate::verify::rows;
use anyhow::{Result, bail};
use predictor_contract::{Classification, Output, OutputKind, Value};

/// The number of rows evaluated at once.
const BLOCK: usize = 1024;

/// A row of the data, with the model's answer.
pub struct Asked<'a> {
    /// A value for each feature.
    pub values: &'a [Value],
    /// The answer; none if the model has none.
    pub outputs: Option<&'a [Output]>,
    /// The cells of the row beside the features.
    pub cells: &'a Cells,
}

/// The trimmed cells of a row beside its features. None without such a column.
pub struct Cells {
    /// The answer of the original program.
    pub prediction: Option<String>,
    /// The true value.
    pub target: Option<String>,
}

/// Answers the rows of a table, and calls `visit` with each. Returns the number of rows.
///
/// # Errors
///
/// If a cell is not of its feature's type.
pub fn each_answer(
    evaluator: &Evaluator,
    described: &Described,
    (table, columns): (&Table, &Columns),
    say: &mut dyn FnMut(String),
    visit: &mut dyn FnMut(&Asked),
) -> Result<usize> {
    let features = described.signature.features.len().max(1);
    let (mut values, mut cells) = (Vec::new(), Vec::new());
    let mut ask = |values: &mut Vec<Value>, cells: &mut Vec<Cells>| {
        let answers = answers(evaluator, described, values);
        let rows = values.chunks(features).zip(&*cells).zip(&answers);
        rows.for_each(|((values, cells), answer)| {
            visit(&Asked { values, outputs: answer.as_deref(), cells });
        });
        values.clear();
        cells.clear();
    };
    let rows = table.each_row(say, |row| {
        values.extend(rows::from_data(described, table, columns, &row)?);
        let cell = |column: Option<usize>| column.map(|column| row.cell(column).trim().to_owned());
        cells.push(Cells { prediction: cell(columns.prediction), target: cell(columns.target) });
        if cells.len() == BLOCK {
            ask(&mut values, &mut cells);
        }
        Ok(())
    })?;
    ask(&mut values, &mut cells);
    Ok(rows)
}

/// Counts the answers of all outputs, for their reference.
pub struct Spreads {
    outputs: Vec<profile::Answers>,
}

impl Spreads {
    /// Begins to count.
    pub fn new(described: &Described) -> Self {
        let classes = described.description.outputs.iter().map(|output| match &output.kind {
            OutputKind::Classes(labels) => Some(labels.len()),
            OutputKind::Quantity(_) => None,
        });
        Self { outputs: classes.map(profile::Answers::new).collect() }
    }

    /// Adds the answers to a row, unless the service would refuse it.
    pub fn add(&mut self, described: &Described, asked: &Asked) {
        let outputs =
            asked.outputs.filter(|_| !rows::is_refused(&described.signature, asked.values));
        let kinds = described.description.outputs.iter().map(|output| &output.kind);
        for ((answers, output), kind) in
            self.outputs.iter_mut().zip(outputs.into_iter().flatten()).zip(kinds)
        {
            match (output, kind) {
                (Output::Quantity(number), _) => answers.add(Cell::Number(*number)),
                (Output::Class(class), OutputKind::Classes(labels)) => {
                    let index = labels.iter().position(|label| *label == class.label);
                    index.into_iter().for_each(|index| answers.add(Cell::Category(index)));
                }
                _ => {}
            }
        }
    }

    /// Returns the distribution of each output's answers; none without any.
    pub fn finish(self) -> Vec<Option<Spread>> {
        self.outputs.into_iter().map(profile::Answers::spread).collect()
    }
}

/// Answers rows, in order; none for a row without an answer.
///
/// `values` has the rows one after another, each with a value for each feature.
pub fn answers(
    evaluator: &Evaluator,
    described: &Described,
    values: &[Value],
) -> Vec<Option<Vec<Output>>> {
    let features = described.signature.features.len().max(1);
    let rows = values.len() / features;
    let values = rows::to_runner(values);
    match evaluator.numbers(&values) {
        Ok(numbers) => {
            let width = numbers.len() / rows.max(1);
            numbers.chunks(width.max(1)).map(|numbers| outputs(described, numbers)).collect()
        }
        // One bad row does not fail the others.
        Err(_) if rows > 1 => values
            .chunks(features)
            .map(|row| outputs(described, &evaluator.numbers(row).ok()?))
            .collect(),
        Err(_) => vec![None; rows],
    }
}

/// Answers one row.
///
/// # Errors
///
/// If the model has no answer. The error names the node at fault, if there is one.
pub fn answer(evaluator: &Evaluator, described: &Described, row: &[Value]) -> Result<Vec<Output>> {
    match answers(evaluator, described, row).pop().flatten() {
        Some(outputs) => Ok(outputs),
        None => match evaluator.numbers(&rows::to_runner(row)) {
            Ok(_) => bail!("the model has no finite answer for it"),
            Err(error) => Err(error),
        },
    }
}

/// Makes a row's outputs from its numbers, as the runner does; none if a number is invalid.
fn outputs(described: &Described, numbers: &[f64]) -> Option<Vec<Output>> {
    let mut rest = numbers;
    let notes = &described.description.outputs;
    let outputs = described.outputs.iter().zip(notes).map(|(wanted, notes)| {
        let (first, behind) = rest.split_first()?;
        rest = behind;
        let OutputKind::Classes(labels) = &notes.kind else {
            return Some(Output::Quantity(*first)).filter(|_| first.is_finite());
        };
        let count = match wanted {
            Wanted::Class { probabilities: Some(_), .. } => labels.len(),
            _ => 0,
        };
        let (probabilities, behind) = rest.split_at_checked(count)?;
        rest = behind;
        // NaN is no index.
        let index = Some(*first).filter(|index| *index >= 0.0)? as usize;
        let label = labels.get(index)?.clone();
        if probabilities.iter().any(|probability| !probability.is_finite()) {
            return None;
        }
        let confidence = probabilities.get(index).copied();
        let probabilities = probabilities.to_vec();
        Some(Output::Class(Classification { label, confidence, probabilities }))
    });
    outputs.collect()
}

/// Formats an answer for people: a number, or a label with its confidence.
pub fn shown(output: &Output) -> String {
    match output {
        Output::Quantity(number) => format!("{number}"),
        Output::Class(Classification { label, confidence: Some(confidence), .. }) => {
            format!("{label:?} ({confidence:.3})")
        }
        Output::Class(class) => format!("{:?}", class.label),
    }
}
