//! Exact counters on a store that can only increment.
//!
//! # Why this is exact
//!
//! A field's true value is `field + unit × carried`. Whoever raises a field over a multiple of its
//! unit first adds 1 to the carry counter and then takes the unit out of the word. Between the two
//! the sum is a unit too high, and the field shows it: it is at least one unit. So a reader that
//! reads the carry counters, the words and the carry counters again has exact values if the carry
//! counters did not move and no field is at a unit or above; else it reads again.
//!
//! # What could overflow, and when
//!
//! A field holds four units: it would take three requests that each found a crossing, and stopped
//! between two increments, before a fourth came. The carry counters count units of at least 2^10
//! in 63 bits: not in the lifetime of any store.

use super::key;
use super::word::{Amounts, Layout, MAX_FIELDS};
use anyhow::Result;
use std::collections::BTreeMap;

/// What a store must be able to do.
pub trait Counters {
    /// Adds `delta` to the number at `key`, which starts from 0, and returns the new value.
    fn increment(&self, key: &str, delta: i64) -> Result<i64>;
    /// The keys of all numbers, in no particular order.
    fn keys(&self) -> Result<Vec<String>>;
}

/// Adds amounts to the fields of one counter: one increment, and two more once in a few hundred or
/// thousand times, when a field has to be carried.
pub fn add(store: &impl Counters, key: &str, layout: &Layout, amounts: &Amounts) -> Result<()> {
    let (delta, whole) = layout.pack(amounts);
    let crossed = layout.crossed(delta, store.increment(key, delta)?);
    for field in 0..MAX_FIELDS {
        let units = whole[field] + crossed[field];
        if units > 0 {
            store.increment(&key::carry(key, field), units as i64)?;
        }
    }
    if crossed != [0; MAX_FIELDS] {
        store.increment(key, layout.take_out(&crossed))?;
    }
    Ok(())
}

/// The true values of every counter, by key.
pub type Totals = Vec<(String, Amounts)>;

/// How often a reading that met a carry is repeated. A carry takes microseconds, so that a second
/// reading is rare. One that lasts belongs to a request that was cut off, and is taken as it is.
const READINGS: usize = 8;

/// Reads every counter.
pub fn totals(store: &impl Counters) -> Result<Totals> {
    let mut carried = read_carried(store)?;
    for _ in 1..READINGS {
        let words = read_words(store)?;
        let carried_meanwhile = read_carried(store)?;
        let is_still = carried == carried_meanwhile && !words.iter().any(Word::is_carrying);
        carried = carried_meanwhile;
        if is_still {
            return Ok(sum(&words, &carried));
        }
    }
    Ok(sum(&read_words(store)?, &carried))
}

struct Word {
    key: String,
    layout: &'static Layout,
    value: i64,
}

impl Word {
    fn is_carrying(&self) -> bool {
        self.layout.is_carrying(self.value)
    }
}

fn read_words(store: &impl Counters) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    for key in store.keys()? {
        if let Some(layout) = key::layout(&key) {
            let value = store.increment(&key, 0)?;
            words.push(Word { key, layout, value });
        }
    }
    Ok(words)
}

/// Units by the key of the carry counter.
type Carried = BTreeMap<String, u64>;

fn read_carried(store: &impl Counters) -> Result<Carried> {
    let mut carried = BTreeMap::new();
    for key in store.keys()? {
        if key::is_carry(&key) {
            let units = store.increment(&key, 0)?;
            carried.insert(key, units as u64);
        }
    }
    Ok(carried)
}

fn sum(words: &[Word], carried: &Carried) -> Totals {
    let total = |word: &Word| {
        let mut amounts = word.layout.unpack(word.value);
        for (field, amount) in amounts.iter_mut().take(word.layout.0.len()).enumerate() {
            let units = carried.get(&key::carry(&word.key, field)).copied().unwrap_or(0);
            *amount += units * word.layout.unit(field);
        }
        (word.key.clone(), amounts)
    };
    words.iter().map(total).collect()
}

#[cfg(test)]
mod tests;
