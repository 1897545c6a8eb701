//! Exact counters on a store that can only increment.
//!
//! # Why this is exact
//!
//! A field's true value is `field + grain × carried`. Whoever raises a field over a multiple of its
//! unit first adds its grains to the carry counter and then takes the unit out of the word. Between the two
//! the sum is a unit too high, and the field shows it: it is at least one unit. So a reader that
//! reads the carry counters, the words and the carry counters again has exact values if the carry
//! counters did not move and no field is at a unit or above; else it reads again.
//!
//! # What could overflow, and when
//!
//! A field holds four units, of 32 grains each, and an increment raises it by less than one grain:
//! it would take 96 requests that each brought almost a grain, between a crossing and the increment
//! that takes it out. The carry counters count grains of at least 2^5 in 63 bits: not in the
//! lifetime of any store.

use super::key;
use super::word::{Amounts, GRAINS, Layout, MAX_FIELDS};
use anyhow::Result;
use std::collections::BTreeMap;

/// What a store must be able to do.
pub trait Counters {
    /// Adds `delta` to the number at `key`, which starts from 0, and returns the new value.
    fn increment(&self, key: &str, delta: i64) -> Result<i64>;
    /// The keys of all numbers, in no particular order. A store may keep a number in shards: it
    /// lists and reads each as `key+shard`, and the number is their sum.
    fn keys(&self) -> Result<Vec<String>>;
}

/// Adds amounts to the fields of one counter: one increment, and two more once in a few hundred or
/// thousand times, when a field has to be carried.
pub fn add(store: &impl Counters, key: &str, layout: &Layout, amounts: &Amounts) -> Result<()> {
    let (delta, large) = layout.pack(amounts);
    let crossed = layout.crossed(delta, store.increment(key, delta)?);
    for field in 0..MAX_FIELDS {
        let grains = large[field] + crossed[field] * GRAINS;
        if grains > 0 {
            store.increment(&key::carry(key, field), grains as i64)?;
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
    for name in store.keys()? {
        let key = key::without_shard(&name);
        if let Some(layout) = key::layout(key) {
            let value = store.increment(&name, 0)?;
            words.push(Word { key: key.to_owned(), layout, value });
        }
    }
    Ok(words)
}

/// Grains by the key of the carry counter.
type Carried = BTreeMap<String, u64>;

fn read_carried(store: &impl Counters) -> Result<Carried> {
    let mut carried = BTreeMap::new();
    for name in store.keys()? {
        let key = key::without_shard(&name);
        if key::is_carry(key) {
            *carried.entry(key.to_owned()).or_default() += store.increment(&name, 0)? as u64;
        }
    }
    Ok(carried)
}

fn sum(words: &[Word], carried: &Carried) -> Totals {
    let mut totals = BTreeMap::new();
    for word in words {
        let total = totals.entry(&word.key).or_insert_with(|| carried_from(word, carried));
        for (sum, amount) in total.iter_mut().zip(word.layout.unpack(word.value)) {
            *sum += amount;
        }
    }
    totals.into_iter().map(|(key, amounts)| (key.clone(), amounts)).collect()
}

/// What was carried from the fields of a word, and from those of its other shards.
fn carried_from(word: &Word, carried: &Carried) -> Amounts {
    let mut amounts = Amounts::default();
    for (field, amount) in amounts.iter_mut().take(word.layout.0.len()).enumerate() {
        let grains = carried.get(&key::carry(&word.key, field)).copied().unwrap_or(0);
        *amount = grains * word.layout.grain(field);
    }
    amounts
}

#[cfg(test)]
mod tests;
