//! Exact counters on a store that can only increment.
//!
//! # Why this is exact
//!
//! A field's true value is `field + unit × carried + grain × large`. Whoever raises a field over a
//! multiple of its unit first adds 1 to the carry counter and then takes the unit out of the word.
//! Between the two the sum is a unit too high, and the field shows it: it is at least one unit. So a
//! reader that reads the carry counters, the words and the carry counters again has the exact value
//! of a word whose carry counters did not move and whose fields are all below a unit; the others it
//! reads again. What is large is counted apart, and only ever rises: it may be read at any time.
//!
//! # What could overflow, and when
//!
//! A field holds four units, of 32 grains each, and an increment raises it by less than one grain:
//! it would take 96 requests that each brought almost a grain, between a crossing and the increment
//! that takes it out. A request that is cut off between the two leaves its unit where it is: after
//! three of those in one field, the fourth crossing runs over. The other counters have 63 bits, of
//! grains of at least 2^5: not in the lifetime of any store.

use super::key::{self, Part};
use super::word::{Amounts, Layout, MAX_FIELDS};
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

/// Adds amounts to the fields of one counter: one increment, one more for each amount of a grain and
/// more, and two more once in a few hundred or thousand times, when a field has to be carried.
pub fn add(store: &impl Counters, key: &str, layout: &Layout, amounts: &Amounts) -> Result<()> {
    let (delta, large) = layout.pack(amounts);
    let crossed = layout.crossed(delta, store.increment(key, delta)?);
    for field in 0..MAX_FIELDS {
        if large[field] > 0 {
            store.increment(&key::large(key, field), large[field] as i64)?;
        }
        if crossed[field] > 0 {
            store.increment(&key::carry(key, field), crossed[field] as i64)?;
        }
    }
    if crossed != [0; MAX_FIELDS] {
        store.increment(key, layout.take_out(&crossed))?;
    }
    Ok(())
}

/// The true values of every counter, by key.
pub type Totals = BTreeMap<String, Amounts>;

/// How often a word that met a carry is read. A carry takes microseconds, or over a network
/// milliseconds, so that a second time is rare. One that lasts belongs to a request that was cut
/// off, and is taken as it is.
const READINGS: usize = 8;

/// Reads every counter.
pub fn totals(store: &impl Counters) -> Result<Totals> {
    let mut totals = Totals::new();
    let mut carried = read_carried(store)?;
    for reading in 1..=READINGS {
        let words = read_words(store, &totals)?;
        let meanwhile = read_carried(store)?;
        for (key, words) in &words {
            let none = Carried::default();
            let (before, after) = (carried.get(key), meanwhile.get(key).unwrap_or(&none));
            let is_still = before.unwrap_or(&none).crossed == after.crossed
                && !words.iter().any(Word::is_carrying);
            if is_still || reading == READINGS {
                totals.insert(key.clone(), sum(words, after));
            }
        }
        if words.keys().all(|key| totals.contains_key(key)) {
            break;
        }
        carried = meanwhile;
    }
    Ok(totals)
}

struct Word {
    layout: &'static Layout,
    value: i64,
}

impl Word {
    fn is_carrying(&self) -> bool {
        self.layout.is_carrying(self.value)
    }
}

/// The words that have no total yet, by key: one, or one for each shard.
fn read_words(store: &impl Counters, totals: &Totals) -> Result<BTreeMap<String, Vec<Word>>> {
    let mut words = BTreeMap::<_, Vec<_>>::new();
    for name in store.keys()? {
        let key = key::without_shard(&name);
        let Some(layout) = key::layout(key).filter(|_| !totals.contains_key(key)) else { continue };
        let value = store.increment(&name, 0)?;
        words.entry(key.to_owned()).or_default().push(Word { layout, value });
    }
    Ok(words)
}

/// What is in no word any more, by field.
#[derive(Default)]
struct Carried {
    /// Units.
    crossed: Amounts,
    /// Grains.
    large: Amounts,
}

fn read_carried(store: &impl Counters) -> Result<BTreeMap<String, Carried>> {
    let mut all = BTreeMap::<_, Carried>::new();
    for name in store.keys()? {
        let Some((key, part)) = key::part(key::without_shard(&name)) else { continue };
        let count = store.increment(&name, 0)? as u64;
        let carried = all.entry(key.to_owned()).or_default();
        match part {
            Part::Carry(field) => carried.crossed[field] += count,
            Part::Large(field) => carried.large[field] += count,
        }
    }
    Ok(all)
}

fn sum(words: &[Word], carried: &Carried) -> Amounts {
    let layout = words[0].layout;
    let mut amounts = Amounts::default();
    for (field, amount) in amounts.iter_mut().take(layout.0.len()).enumerate() {
        let in_words = words.iter().map(|word| layout.unpack(word.value)[field]).sum::<u64>();
        let units = carried.crossed[field] * layout.unit(field);
        *amount = in_words + units + carried.large[field] * layout.grain(field);
    }
    amounts
}

#[cfg(test)]
mod tests;
