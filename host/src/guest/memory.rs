//! The linear memory of a guest.

use crate::budget::{Budget, Room};
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// More functions than any sensible component refers to.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Counts the linear memory of all of a guest's modules, and gives it back with the guest.
pub struct Memory {
    limit: usize,
    /// The bytes that the guest has.
    bytes: usize,
    room: Room,
    /// True if the guest has no request yet, and so no part of the budget.
    waits: bool,
    refused: Option<Refused>,
}

/// A reason for which a guest did not get the memory that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// One guest may not have so much.
    OwnLimit,
    /// All guests together may not have so much.
    Budget,
}

impl Memory {
    /// Memory of up to `limit` bytes, which is taken from the `budget` of all guests.
    pub fn new(limit: usize, budget: Arc<Budget>) -> Self {
        Self { limit, bytes: 0, room: Room::new(budget), waits: false, refused: None }
    }

    /// The same for a guest that has no request yet. It is taken from the budget by [`Self::begin`].
    pub fn waiting(limit: usize, budget: Arc<Budget>) -> Self {
        Self { waits: true, ..Self::new(limit, budget) }
    }

    /// Returns the reason for which the guest was refused memory, if it was.
    pub fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// The guest has a request; false if others have the memory.
    pub fn begin(&mut self) -> bool {
        self.waits = false;
        self.room.grow(self.bytes)
    }

    /// The guest has answered, and others may have the memory.
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
