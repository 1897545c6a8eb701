//! The key-value stores, in memory. They behave like Spin's own `type = "spin"` store.
//!
//! Guests use them through `wasi:keyvalue` and `fermyon:spin/key-value`; see [`crate::guest`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The maximal size of one result in bytes. It is Spin's own limit, and keeps a guest from making
/// the host copy a whole store.
const MAX_RESULT_BYTES: usize = 128 << 20;

/// The reason for a failure, as text for the guest.
#[derive(Debug, PartialEq)]
pub struct StoreError(pub String);

/// A key and its value.
pub type Entry = (String, Vec<u8>);

/// One store. A component can open the stores granted to it by label.
#[derive(Default)]
pub struct Store {
    entries: Mutex<HashMap<String, Vec<u8>>>,
}

impl Store {
    /// Returns the value of `key`, or `None` if it has none.
    ///
    /// # Errors
    ///
    /// If the value is larger than 128 MiB.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let entries = self.entries();
        match entries.get(key) {
            Some(value) => within_limit(value.len()).map(|()| Some(value.clone())),
            None => Ok(None),
        }
    }

    /// Sets `key` to `value`.
    pub fn set(&self, key: String, value: Vec<u8>) {
        self.entries().insert(key, value);
    }

    /// Removes `key` if it exists.
    pub fn delete(&self, key: &str) {
        self.entries().remove(key);
    }

    /// Returns true if `key` has a value.
    pub fn exists(&self, key: &str) -> bool {
        self.entries().contains_key(key)
    }

    /// Returns all keys, sorted.
    ///
    /// # Errors
    ///
    /// If the keys, each with its `String` header, are larger than 128 MiB together.
    pub fn keys(&self) -> Result<Vec<String>, StoreError> {
        let entries = self.entries();
        within_limit(entries.keys().map(|key| key.len() + size_of::<String>()).sum())?;
        let mut keys: Vec<_> = entries.keys().cloned().collect();
        keys.sort_unstable();
        Ok(keys)
    }

    /// Returns the entries of `keys`, sorted by key, each once. Like Spin's store, leaves out keys
    /// without a value.
    ///
    /// # Errors
    ///
    /// If the entries are larger than 128 MiB together.
    pub fn get_many(&self, mut keys: Vec<String>) -> Result<Vec<Entry>, StoreError> {
        keys.sort_unstable();
        keys.dedup();
        let entries = self.entries();
        let size = |key: &String| entries.get(key).map_or(0, |value| key.len() + value.len());
        within_limit(keys.iter().map(size).sum())?;
        let found = keys.into_iter().filter_map(|key| {
            let value = entries.get(&key)?.clone();
            Some((key, value))
        });
        Ok(found.collect())
    }

    /// Sets all entries of `new` in one step. No other call sees only some of them.
    pub fn set_many(&self, new: Vec<Entry>) {
        self.entries().extend(new);
    }

    /// Removes all of `keys`.
    pub fn delete_many(&self, keys: &[String]) {
        let mut entries = self.entries();
        for key in keys {
            entries.remove(key);
        }
    }

    /// Adds `delta` to the counter `key` and returns its new value. A missing key counts from 0. A
    /// counter is stored as 8 bytes, little-endian.
    ///
    /// # Errors
    ///
    /// If the value is not a counter, or the sum overflows. The value does not change then.
    pub fn increment(&self, key: String, delta: i64) -> Result<i64, StoreError> {
        let mut entries = self.entries();
        let Some(value) = entries.get_mut(&key) else {
            entries.insert(key, delta.to_le_bytes().to_vec());
            return Ok(delta);
        };
        let counter = <[u8; 8]>::try_from(value.as_slice())
            .map_err(|_| StoreError(format!("the value of `{key}` is not a counter")))?;
        let sum = i64::from_le_bytes(counter)
            .checked_add(delta)
            .ok_or_else(|| StoreError(format!("the counter `{key}` would overflow")))?;
        value.copy_from_slice(&sum.to_le_bytes());
        Ok(sum)
    }

    /// Sets `key` to `new` if its value is `old`, and returns true if it was set. Without an old
    /// value, it always sets the key, as Spin's store does.
    pub fn swap(&self, key: &str, old: Option<&[u8]>, new: Vec<u8>) -> bool {
        let mut entries = self.entries();
        if old.is_some() && entries.get(key).map(Vec::as_slice) != old {
            return false;
        }
        entries.insert(key.to_owned(), new);
        true
    }

    /// Locks the entries. No code panics while it holds the lock, so even a poisoned lock holds
    /// valid entries.
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn within_limit(bytes: usize) -> Result<(), StoreError> {
    if bytes > MAX_RESULT_BYTES {
        let message = format!("query result exceeds limit of {MAX_RESULT_BYTES} bytes");
        return Err(StoreError(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_starts_at_zero_and_may_fall() {
        let store = Store::default();
        assert_eq!(store.increment("n".into(), 0), Ok(0));
        assert_eq!(store.increment("n".into(), 10), Ok(10));
        assert_eq!(store.increment("n".into(), -15), Ok(-5));
        assert_eq!(store.get("n"), Ok(Some((-5i64).to_le_bytes().to_vec())));
    }

    #[test]
    fn a_counter_is_unchanged_if_it_would_overflow() {
        let store = Store::default();
        store.increment("n".into(), i64::MAX).unwrap();
        assert!(store.increment("n".into(), 1).is_err());
        assert_eq!(store.increment("n".into(), 0), Ok(i64::MAX));
    }

    #[test]
    fn only_a_counter_can_be_incremented() {
        let store = Store::default();
        store.set("text".into(), b"12".to_vec());
        assert!(store.increment("text".into(), 1).is_err());
        assert_eq!(store.get("text"), Ok(Some(b"12".to_vec())));
    }

    #[test]
    fn many_keys_come_sorted_once_and_only_if_they_exist() {
        let store = Store::default();
        store.set_many(vec![("b".into(), vec![2]), ("a".into(), vec![1])]);
        let asked = ["b", "x", "a", "b"].map(str::to_owned).to_vec();
        let found = store.get_many(asked).unwrap();
        assert_eq!(found, [("a".into(), vec![1]), ("b".into(), vec![2])]);
        store.delete_many(&["a".into(), "x".into()]);
        assert_eq!(store.keys(), Ok(vec!["b".to_owned()]));
    }

    #[test]
    fn a_swap_fails_if_the_value_has_changed() {
        let store = Store::default();
        assert!(store.swap("k", None, vec![1]));
        assert!(store.swap("k", Some(&[1]), vec![2]));
        assert!(!store.swap("k", Some(&[1]), vec![3]));
        store.delete("k");
        assert!(!store.swap("k", Some(&[2]), vec![3]));
        assert!(!store.exists("k"));
    }

    #[test]
    fn an_answer_has_at_most_128_mebibytes() {
        let store = Store::default();
        store.set("a".into(), vec![0; MAX_RESULT_BYTES]);
        store.set("b".into(), vec![0; 1]);
        assert!(store.get("a").is_ok());
        let error = store.get_many(vec!["a".into(), "b".into()]).unwrap_err();
        assert!(error.0.contains("query result exceeds limit"));
    }
}
