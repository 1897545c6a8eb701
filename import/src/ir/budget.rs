//! The memory and the steps of an import.

use anyhow::{Result, anyhow};
use model_runner::budget::Budget;
use std::cell::Cell;

/// The memory of all constants together, in bytes: several times that of an instance of the component.
const MAX_BYTES: usize = 512 << 20;

/// The steps of all that an import computes to read a file: about ten seconds.
const MAX_STEPS: u64 = 1 << 32;

/// The memory of an evaluation beside the constants, in bytes.
const MAX_ROWS_BYTES: usize = 256 << 20;

/// The steps of a row in an evaluation: about 20 ms.
const MAX_ROW_STEPS: u64 = 16 << 20;

/// The budget of an evaluation of some rows.
pub fn of_rows(rows: usize) -> Budget {
    Budget::new(MAX_ROWS_BYTES, MAX_ROW_STEPS.saturating_mul(rows as u64))
}

/// The rest of an import's memory and steps. A file of a few kilobytes may ask for any amount of both.
pub struct Rest(Cell<Budget>);

impl Default for Rest {
    fn default() -> Self {
        Self(Cell::new(Budget::new(MAX_BYTES, MAX_STEPS)))
    }
}

impl Rest {
    /// Lets `compute` take from the rest.
    ///
    /// # Errors
    ///
    /// If less is left than it takes.
    pub fn spend<R>(
        &self,
        compute: impl FnOnce(&mut Budget) -> model_runner::error::Result<R>,
    ) -> model_runner::error::Result<R> {
        let mut budget = self.0.get();
        let result = compute(&mut budget);
        self.0.set(budget);
        result
    }

    /// Takes memory for a part of the file.
    ///
    /// # Errors
    ///
    /// If there is not as much.
    pub fn take_bytes(&self, bytes: usize) -> Result<()> {
        self.spend(|rest| rest.take_bytes(bytes)).map_err(|error| anyhow!("it {error}"))
    }

    /// Takes steps of the reading.
    ///
    /// # Errors
    ///
    /// If there are not as many.
    pub fn take_steps(&self, steps: usize) -> Result<()> {
        self.spend(|rest| rest.take_steps(steps as u64)).map_err(|error| anyhow!("it {error}"))
    }
}
