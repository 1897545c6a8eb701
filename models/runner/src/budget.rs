//! The memory and the steps that an evaluation may take.

use crate::error::{Error, Result};

/// The rest of an evaluation's memory and steps.
///
/// A file of a few kilobytes may ask for any amount of both: the importer gives it so much. In a component
/// the host has bounds of its own.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    bytes: usize,
    /// A step is about one multiplication, comparison or copy of a number.
    steps: u64,
}

impl Budget {
    pub const UNBOUNDED: Self = Self { bytes: usize::MAX, steps: u64::MAX };

    pub const fn new(bytes: usize, steps: u64) -> Self {
        Self { bytes, steps }
    }

    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes memory, or says that there is not as much.
    ///
    /// # Errors
    ///
    /// If less than `bytes` are left.
    pub fn take_bytes(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or(Error("needs more memory than a model may have"))?;
        Ok(())
    }

    /// Gives memory back that was taken.
    pub fn give_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Takes steps, or says that there are not as many.
    ///
    /// # Errors
    ///
    /// If less than `steps` are left.
    pub fn take_steps(&mut self, steps: u64) -> Result<()> {
        self.steps =
            self.steps.checked_sub(steps).ok_or(Error("takes more steps than a model may have"))?;
        Ok(())
    }
}
