//! The host's key-value store. Its counters outlive the instance.

use super::{Lent, log};
use anyhow::{Context, Error, Result, anyhow, bail};
use bindings::wasi::keyvalue::{atomics, store};
use std::cell::Cell;

mod bindings {
    wit_bindgen::generate!({
        path: ["wit/keyvalue", "wit/service.wit"],
        world: "model-api:service/counters",
        generate_all,
    });
}

/// A store of numbers.
pub trait Counters {
    /// Adds `amount`, of less than 2^63, to the number at `key`. A new number starts from 0.
    /// Returns the sum, or the sum in one shard.
    fn add(&self, key: &str, amount: u64) -> Result<u64>;
    /// Reads the number listed as `name`.
    fn read(&self, name: &str) -> Result<u64>;
    /// Lists all numbers, in no particular order. A store may keep a number in shards: it lists and
    /// reads each as `key+shard`, and the number is their sum.
    fn names(&self) -> Result<Vec<String>>;
}

/// Name of the store. `spin.toml` grants it, and the runtime configuration sets its location.
const LABEL: &str = "default";

/// The open store.
pub struct Store(Lent<store::Bucket>);

thread_local! {
    /// The store, after it is opened: an instance serves one request, and opens the store once.
    static OPENED: Cell<Option<&'static Store>> = const { Cell::new(None) };
}

impl Store {
    /// Opens the store, or returns the open one.
    ///
    /// # Errors
    ///
    /// If the host does not grant the store.
    pub fn open() -> Result<&'static Self> {
        if let Some(store) = OPENED.get() {
            return Ok(store);
        }
        let bucket = store::open(LABEL).map_err(explain);
        let bucket =
            bucket.with_context(|| format!("cannot open the key-value store {LABEL:?}"))?;
        let store: &Self = Box::leak(Box::new(Self(Lent::new(bucket))));
        OPENED.set(Some(store));
        Ok(store)
    }

    fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        let value = atomics::increment(&self.0, key, delta).map_err(explain);
        value.with_context(|| format!("cannot increment {key:?}"))
    }
}

impl Counters for Store {
    fn add(&self, key: &str, amount: u64) -> Result<u64> {
        let number = self.increment(key, i64::try_from(amount)?)?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Adds 0: this returns the number on every store. `get` would return it in the store's own
    /// form.
    fn read(&self, name: &str) -> Result<u64> {
        let number = self.increment(name, 0)?;
        u64::try_from(number).map_err(|_| anyhow!("the counter {name:?} is {number}"))
    }

    fn names(&self) -> Result<Vec<String>> {
        let page = self.0.list_keys(None).map_err(explain).context("cannot list the counters")?;
        if page.cursor.is_some() {
            bail!("the store lists its keys in pages, which Spin's stores do not");
        }
        Ok(page.keys)
    }
}

fn explain(error: store::Error) -> Error {
    match error {
        store::Error::NoSuchStore => Error::msg("the host has no such store"),
        store::Error::AccessDenied => Error::msg("spin.toml does not grant it to the component"),
        // A line break in the reason would begin a new line of the log.
        store::Error::Other(reason) => Error::msg(log::shown(&reason)),
    }
}
