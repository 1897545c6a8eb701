//! Stores for unit tests.

use crate::platform::store::Counters;
use anyhow::{Result, bail};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// A store in memory.
#[derive(Default)]
pub struct Memory {
    /// The value of each counter, by key.
    pub numbers: RefCell<BTreeMap<String, u64>>,
    /// Each addition, in order.
    pub added: RefCell<Vec<(String, u64)>>,
    /// The number of calls so far.
    pub calls: Cell<usize>,
    /// The number of calls after which the store fails.
    pub fails_after: Cell<Option<usize>>,
}

impl Memory {
    fn called(&self) -> Result<()> {
        if self.fails_after.get().is_some_and(|calls| self.calls.get() >= calls) {
            bail!("the store is gone");
        }
        self.calls.set(self.calls.get() + 1);
        Ok(())
    }
}

impl Counters for Memory {
    fn add(&self, key: &str, amount: u64) -> Result<u64> {
        self.called()?;
        self.added.borrow_mut().push((key.to_owned(), amount));
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number += amount;
        Ok(*number)
    }

    fn read(&self, name: &str) -> Result<u64> {
        self.called()?;
        Ok(self.numbers.borrow().get(name).copied().unwrap_or(0))
    }

    fn names(&self) -> Result<Vec<String>> {
        self.called()?;
        Ok(self.numbers.borrow().keys().cloned().collect())
    }
}

/// A store with a fixed list of names, and the same number under each.
pub struct Listing {
    pub names: Vec<String>,
    pub number: u64,
}

impl Counters for Listing {
    fn add(&self, key: &str, _: u64) -> Result<u64> {
        bail!("{key} cannot be raised")
    }

    fn read(&self, _: &str) -> Result<u64> {
        Ok(self.number)
    }

    fn names(&self) -> Result<Vec<String>> {
        Ok(self.names.clone())
    }
}
