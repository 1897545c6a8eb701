//! The memory and the steps of an import.

use anyhow::{Result, anyhow};
use model_runner::budget::Budget;
use std::cell::Cell;

/// The limit on the memory of all constants, in bytes: several times the memory of an instance of
/// the component.
const MAX_BYTES: usize = 512 << 20;

/// The limit on the steps of reading a file: about ten seconds.
const MAX_STEPS: u64 = 1 << 32;

/// The limit on the memory of an evaluation, in bytes, beside the constants.
const MAX_ROWS_BYTES: usize = 256 << 20;

/// The limit on the steps of an evaluation, per row: about 20 ms.
const MAX_ROW_STEPS: u64 = 16 << 20;

/// Returns the budget for evaluating this number of rows.
pub fn of_rows(rows: usize) -> Budget {
    Budget::new(MAX_ROWS_BYTES, MAX_ROW_STEPS.saturating_mul(rows as u64))
}

/// The limit on the steps of an explanation, per row: about ten seconds.
const MAX_EXPLANATION_STEPS: u64 = 1 << 32;

/// Returns the budget for explaining this number of rows.
pub fn of_explanation(rows: usize) -> Budget {
    Budget::new(MAX_ROWS_BYTES, MAX_EXPLANATION_STEPS.saturating_mul(rows as u64))
}

/// The remaining memory and steps of an import. They are limited because a file of a few kilobytes
/// may ask for any amount of both.
pub struct Rest(Cell<Budget>);

impl Default for Rest {
    fn default() -> Self {
        Self(Cell::new(Budget::new(MAX_BYTES, MAX_STEPS)))
    }
}

impl Rest {
    /// Lets `compute` spend from the remaining budget.
    ///
    /// # Errors
    ///
    /// If `compute` fails, for example because it needs more than is left.
    pub fn spend<R>(
        &self,
        compute: impl FnOnce(&mut Budget) -> model_runner::error::Result<R>,
    ) -> model_runner::error::Result<R> {
        let mut budget = self.0.get();
        let result = compute(&mut budget);
        self.0.set(budget);
        result
    }

    /// Takes memory for a part of the file, in bytes.
    ///
    /// # Errors
    ///
    /// If less memory is left.
    pub fn take_bytes(&self, bytes: usize) -> Result<()> {
        self.spend(|rest| rest.take_bytes(bytes)).map_err(|error| anyhow!("it {error}"))
    }

    /// Takes steps for reading the file.
    ///
    /// # Errors
    ///
    /// If fewer steps are left.
    pub fn take_steps(&self, steps: usize) -> Result<()> {
        self.spend(|rest| rest.take_steps(steps as u64)).map_err(|error| anyhow!("it {error}"))
    }
}
