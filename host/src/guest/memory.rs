//! The linear memory of a guest.

use crate::budget::{Budget, Room};
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// More functions than any sensible component refers to.
const MAX_TABLE_ELEMENTS: usize = 20_000;

/// Counts the linear memory of all of a guest's modules, and gives it back with the guest.
pub struct Memory {
    limit: usize,
    room: Room,
    /// Bytes of it that others may have now.
    lent: usize,
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
        Self { limit, room: Room::new(budget), lent: 0, refused: None }
    }

    /// Returns the reason for which the guest was refused memory, if it was.
    pub fn refused(&self) -> Option<Refused> {
        self.refused
    }

    /// Lets others have what it takes of the budget, while the guest has nothing to do.
    pub fn lend(&mut self) {
        self.lent = self.room.bytes();
        self.room.give_back();
    }

    /// Takes back what it has lent; false if others have it.
    pub fn take_back(&mut self) -> bool {
        self.room.grow(self.lent)
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        let bytes = self.room.bytes() + bytes;
        if bytes > self.limit {
            return Err(Refused::OwnLimit);
        }
        if self.room.grow(bytes) { Ok(()) } else { Err(Refused::Budget) }
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
