//! The evaluation of a model in this program, by the runner that the component has.

use crate::ir::graph::{Definition, Graph, InputKind, Value};
use crate::ir::program::{self, Cell, Output, Written};
use anyhow::{Result, anyhow, ensure};
use model_runner::evaluate::{Failure, Slots, evaluate};
use model_runner::op::Op;
use model_runner::predict::{self, evaluate_rows};
use model_runner::table::Table;
use model_runner::tensor::{Data, Shape, Tensor};
use predictor_abi::{Answer, Value as Input};
use std::collections::HashMap;

/// A table that can be asked. Answers refer to it, so that it stays for as long as the program runs.
pub struct Evaluator {
    pub words: &'static [u64],
    names: HashMap<u32, String>,
}

impl Evaluator {
    pub fn new(written: Written) -> Self {
        Self { words: Vec::leak(written.words), names: written.names }
    }

    fn table(&self) -> Table<'static> {
        Table::new(bytemuck::cast_slice(self.words)).expect("it was just written")
    }

    /// The numbers that the answers of some rows are made of.
    ///
    /// # Errors
    ///
    /// The node that has no answer, by its name in the file.
    pub fn numbers(&self, values: &[Input]) -> Result<Vec<f64>> {
        evaluate_rows(self.table(), values).map_err(|failure| self.named(failure))
    }

    /// The answers of some rows.
    pub fn predict(&self, values: &[Input]) -> &'static [Answer] {
        predict::predict(self.table(), values).as_slice()
    }

    /// The memory that some rows take, in bytes: nothing is given back before their block ends.
    ///
    /// # Errors
    ///
    /// The node that has no answer.
    pub fn bytes(&self, values: &[Input]) -> Result<usize> {
        let bytes = predict::bytes_of_rows(self.table(), values);
        bytes.map_err(|failure| self.named(failure))
    }

    fn named(&self, failure: Failure) -> anyhow::Error {
        let name = failure.slot.and_then(|slot| self.names.get(&slot));
        anyhow!("{} {}", name.map_or("the table", String::as_str), failure.error)
    }
}

/// The number of columns of a value, by an evaluation of two rows.
pub fn columns(graph: &Graph, value: Value) -> Result<usize> {
    const ROWS: usize = 2;
    let mut next = 0..;
    let cells: Vec<Vec<Cell>> = graph
        .inputs
        .iter()
        .map(|input| {
            next.by_ref().take(input.columns).map(|feature| Cell { feature, codes: None }).collect()
        })
        .collect();
    let outputs = [Output::Quantity { value, column: 0 }];
    let written = program::write(graph, &outputs, &cells, next.start, ROWS)?;
    let evaluator = Evaluator::new(written);
    let table = evaluator.table();
    let mut slots = Slots::with_constants(table).map_err(|error| anyhow!("{error}"))?;
    for (place, input) in graph.inputs.iter().enumerate() {
        let count = ROWS * input.columns;
        let data = match input.kind {
            InputKind::Float => Data::Float(vec![0.0; count].into()),
            InputKind::Double => Data::Double(vec![0.0; count].into()),
            InputKind::Int => Data::Int(vec![0; count].into()),
            InputKind::Bool => Data::Bool(vec![false; count].into()),
            InputKind::Text => Data::Text(vec![""; count].into()),
        };
        let tensor = Shape::new(&[ROWS, input.columns]).and_then(|shape| Tensor::new(shape, data));
        let slot = table.header.constants[1] + place as u32;
        let set = tensor.and_then(|tensor| slots.set(slot, tensor));
        set.map_err(|error| anyhow!("{error}"))?;
    }
    evaluate(table, table.nodes(), &mut slots)
        .map_err(|failure| with_advice(graph, evaluator.named(failure)))?;
    let output = table.outputs().next().ok_or_else(|| anyhow!("it has no output"))?;
    let slot = match output.map_err(|error| anyhow!("{error}"))? {
        model_runner::table::Output::Quantity { slot, .. }
        | model_runner::table::Output::Class { slot, .. } => slot,
    };
    let size = slots.get(slot).map_err(|error| anyhow!("{error}"))?.shape.size();
    ensure!(size % ROWS == 0, "an output has {size} values for {ROWS} rows");
    Ok(size / ROWS)
}

/// An error with what to do if columns that imputers add are not in the file.
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
