//! The host's key-value store, where counters outlive the instance.

use super::Lent;
use super::bindings::wasi::keyvalue::{atomics, store};
use crate::metrics::Counters;
use anyhow::{Context, Error, Result, bail};

/// The store's name. `spin.toml` grants it, and the runtime configuration says where it is kept.
const STORE: &str = "default";

pub struct Bucket(Lent<store::Bucket>);

impl Bucket {
    pub fn open() -> Result<Self> {
        let bucket = store::open(STORE).map_err(explain);
        let bucket =
            bucket.with_context(|| format!("cannot open the key-value store {STORE:?}"))?;
        Ok(Self(Lent::new(bucket)))
    }
}

impl Bucket {
    fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        let value = atomics::increment(&self.0, key, delta).map_err(explain);
        value.with_context(|| format!("cannot increment {key:?}"))
    }
}

impl Counters for Bucket {
    fn add(&self, key: &str, amount: u64) -> Result<()> {
        self.increment(key, i64::try_from(amount)?).map(drop)
    }

    /// Adds 0, which returns the number on every store. What `get` returns is the store's own form.
    fn read(&self, name: &str) -> Result<u64> {
        Ok(self.increment(name, 0)?.try_into()?)
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
        store::Error::Other(reason) => Error::msg(reason),
    }
}
