//! Evaluates a model during the import, by the runner of the component.

use crate::ir::budget;
use crate::ir::graph::{Definition, Graph, InputKind, Value};
use crate::ir::program::{self, Cell, Coding, Output, Written};
use anyhow::{Context, Result, anyhow, ensure};
use model_runner::budget::Budget;
use model_runner::evaluate::{Failure, Slots, evaluate};
use model_runner::explain::explain_rows;
use model_runner::op::Op;
use model_runner::predict::{self, evaluate_rows};
use model_runner::table::Table;
use model_runner::tensor::{Data, Shape, Tensor};
pub use predictor_abi::Value as Input;
use std::collections::HashMap;

/// A program for evaluation, with the names of its nodes.
pub struct Evaluator {
    /// The program, in words of eight bytes.
    pub words: Vec<u64>,
    /// The reference person of its explanations, one value for each feature; empty if they need
    /// none.
    pub reference: Vec<Input>,
    names: HashMap<u32, String>,
}

impl Evaluator {
    /// Makes an evaluator from a written program.
    pub fn new(written: Written) -> Self {
        Self { words: written.words, reference: Vec::new(), names: written.names }
    }

    fn table(&self) -> Table<'_> {
        Table::new(bytemuck::cast_slice(&self.words)).expect("it was just written")
    }

    /// Returns the largest number of rows to evaluate at once: of more, the memory might not do.
    pub fn block(&self) -> usize {
        (self.table().header.block as usize).max(1)
    }

    /// Returns the numbers of the answers of some rows, row after row: the index and the
    /// probabilities of a class, or the value of a quantity.
    ///
    /// # Errors
    ///
    /// If a node has no output for these rows: the error has its name in the file.
    pub fn numbers(&self, values: &[Input]) -> Result<Vec<f64>> {
        evaluate_rows(self.table(), values, self.budget(values))
            .map_err(|failure| self.named(failure))
    }

    /// Returns the memory taken by some rows, in bytes. Memory is freed only at the end of a block
    /// of rows.
    ///
    /// # Errors
    ///
    /// If a node has no output for these rows: the error has its name in the file.
    pub fn bytes(&self, values: &[Input]) -> Result<usize> {
        let bytes = predict::bytes_of_rows(self.table(), values, self.budget(values));
        bytes.map_err(|failure| self.named(failure))
    }

    /// Returns the steps taken by some rows.
    ///
    /// # Errors
    ///
    /// If a node has no output for these rows: the error has its name in the file.
    pub fn steps(&self, values: &[Input]) -> Result<u64> {
        let steps = predict::steps_of_rows(self.table(), values, self.budget(values));
        steps.map_err(|failure| self.named(failure))
    }

    /// Returns the steps taken by the explanation's own program for some rows.
    ///
    /// # Errors
    ///
    /// If there is none, or a node has no output for these rows.
    pub fn steps_of_explanation(&self, values: &[Input]) -> Result<u64> {
        let explanation = self.table().explanation().map_err(|error| anyhow!("it {error}"))?;
        let explanation = explanation.context("it has no explanation")?;
        let steps = predict::steps_of_rows(explanation, values, self.budget(values));
        steps.map_err(|failure| self.named(failure))
    }

    /// Returns the numbers of the explanations of some rows, row after row: for each attribution
    /// its base, a contribution of each feature, and a deviation of each feature.
    ///
    /// # Errors
    ///
    /// If a node has no output for these rows, or for a row mixed with the reference person.
    pub fn contributions(&self, values: &[Input]) -> Result<Vec<f64>> {
        let budget = budget::of_explanation(values.len());
        explain_rows(self.table(), values, &self.reference, budget)
            .map_err(|failure| self.named(failure))
    }

    fn budget(&self, values: &[Input]) -> Budget {
        budget::of_rows(values.len() / (self.table().header.features as usize).max(1))
    }

    fn named(&self, failure: Failure) -> anyhow::Error {
        let name = failure.slot.and_then(|slot| self.names.get(&slot));
        anyhow!("{} {}", name.map_or("the table", String::as_str), failure.error)
    }
}

/// The number of rows in a trial evaluation, used to find shapes. It is a prime, to differ from all
/// other dimensions of a model.
pub const ROWS: usize = 61;

/// Evaluates a value of a graph for [`ROWS`] made-up rows, and reads the result. `number` computes
/// the number of a row and a column; columns of strings are empty.
///
/// # Errors
///
/// If the model has no answer for these rows.
pub fn ask<R>(
    graph: &Graph,
    value: Value,
    number: impl Fn(usize, usize) -> f64,
    read: impl FnOnce(&Tensor) -> R,
) -> Result<R> {
    let mut next = 0..;
    let plain = |feature| Cell { feature, coding: Coding::Plain };
    let cells: Vec<Vec<Cell>> = graph
        .inputs
        .iter()
        .map(|input| next.by_ref().take(input.columns).map(plain).collect())
        .collect();
    let outputs = [Output::Quantity { value, column: 0 }];
    let written = program::write(graph, &outputs, None, &cells, next.start, ROWS)?;
    let evaluator = Evaluator::new(written);
    let table = evaluator.table();
    let budget = budget::of_rows(ROWS);
    let mut slots = Slots::with_constants(table, budget).map_err(|error| anyhow!("{error}"))?;
    for (index, input) in graph.inputs.iter().enumerate() {
        let numbers = (0..ROWS).flat_map(|row| (0..input.columns).map(move |column| (row, column)));
        let numbers = numbers.map(|(row, column)| number(row, column));
        let data = match input.kind {
            InputKind::Float => Data::Float(numbers.map(|number| number as f32).collect()),
            InputKind::Double => Data::Double(numbers.collect()),
            InputKind::Int => Data::Int(numbers.map(|number| number as i64).collect()),
            InputKind::Bool => Data::Bool(numbers.map(|number| number != 0.0).collect()),
            InputKind::Text => Data::Text(vec![""; ROWS * input.columns].into()),
        };
        let tensor = Shape::new(&[ROWS, input.columns]).and_then(|shape| Tensor::new(shape, data));
        let slot = table.header.constants[1] + index as u32;
        let set = tensor.and_then(|tensor| slots.set(slot, tensor));
        set.map_err(|error| anyhow!("{error}"))?;
    }
    evaluate(table, table.nodes(), &mut slots)
        .map_err(|failure| with_advice(graph, evaluator.named(failure)))?;
    // Each trial writes a new program, so its words count as steps too.
    let steps = (budget.steps() - slots.budget.steps()) as usize;
    graph.rest.take_steps(steps + evaluator.words.len())?;
    let output = table.outputs().next().context("it has no output")?;
    let slot = match output.map_err(|error| anyhow!("{error}"))? {
        model_runner::table::Output::Quantity { slot, .. }
        | model_runner::table::Output::Class { slot, .. } => slot,
    };
    Ok(read(slots.get(slot).map_err(|error| anyhow!("{error}"))?))
}

/// Returns the dimensions of a value for [`ROWS`] rows.
///
/// # Errors
///
/// If the model has no answer for rows of zeros.
pub fn shape(graph: &Graph, value: Value) -> Result<Vec<usize>> {
    ask(graph, value, |_, _| 0.0, |tensor| tensor.shape.dims().to_vec())
}

/// Returns the number of values of a row.
///
/// # Errors
///
/// If the model has no answer for rows of zeros, or if its rows have different numbers of values.
pub fn columns(graph: &Graph, value: Value) -> Result<usize> {
    let size: usize = shape(graph, value)?.iter().product();
    ensure!(size.is_multiple_of(ROWS), "an output has {size} values for {ROWS} rows");
    Ok(size / ROWS)
}

/// Adds advice to an error of shapes if the graph has an imputer: columns added by imputers may be
/// missing in the file.
pub fn with_advice(graph: &Graph, error: anyhow::Error) -> anyhow::Error {
    let imputes = graph.values.iter().any(|definition| {
        matches!(definition, Definition::Node(node) if matches!(node.op, Op::Imputer | Op::KnnImputer))
    });
    if imputes && error.to_string().ends_with("shapes do not fit") {
        return anyhow!(
            "{error}; skl2onnx leaves out the columns of an imputer with add_indicator=True: train \
             without it"
        );
    }
    error
}
