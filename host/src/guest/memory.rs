//! The linear memory of a guest.

use crate::budget::{Budget, Room};
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// The maximal number of elements in a table. No sensible component refers to so many functions.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Counts the linear memory of all modules of a guest, and gives it back at the guest's end.
pub struct Memory {
    limit: usize,
    /// The guest's memory in bytes.
    bytes: usize,
    room: Room,
    /// True while the guest has no request. It then takes nothing from the budget.
    waits: bool,
    refused: Option<Refused>,
}

/// The reason for refusing memory to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The limit of one guest is reached.
    OwnLimit,
    /// The limit of all guests together is reached.
    Budget,
}

impl Memory {
    /// Makes a memory of up to `limit` bytes, taken from the `budget` of all guests.
    pub fn new(limit: usize, budget: Arc<Budget>) -> Self {
        Self { limit, bytes: 0, room: Room::new(budget), waits: false, refused: None }
    }

    /// Makes the memory of a guest without a request. [`Self::begin`] takes it from the budget.
    pub fn waiting(limit: usize, budget: Arc<Budget>) -> Self {
        Self { waits: true, ..Self::new(limit, budget) }
    }

    /// Returns the reason if the guest was refused memory.
    pub fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// Starts a request: takes the memory from the budget. Returns false if the budget has too
    /// little left.
    pub fn begin(&mut self) -> bool {
        self.waits = false;
        self.room.grow(self.bytes)
    }

    /// Ends a request: gives the memory back to the budget.
    pub fn end(&mut self) {
        self.room.give_back();
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        let bytes = self.bytes + bytes;
        if bytes > self.limit {
            return Err(Refused::OwnLimit);
        }
        if !self.waits && !self.room.grow(bytes) {
            return Err(Refused::Budget);
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let grown = self.grow(desired - current);
        self.refused = grown.err().or(self.refused);
        Ok(grown.is_ok())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}
