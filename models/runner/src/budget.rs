//! The memory and the steps an evaluation may take.

use crate::error::{Error, Result};

/// The remaining memory and steps of an evaluation.
///
/// A file of a few kilobytes may ask for any amount of both. The importer sets a limit; in a
/// component the host has limits of its own.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The remaining memory, in bytes.
    bytes: usize,
    /// The remaining steps. A step is about one multiplication, comparison or copy of a number.
    steps: u64,
}

impl Budget {
    /// A budget without limits, for components.
    pub const UNBOUNDED: Self = Self { bytes: usize::MAX, steps: u64::MAX };

    /// Makes a budget of so many bytes of memory and so many steps.
    pub const fn new(bytes: usize, steps: u64) -> Self {
        Self { bytes, steps }
    }

    /// Returns the number of remaining steps.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes memory from the budget.
    ///
    /// # Errors
    ///
    /// If fewer than `bytes` are left.
    pub fn take_bytes(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or(Error("needs more memory than a model may have"))?;
        Ok(())
    }

    /// Returns memory to the budget, up to `usize::MAX` bytes in all.
    pub fn give_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Takes steps from the budget.
    ///
    /// # Errors
    ///
    /// If fewer than `steps` are left.
    pub fn take_steps(&mut self, steps: u64) -> Result<()> {
        self.steps =
            self.steps.checked_sub(steps).ok_or(Error("takes more steps than a model may have"))?;
        Ok(())
    }
}
