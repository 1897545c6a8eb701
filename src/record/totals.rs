//! Counters on a store that can add to a number.
//!
//! A number only rises, and has one meaning. A request that is cut off loses what it had not added
//! yet, and nothing else.

use super::key::{self, Key};
use anyhow::Result;
use std::collections::BTreeMap;

/// A store of numbers.
pub trait Counters {
    /// Adds `amount`, of less than 2^63, to the number at `key`, which starts from 0.
    fn add(&self, key: &str, amount: u64) -> Result<()>;
    /// Reads the number that is listed as `name`.
    fn read(&self, name: &str) -> Result<u64>;
    /// Lists all numbers, in no particular order. A store may keep a number in shards: it lists and
    /// reads each as `key+shard`, and the number is their sum.
    fn names(&self) -> Result<Vec<String>>;
}

/// The value of every counter, by key.
pub type Totals = BTreeMap<String, u64>;

/// Reads every counter: one call for the list, and one for each name in it.
pub fn totals(counters: &impl Counters) -> Result<Totals> {
    let mut totals = Totals::new();
    for name in counters.names()? {
        let key = key::without_shard(&name);
        if Key::decode(key).is_some() {
            *totals.entry(key.to_owned()).or_default() += counters.read(&name)?;
        }
    }
    Ok(totals)
}

#[cfg(test)]
mod tests;
