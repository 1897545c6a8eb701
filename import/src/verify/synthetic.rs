//! Tests a model on made-up rows, to find facts missing in its file: the memory for a row, features
//! without an answer to a missing value, and scores other than probabilities.

use crate::card::Card;
use crate::card::describe::{Described, describe};
use crate::ir::evaluate::{Evaluator, columns, with_advice};
use crate::ir::graph::Graph;
use crate::ir::model::Model;
use crate::ir::program::{self, Explanation, Output};
use crate::verify::answers::answers;
use crate::verify::rows;
use anyhow::{Result, ensure};
use predictor_contract::{MissingPolicy, OutputKind, Value};

/// The number of made-up rows. It has several divisors, to detect shapes valid for only one number
/// of rows.
const MADE_UP: u64 = 63;

/// The most memory for a block of rows, in bytes. An instance has room for it beside the rows and
/// the answers of a batch.
const BLOCK_BYTES: usize = 4 << 20;

/// The most rows of a block. Larger blocks are not faster.
const MAX_BLOCK: usize = 128;

/// Writes the program of a model, with that of its explanation if there is one. [`BLOCK_BYTES`] limits the rows of a block; it has at least one
/// row.
///
/// # Errors
///
/// If the model has no answer for made-up rows. The error names the node at fault.
///
/// If a single row needs too much memory.
pub fn write(
    graph: &Graph,
    described: &Described,
    explanation: Option<&Explanation>,
) -> Result<Evaluator> {
    let rows = made_up(described);
    let features = described.signature.features.len();
    let write = |block: usize| -> Result<Evaluator> {
        let (outputs, cells) = (&described.outputs, &described.cells);
        let written = program::write(graph, outputs, explanation, cells, features, block)?;
        Ok(Evaluator::new(written))
    };
    let evaluator = write(MAX_BLOCK)?;
    evaluator.numbers(&rows).map_err(|error| with_advice(graph, error))?;
    let each = evaluator.bytes(&rows[..features])?;
    ensure!(
        each <= BLOCK_BYTES * 4,
        "a row needs {each} bytes to be evaluated, and an instance has not as many"
    );
    let block = (BLOCK_BYTES / each.max(1)).clamp(1, MAX_BLOCK);
    if block == MAX_BLOCK { Ok(evaluator) } else { write(block) }
}

/// Makes up valid rows, one after another, for the runner.
pub fn made_up(described: &Described) -> Vec<predictor_abi::Value> {
    let rows = (0..MADE_UP).flat_map(|seed| rows::made_up(&described.signature, seed));
    rows::to_runner(&rows.collect::<Vec<Value>>())
}

/// Combines a model with its card.
///
/// Also returns the names of outputs with invalid probabilities. Their scores are left out.
///
/// # Errors
///
/// If the model and the card disagree, or the model has no answer for made-up rows.
pub fn with_card(
    model: &mut Model,
    card: &Card,
    digest: String,
) -> Result<(Described, Evaluator, Vec<String>)> {
    let mut described = describe(model, card, digest)?;
    let left_out = keep_probabilities(model, &mut described)?;
    let evaluator = write(&model.graph, &described, None)?;
    Ok((described, evaluator, left_out))
}

/// Keeps valid probabilities of classifiers: one for each class, from 0 to 1, with a sum of 1.
///
/// Removes other scores, and returns the names of their outputs.
///
/// # Errors
///
/// If the model has no answer for made-up rows.
fn keep_probabilities(model: &Model, described: &mut Described) -> Result<Vec<String>> {
    let mut dropped = Vec::new();
    for place in 0..described.outputs.len() {
        let notes = &described.description.outputs[place];
        let (Output::Class { probabilities: Some(scores), .. }, OutputKind::Classes(labels)) =
            (described.outputs[place], &notes.kind)
        else {
            continue;
        };
        let classes = labels.len();
        if columns(&model.graph, scores)? == classes
            && are_probabilities(model, described, place, classes)?
        {
            continue;
        }
        dropped.push(notes.name.clone());
        if let Output::Class { probabilities, .. } = &mut described.outputs[place] {
            *probabilities = None;
        }
    }
    Ok(dropped)
}

fn are_probabilities(
    model: &Model,
    described: &Described,
    place: usize,
    classes: usize,
) -> Result<bool> {
    let outputs = [described.outputs[place]];
    let features = described.signature.features.len();
    let written =
        program::write(&model.graph, &outputs, None, &described.cells, features, MADE_UP as usize)?;
    let numbers = Evaluator::new(written)
        .numbers(&made_up(described))
        .map_err(|error| with_advice(&model.graph, error))?;
    if numbers.len() != MADE_UP as usize * (1 + classes) {
        return Ok(false);
    }
    // A row's class comes before its probabilities.
    for row in numbers.chunks(1 + classes) {
        let probabilities = &row[1..];
        // Skip rows without an answer.
        if probabilities.iter().any(|value| value.is_nan()) {
            continue;
        }
        let sum: f64 = probabilities.iter().sum();
        let is_one = (sum - 1.0).abs() < 1e-3;
        if !is_one || probabilities.iter().any(|value| !(-1e-6..=1.0 + 1e-6).contains(value)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the names of features with a wrong policy: they take missing values, but the model then
/// has no answer.
pub fn without_missing(evaluator: &Evaluator, described: &Described) -> Vec<String> {
    let row = rows::made_up(&described.signature, 1);
    let mut found = Vec::new();
    for (place, feature) in described.signature.features.iter().enumerate() {
        if feature.missing == MissingPolicy::Refuse {
            continue;
        }
        let mut row = row.clone();
        row[place] = Value::Missing;
        if !matches!(answers(evaluator, described, &row)[..], [Some(_)]) {
            found.push(feature.name.clone());
        }
    }
    found
}
