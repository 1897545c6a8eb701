//! Counters that lose nothing on a store of wasmCloud's.
//!
//! # What wasmCloud's stores do not have, and what is done about it
//!
//! **Increments that wait for each other.** In a cluster the store is NATS: an increment that
//! another came before fails. It is repeated.
//!
//! **A first increment that is atomic.** In NATS a key that is not there yet is written, whatever
//! came there meanwhile. So a number is made under a name that nobody else has, a *shard*; then it
//! is listed, and then the counter's key is pointed at it. If several requests make one at once,
//! all later ones use the one that was pointed at last, and the others keep what they have: the
//! counter is the sum of its shards.
//!
//! **A listing that has all keys.** In NATS a listing may miss a key that is written meanwhile, as
//! a busy counter always is. So each shard has a key that is written once, and is listed by it.

use std::collections::BTreeSet;
use std::fmt;

/// The number of attempts at an increment. Each failure is another request's success, so that it
/// takes as many of them to use all attempts up.
const ATTEMPTS: u32 = 100;

/// The reason for which a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Another increment of the same number came before this one.
    Conflict,
    /// Something that does not pass, in the store's words.
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

/// A store of wasmCloud's, and what else the counters need of a host.
pub trait Host {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error>;
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error>;
    /// Adds `amount` to the number at `key`, and returns the sum.
    fn increment(&self, key: &str, amount: u64) -> Result<u64, Error>;
    /// Some keys, and where the next begin; none after the last.
    fn keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>), Error>;
    /// A name that no other call gets.
    fn new_name(&self) -> String;
    /// Waits before the next attempt: longer, the more there were.
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

    /// Adds `amount` to the counter `name`, which starts from 0. Returns the new value of the shard
    /// that was raised: the current one, or the one of a name `key+shard`.
    ///
    /// # Errors
    ///
    /// The store's own; or a conflict, if it was in conflict at every attempt.
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

    /// Lists all keys. Pages are counted off from the front, where keys may come and go from one
    /// page to the next: a listing that has several is repeated until it finds nothing new.
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

    /// Finds the shard that the counter's key points at, or makes one.
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
        // A request that reads a listed shard finds its number, and makes none.
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
