//! The key-value interfaces: the questions of Spin's own tests, and some that they leave out.

use crate::bindings::fermyon::spin::key_value as spin;
use crate::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::bindings::wasi::keyvalue::batch;
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};
use crate::reply::Reply;
use anyhow::{Result, anyhow, ensure};

/// Tries all of `wasi:keyvalue` on the store named by the query.
pub fn contract(label: &str) -> Reply {
    let outcome = match store::open(label) {
        Err(Error::AccessDenied) => Err(anyhow!("access-denied")),
        Err(error) => Err(failed(error)),
        Ok(bucket) => values(&bucket)
            .and_then(|()| many(&bucket))
            .and_then(|()| counters(&bucket))
            .and_then(|()| swaps(&bucket)),
    };
    outcome.map(|()| "kept").into()
}

fn values(bucket: &Bucket) -> Result<()> {
    bucket.delete("bar").map_err(failed)?;
    ensure!(!bucket.exists("bar").map_err(failed)?);
    ensure!(bucket.get("bar").map_err(failed)?.is_none());
    ensure!(keys(bucket)?.is_empty());

    bucket.set("bar", b"baz").map_err(failed)?;
    bucket.set("bar", b"wow").map_err(failed)?;
    bucket.set("qux", b"yay").map_err(failed)?;
    ensure!(bucket.exists("bar").map_err(failed)?);
    ensure!(bucket.get("bar").map_err(failed)?.as_deref() == Some(&b"wow"[..]));
    ensure!(keys(bucket)? == ["bar", "qux"]);
    ensure!(matches!(bucket.list_keys(Some("0")), Err(Error::Other(_))));

    bucket.delete("bar").map_err(failed)?;
    bucket.delete("bar").map_err(failed)?;
    bucket.delete("qux").map_err(failed)?;
    ensure!(keys(bucket)?.is_empty());
    Ok(())
}

fn many(bucket: &Bucket) -> Result<()> {
    let entries = [("bar".to_owned(), b"bin".to_vec()), ("baz".to_owned(), b"buzz".to_vec())];
    let asked = ["bar", "missing", "baz"].map(str::to_owned);
    batch::set_many(bucket, &entries).map_err(failed)?;
    let found = batch::get_many(bucket, &asked).map_err(failed)?;
    ensure!(found == entries.map(|(key, value)| (key, Some(value))));
    batch::delete_many(bucket, &asked).map_err(failed)?;
    ensure!(keys(bucket)?.is_empty());
    Ok(())
}

fn counters(bucket: &Bucket) -> Result<()> {
    ensure!(atomics::increment(bucket, "counter", 10).map_err(failed)? == 10);
    ensure!(atomics::increment(bucket, "counter", -15).map_err(failed)? == -5);
    let kept = bucket.get("counter").map_err(failed)?;
    ensure!(kept == Some((-5i64).to_le_bytes().to_vec()));

    ensure!(matches!(atomics::increment(bucket, "counter", i64::MIN), Err(Error::Other(_))));
    bucket.set("text", b"12").map_err(failed)?;
    ensure!(matches!(atomics::increment(bucket, "text", 1), Err(Error::Other(_))));
    batch::delete_many(bucket, &["counter".to_owned(), "text".to_owned()]).map_err(failed)
}

fn swaps(bucket: &Bucket) -> Result<()> {
    bucket.set("bar", b"wow").map_err(failed)?;
    let cas = Cas::new(bucket, "bar").map_err(failed)?;
    ensure!(cas.current().map_err(failed)?.as_deref() == Some(&b"wow"[..]));
    bucket.set("bar", b"meanwhile").map_err(failed)?;

    let Err(CasError::CasFailed(cas)) = atomics::swap(cas, b"late") else {
        return Err(anyhow!("a value that had changed was swapped"));
    };
    atomics::swap(cas, b"swapped").map_err(|error| anyhow!("{error:?}"))?;
    ensure!(bucket.get("bar").map_err(failed)?.as_deref() == Some(&b"swapped"[..]));
    bucket.delete("bar").map_err(failed)
}

fn keys(bucket: &Bucket) -> Result<Vec<String>> {
    Ok(bucket.list_keys(None).map_err(failed)?.keys)
}

fn failed(error: Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

/// Tries all of `fermyon:spin/key-value` on the store `default`.
pub fn spin_contract() -> Reply {
    spin_values().map(|()| "kept").map_err(|error| format!("{error:?}")).into()
}

fn spin_values() -> Result<()> {
    ensure!(matches!(spin::Store::open("forbidden"), Err(spin::Error::AccessDenied)));
    let store = spin::Store::open("default")?;
    store.delete("bar")?;
    ensure!(!store.exists("bar")? && store.get("bar")?.is_none());
    store.set("bar", b"baz")?;
    store.set("bar", b"wow")?;
    ensure!(store.exists("bar")? && store.get("bar")?.as_deref() == Some(&b"wow"[..]));
    ensure!(store.get_keys()? == ["bar"]);
    store.delete("bar")?;
    ensure!(store.get_keys()?.is_empty());
    Ok(())
}

/// Adds one to the counter named by the query, and says what it is then.
pub fn count(key: &str) -> Reply {
    let counted = store::open("default").and_then(|bucket| atomics::increment(&bucket, key, 1));
    counted.map_err(failed).into()
}
