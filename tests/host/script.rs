//! Random calls to a store, by both of its interfaces, beside a plain map.

use super::serve;
use crate::support::http::Request;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// One call, as the probe reads it. There are few keys, so that calls meet.
const CALL: &str = "(wasi|spin) (get [abc]|set [abc] [xyz]{0,9}|delete [abc]|exists [abc]|keys)\
    |wasi (get-many( [abc]){0,4}|set-many [xyz]{0,9}( [abc]){0,4}|delete-many( [abc]){0,2})\
    |wasi increment [abc] (-?[0-9]|-?9[0-9]{17}|9223372036854775807|-9223372036854775808)\
    |wasi (cas [abc]|current|swap [xyz]{0,9})";

#[test]
fn a_store_keeps_what_a_plain_map_keeps_whatever_is_called() {
    let server = serve();
    let outcome = TestRunner::default().run(&vec(CALL, 1..60), |calls| {
        let script = format!("wasi delete-many a b c\n{}", calls.join("\n"));
        let mut store = PlainStore::default();
        let expected: Vec<_> = script.lines().map(|line| store.call(line)).collect();
        let response = server.send(&Request::post("/script", script.as_str()));
        let given: Vec<_> = response.text().lines().collect();
        prop_assert_eq!(given, expected, "{}", script);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A store by the words of the interfaces.
#[derive(Default)]
struct PlainStore {
    entries: BTreeMap<String, Vec<u8>>,
    /// The key of the value to be replaced, and the value as it was seen last.
    cas: Option<(String, Option<Vec<u8>>)>,
}

impl PlainStore {
    fn call(&mut self, line: &str) -> String {
        let entries = &mut self.entries;
        match line.split(' ').collect::<Vec<_>>()[1..] {
            ["get", key] => shown(entries.get(key)),
            ["set", key, value] => self.set(&[key], value),
            ["delete", key] => self.delete(&[key]),
            ["exists", key] => shown(entries.contains_key(key)),
            ["keys"] => shown(entries.keys().collect::<Vec<_>>()),
            ["get-many", ref keys @ ..] => self.get_many(keys),
            ["set-many", value, ref keys @ ..] => self.set(keys, value),
            ["delete-many", ref keys @ ..] => self.delete(keys),
            ["increment", key, delta] => self.increment(key, delta.parse().unwrap()),
            ["cas", key] => {
                self.cas = Some((key.to_owned(), None));
                shown(())
            }
            ["current"] => {
                let seen = self.cas.as_mut().map(|(key, seen)| {
                    *seen = entries.get(key).cloned();
                    seen.clone()
                });
                shown(seen)
            }
            ["swap", value] => self.swap(value),
            _ => panic!("{line:?} is no call"),
        }
    }

    fn set(&mut self, keys: &[&str], value: &str) -> String {
        self.entries.extend(keys.iter().map(|key| (key.to_string(), value.into())));
        shown(())
    }

    fn delete(&mut self, keys: &[&str]) -> String {
        self.entries.retain(|key, _| !keys.contains(&key.as_str()));
        shown(())
    }

    /// Only keys that have a value are answered, sorted and each once.
    fn get_many(&self, keys: &[&str]) -> String {
        let keys: BTreeSet<_> = keys.iter().copied().collect();
        let found = self.entries.iter().filter(|(key, _)| keys.contains(key.as_str()));
        shown(found.map(|(key, value)| (key, Some(value))).collect::<Vec<_>>())
    }

    fn increment(&mut self, key: &str, delta: i64) -> String {
        let zero = 0_i64.to_le_bytes().to_vec();
        let value = self.entries.get(key).unwrap_or(&zero).as_slice().try_into();
        let sum = value.ok().and_then(|value| i64::from_le_bytes(value).checked_add(delta));
        let Some(sum) = sum else { return FAILED.to_owned() };
        self.entries.insert(key.to_owned(), sum.to_le_bytes().to_vec());
        shown(sum)
    }

    /// A value that was not there when it was seen, or was not seen, is replaced in any case.
    fn swap(&mut self, value: &str) -> String {
        let Some((key, seen)) = self.cas.take() else { return shown(None::<()>) };
        let current = self.entries.get(&key).cloned();
        if seen.is_some() && seen != current {
            self.cas = Some((key, current));
            return FAILED.to_owned();
        }
        self.entries.insert(key, value.into());
        shown(Some(()))
    }
}

const FAILED: &str = "Err(())";

fn shown(answer: impl Debug) -> String {
    format!("Ok({answer:?})")
}
