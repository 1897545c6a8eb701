//! The values of all counters.

use super::key::{self, Key};
use crate::platform::store::Counters;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The value of every counter, by key.
pub type Totals = BTreeMap<String, u64>;

/// Reads every counter: one call for the list, and one for each name in it. A name listed twice
/// counts once.
///
/// # Errors
///
/// If the store fails.
pub fn totals(counters: &impl Counters) -> Result<Totals> {
    let mut totals = Totals::new();
    // Making a set or a map at once would sort its entries: 8 KB of code more than adding each.
    let mut names = BTreeSet::new();
    names.extend(counters.names()?);
    for name in names {
        let key = key::without_shard(&name);
        if Key::decode(key).is_some() {
            let total: &mut u64 = totals.entry(key.to_owned()).or_default();
            *total = total.saturating_add(counters.read(&name)?);
        }
    }
    Ok(totals)
}
