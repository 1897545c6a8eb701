//! Counters that lose nothing on a store of wasmCloud's.
//!
//! # Features missing in wasmCloud's stores, and their replacement
//!
//! **Increments that wait for each other.** In a cluster the store is NATS: an increment fails if
//! another one came before it. It is repeated.
//!
//! **An atomic first increment.** In NATS a missing key is made by a plain write, even if another
//! write came there meanwhile. So a number is made under a unique name, a *shard*; then it is
//! listed, and then the counter's key is pointed at it. If several requests make a shard at once,
//! all later requests use the shard pointed at last, and the other shards keep their numbers: the
//! counter is the sum of its shards.
//!
//! **A listing of all keys.** In NATS a listing may miss a key if it is written meanwhile, as a
//! busy counter always is. So each shard has another key for the listing, written only once.

use std::collections::BTreeSet;
use std::fmt;

/// Maximum number of attempts at an increment. Each failure is another request's success, so it
/// takes as many other increments to use up all attempts.
const ATTEMPTS: u32 = 100;

/// The reason for a store's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Another increment of the same number came before this one.
    Conflict,
    /// A lasting failure, in the store's words.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("other increments came before this one"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Error {}

/// A store of wasmCloud's, and the other functions of a host for the counters.
pub trait Host {
    /// Reads the value at `key`; none if the key is missing.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Writes the value at `key`.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error>;
    /// Adds `amount` to the number at `key`, and returns the sum.
    fn increment(&self, key: &str, amount: u64) -> Result<u64, Error>;
    /// Lists one page of keys, with the cursor of the next page; none after the last.
    fn keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>), Error>;
    /// Makes a name that no other call gets.
    fn new_name(&self) -> String;
    /// Waits before the next attempt, longer after more attempts.
    fn pause(&self, attempts: u32);
}

/// The counters in a store.
pub struct Counters<H> {
    host: H,
}

impl<H: Host> Counters<H> {
    /// Keeps counters in the store of `host`.
    pub fn new(host: H) -> Self {
        Self { host }
    }

    /// Adds `amount` to the counter `name`. A new counter starts from 0. This raises one shard: the
    /// counter's current one, or the one named by `key+shard`. Returns the shard's new number.
    ///
    /// # Errors
    ///
    /// The store's errors, or a conflict if every attempt was in conflict.
    pub fn increment(&self, name: &str, amount: u64) -> Result<u64, Error> {
        let (key, shard) = match name.split_once('+') {
            Some((key, shard)) => (key, shard.to_owned()),
            None => (name, self.shard(name)?),
        };
        self.raise(&number_key(&shard, key), amount)
    }

    /// Lists all counters, each shard as `key+shard`.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let name = |key: String| {
            let (shard, key) = key.strip_prefix("listed/")?.split_once('/')?;
            Some(format!("{key}+{shard}"))
        };
        Ok(self.keys()?.into_iter().filter_map(name).collect())
    }

    /// Lists all keys. The store counts pages off from the front, and keys may come and go there
    /// from one page to the next. So a listing of several pages is repeated until it finds nothing
    /// new.
    fn keys(&self) -> Result<BTreeSet<String>, Error> {
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

    /// Returns the shard at the counter's key, or makes one.
    fn shard(&self, key: &str) -> Result<String, Error> {
        match self.host.get(&shard_key(key))? {
            Some(shard) => {
                String::from_utf8(shard).map_err(|error| Error::Failed(error.to_string()))
            }
            None => self.new_shard(key),
        }
    }

    fn new_shard(&self, key: &str) -> Result<String, Error> {
        let shard = self.host.new_name();
        // The number is first: a reader of a listed shard finds it, and makes none.
        self.raise(&number_key(&shard, key), 0)?;
        self.host.set(&listed_key(&shard, key), b"1")?;
        self.host.set(&shard_key(key), shard.as_bytes())?;
        Ok(shard)
    }

    fn raise(&self, key: &str, amount: u64) -> Result<u64, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.host.increment(key, amount) {
                Err(Error::Conflict) if attempts < ATTEMPTS => self.host.pause(attempts),
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

fn number_key(shard: &str, key: &str) -> String {
    format!("number/{shard}/{key}")
}

#[cfg(test)]
mod tests;
