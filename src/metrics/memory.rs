//! A store for unit tests.

use super::counter::Counters;
use anyhow::Result;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A store in memory. Before its calls it plays what another request does meanwhile.
#[derive(Default)]
pub struct Memory {
    pub numbers: RefCell<BTreeMap<String, i64>>,
    pub calls: RefCell<usize>,
    /// Increments of the other request, each with the call before which it comes.
    pub meanwhile: RefCell<Vec<(usize, String, i64)>>,
}

impl Memory {
    fn called(&self) {
        *self.calls.borrow_mut() += 1;
        let calls = *self.calls.borrow();
        let due = |step: &mut (usize, String, i64)| step.0 < calls;
        for (_, key, delta) in self.meanwhile.borrow_mut().extract_if(.., due) {
            *self.numbers.borrow_mut().entry(key).or_default() += delta;
        }
    }
}

impl Counters for Memory {
    fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        self.called();
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number += delta;
        Ok(*number)
    }

    fn keys(&self) -> Result<Vec<String>> {
        self.called();
        Ok(self.numbers.borrow().keys().cloned().collect())
    }
}
