//! Facts of the data that explanations need: values of tensors for its rows, and means of columns.

use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::table::Table;
use crate::explain::covers::Covers;
use crate::ir::evaluate::{Evaluator, columns};
use crate::ir::graph::{Graph, Value};
use crate::ir::program::{self, Output};
use crate::verify::rows;
use anyhow::{Context, Result, ensure};
use predictor_contract::Value as Input;

/// The number of rows evaluated at once.
const BLOCK: usize = 1024;

/// The fewest rows for a mean: a mean of fewer says too much about each.
const FEWEST: usize = 20;

/// The rows of the data, if there are any, and the means in the card.
pub struct Data<'d> {
    /// The model, to read rows by.
    pub described: &'d Described,
    /// The table, with the columns of the features.
    pub table: Option<(&'d Table, &'d Columns)>,
    /// The means of the columns of a linear model: those of the card, until the data has others.
    pub means: Option<Vec<f64>>,
    /// The covers of the ensembles: those beside the card, until others are counted.
    pub covers: Covers,
}

impl Data<'_> {
    /// Calls `visit` with the values of `x` for each row that has some.
    ///
    /// # Errors
    ///
    /// If there is no data, if a cell is not of its feature's type, or if `visit` fails.
    pub fn each(
        &self,
        graph: &Graph,
        x: Value,
        visit: &mut dyn FnMut(&[f64]) -> Result<()>,
    ) -> Result<()> {
        let width = columns(graph, x)?;
        let outputs: Vec<Output> =
            (0..width).map(|column| Output::Quantity { value: x, column }).collect();
        let features = self.described.signature.features.len();
        let cells = &self.described.cells;
        let written = program::write(graph, &outputs, None, cells, features, BLOCK)?;
        let evaluator = Evaluator::new(written);
        self.blocks(|block| {
            let block = rows::to_runner(block);
            let numbers = match evaluator.numbers(&block) {
                Ok(numbers) => numbers,
                // One bad row does not fail the others.
                Err(_) => {
                    let rows = block.chunks(features);
                    rows.filter_map(|row| evaluator.numbers(row).ok()).flatten().collect()
                }
            };
            numbers.chunks(width.max(1)).try_for_each(&mut *visit)
        })
    }

    /// Calls `visit` with blocks of rows, one row after another.
    fn blocks(&self, mut visit: impl FnMut(&[Input]) -> Result<()>) -> Result<()> {
        let (table, columns) = self.table.context("there is no data")?;
        let features = self.described.signature.features.len();
        let mut block = Vec::new();
        table.each_row(&mut |_| (), |row| {
            block.extend(rows::from_data(self.described, table, columns, &row)?);
            if block.len() >= BLOCK * features {
                visit(&block)?;
                block.clear();
            }
            Ok(())
        })?;
        visit(&block)
    }

    /// Returns the mean of each column of `x`: of the data, or else of the card.
    ///
    /// # Errors
    ///
    /// If neither has them, or the data has too few rows.
    pub fn means(&mut self, graph: &Graph, x: Value) -> Result<Vec<f64>> {
        if self.table.is_none() {
            let means = self.means.clone();
            return means.context("the mean of each column is unknown; with --data it is computed");
        }
        let mut sums = vec![0.0; columns(graph, x)?];
        let mut count = 0;
        self.each(graph, x, &mut |row| {
            if row.iter().all(|value| value.is_finite()) {
                count += 1;
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            Ok(())
        })?;
        ensure!(count >= FEWEST, "the data has {count} rows with a mean, and {FEWEST} are needed");
        let means: Vec<f64> = sums.iter().map(|sum| rounded(sum / count as f64)).collect();
        self.means = Some(means.clone());
        Ok(means)
    }

    /// Returns at most `most` rows spread evenly over the data, one after another.
    ///
    /// # Errors
    ///
    /// If there is no data, or if a cell is not of its feature's type.
    pub fn spread_rows(&self, most: usize) -> Result<Vec<Input>> {
        let features = self.described.signature.features.len();
        let mut count = 0;
        self.blocks(|block| {
            count += block.len() / features;
            Ok(())
        })?;
        let step = count.div_ceil(most).max(1);
        let (mut place, mut found) = (0, Vec::new());
        self.blocks(|block| {
            for row in block.chunks(features) {
                if place % step == 0 {
                    found.extend_from_slice(row);
                }
                place += 1;
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// Rounds a number to six significant digits.
pub fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().expect("a formatted number is one")
}
