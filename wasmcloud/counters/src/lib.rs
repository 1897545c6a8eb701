//! Counters that can fall, and that lose nothing, on a store that can only raise numbers.
//!
//! # What wasmCloud's stores do not have, and what is done about it
//!
//! **Numbers that fall.** They have 64 bits and no sign, and stop at the largest. A counter is kept
//! in two of them, one for its lower [`LOW_BITS`] and one for the rest, each modulo what it has to
//! hold. To lower it is to raise it by the complement. Each wrap takes some of the room above: it
//! is enough for 2^30 of the lower number, and 2^34 of the other.
//!
//! The two are raised one after the other. So of a counter that is read meanwhile, each part is
//! what it was at some moment, but not at the same one. No field of the service's is in both. Its
//! carry counters pass the middle, but only at 2^34 of what they count.
//!
//! **Increments that wait for each other.** In a cluster the store is NATS: an increment that
//! another came before fails. It is repeated.
//!
//! **A first increment that is one.** In NATS a key that is not there yet is written, whatever
//! came there meanwhile. So the numbers are made under a name that nobody else has, a *shard*; then
//! it is listed, and then the counter's key is pointed at it. Where several requests make one at
//! once, all go on with the one that was pointed at last, and the others keep what they have: the
//! counter is the sum of its shards. A request stays with the shard that it has begun with.
//!
//! **A listing that has all keys.** In NATS a listing may miss a key that is written meanwhile, as a
//! busy counter always is. So each shard has a key that is written once, and by it is listed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// How many bits of a counter are in the lower number.
pub const LOW_BITS: u32 = 34;
/// One more than the lower number holds.
const LOW: u64 = 1 << LOW_BITS;
/// One more than the other holds.
const HIGH: u64 = 1 << (64 - LOW_BITS);

/// How often an increment is tried. Each failure is another request's success, so that it takes as
/// many of them to use all attempts up.
const ATTEMPTS: u32 = 100;
/// What NATS says of an increment that another came before.
const CONFLICT: &str = "wrong last";

/// A store of wasmCloud's, and what else the counters need of a host.
pub trait Host {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;
    fn set(&self, key: &str, value: &[u8]) -> Result<(), String>;
    /// Raises the number at `key`, and returns it. It stays at the largest if it would be larger.
    fn increment(&self, key: &str, delta: u64) -> Result<u64, String>;
    /// Some keys, and where the next begin; none after the last.
    fn keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>), String>;
    /// A name that no other call gets.
    fn new_name(&self) -> String;
    /// Waits before the next attempt: longer, the more there were.
    fn pause(&self, attempts: u32);
}

/// The counters of one request.
pub struct Counters<H> {
    host: H,
    /// The shards that the request has begun with, by the counter's key.
    shards: RefCell<BTreeMap<String, String>>,
}

impl<H: Host> Counters<H> {
    pub fn new(host: H) -> Self {
        Self { host, shards: RefCell::default() }
    }

    /// Adds `delta` to the counter `name`, which starts from 0, and returns its new value: that of
    /// the request's shard, or of the shard of a name `key+shard`.
    ///
    /// # Errors
    ///
    /// What the store says. Half of the counter may then be raised.
    pub fn increment(&self, name: &str, delta: i64) -> Result<i64, String> {
        let (key, shard) = match name.split_once('+') {
            Some((key, shard)) => (key, shard.to_owned()),
            None => (name, self.shard(name)?),
        };
        let by = (delta as u64 % LOW, delta as u64 / LOW);
        let low = self.raise(&low_key(&shard, key), by.0)?;
        let is_wrapped = low % LOW < by.0;
        let high = self.raise(&high_key(&shard, key), by.1 + u64::from(is_wrapped))?;
        Ok((high % HIGH * LOW + low % LOW) as i64)
    }

    /// The names of all counters, as `key+shard`.
    pub fn names(&self) -> Result<Vec<String>, String> {
        let name = |key: String| {
            let (shard, key) = key.strip_prefix("listed/")?.split_once('/')?;
            Some(format!("{key}+{shard}"))
        };
        Ok(self.keys()?.into_iter().filter_map(name).collect())
    }

    /// Pages are counted off from the front, where keys may come and go from one page to the next.
    /// So a listing that has several is repeated until it finds nothing new.
    fn keys(&self) -> Result<BTreeSet<String>, String> {
        let mut keys = BTreeSet::new();
        loop {
            let before = keys.len();
            let (page, mut cursor) = self.host.keys(None)?;
            let is_whole = cursor.is_none();
            keys.extend(page);
            while cursor.is_some() {
                let (page, next) = self.host.keys(cursor)?;
                keys.extend(page);
                cursor = next;
            }
            if is_whole || keys.len() == before {
                return Ok(keys);
            }
        }
    }

    fn shard(&self, key: &str) -> Result<String, String> {
        if let Some(shard) = self.shards.borrow().get(key) {
            return Ok(shard.clone());
        }
        let shard = match self.host.get(&shard_key(key))? {
            Some(shard) => String::from_utf8(shard).map_err(|error| error.to_string())?,
            None => self.new_shard(key)?,
        };
        self.shards.borrow_mut().insert(key.to_owned(), shard.clone());
        Ok(shard)
    }

    fn new_shard(&self, key: &str) -> Result<String, String> {
        let shard = self.host.new_name();
        // Whoever reads a shard that is listed finds both numbers, and makes none.
        self.raise(&low_key(&shard, key), 0)?;
        self.raise(&high_key(&shard, key), 0)?;
        self.host.set(&listed_key(&shard, key), b"1")?;
        self.host.set(&shard_key(key), shard.as_bytes())?;
        Ok(shard)
    }

    fn raise(&self, key: &str, delta: u64) -> Result<u64, String> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.host.increment(key, delta) {
                Err(reason) if reason.contains(CONFLICT) && attempts < ATTEMPTS => {
                    self.host.pause(attempts);
                }
                done => return done,
            }
        }
    }
}

fn shard_key(key: &str) -> String {
    format!("shard/{key}")
}

fn listed_key(shard: &str, key: &str) -> String {
    format!("listed/{shard}/{key}")
}

fn low_key(shard: &str, key: &str) -> String {
    format!("low/{shard}/{key}")
}

fn high_key(shard: &str, key: &str) -> String {
    format!("high/{shard}/{key}")
}

#[cfg(test)]
mod tests;
