use super::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// A store like NATS. Before any of its calls, it can play another request.
#[derive(Default)]
struct Nats {
    /// Values by key, each with the revision of its write.
    entries: RefCell<BTreeMap<String, (usize, Vec<u8>)>>,
    calls: Cell<usize>,
    /// Index of a call. The other request comes before this call.
    meanwhile: Option<usize>,
    /// Number of increments that still fail, as if another came before them.
    conflicts: Cell<u32>,
    page: Option<usize>,
}

impl Nats {
    fn called(&self) {
        let call = self.calls.replace(self.calls.get() + 1);
        if self.meanwhile == Some(call) {
            Counters::new(self).increment("a", 5).unwrap();
        }
    }

    fn write(&self, key: &str, value: &[u8]) {
        if let Some(name) = key.strip_prefix("listed/") {
            let has_number = self.entries.borrow().contains_key(&format!("number/{name}"));
            assert!(has_number, "a request that reads {name} would make a number");
        }
        self.entries.borrow_mut().insert(key.to_owned(), (self.calls.get(), value.to_vec()));
    }
}

impl Host for &Nats {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.called();
        Ok(self.entries.borrow().get(key).map(|(_, value)| value.clone()))
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.called();
        self.write(key, value);
        Ok(())
    }

    fn increment(&self, key: &str, amount: u64) -> Result<u64, Error> {
        let read = || self.entries.borrow().get(key).cloned();
        let before = read();
        // Another request may come between reading and writing.
        self.called();
        if before.is_some() {
            let conflicts = self.conflicts.get();
            self.conflicts.set(conflicts.saturating_sub(1));
            if conflicts > 0 || before != read() {
                return Err(Error::Conflict);
            }
        }
        let number = |(_, bytes): (_, Vec<u8>)| u64::from_be_bytes(bytes.try_into().unwrap());
        let sum = before.map_or(0, number) + amount;
        self.write(key, &sum.to_be_bytes());
        Ok(sum)
    }

    /// Lists keys in the order of their last writes. Numbers are left out: NATS may miss keys
    /// written meanwhile.
    fn keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>), Error> {
        self.called();
        let entries = self.entries.borrow();
        let mut keys: Vec<_> = entries.iter().map(|(key, (at, _))| (at, key.clone())).collect();
        keys.sort_unstable();
        let start = cursor.unwrap_or(0) as usize;
        let end = self.page.map_or(keys.len(), |page| keys.len().min(start + page));
        let page = keys.drain(start.min(end)..end).map(|(_, key)| key);
        let page = page.filter(|key| !key.starts_with("number/"));
        Ok((page.collect(), (end < entries.len()).then_some(end as u64)))
    }

    fn new_name(&self) -> String {
        format!("{:x}", self.calls.get())
    }

    fn pause(&self, _: u32) {}
}

/// Returns the sum of a counter's shards, as read by another request.
fn total(store: &Nats, key: &str) -> u64 {
    let counters = Counters::new(store);
    let names = counters.names().unwrap().into_iter().filter(|name| name.starts_with(key));
    names.map(|name| counters.increment(&name, 0).unwrap()).sum()
}

#[test]
fn a_counter_is_the_sum_of_its_increments() {
    let store = Nats::default();
    let counters = Counters::new(&store);
    for (amount, sum) in [(1, 1), (0, 1), (1 << 40, (1 << 40) + 1), (5, (1 << 40) + 6)] {
        assert_eq!(counters.increment("a", amount), Ok(sum));
    }
    assert_eq!(total(&store, "a"), (1 << 40) + 6);
}

#[test]
fn whenever_another_request_comes_nothing_is_lost() {
    for call in 0..20 {
        let store = Nats { meanwhile: Some(call), ..Nats::default() };
        let counters = Counters::new(&store);
        counters.increment("a", 7).unwrap();
        counters.increment("a", 1).unwrap();
        while store.calls.get() <= call {
            counters.increment("b", 1).unwrap();
        }
        assert_eq!(total(&store, "a"), 13, "before call {call}");
    }
}

#[test]
fn an_increment_is_repeated_after_a_conflict() {
    let store = Nats::default();
    let counters = Counters::new(&store);
    counters.increment("a", 1).unwrap();
    store.conflicts.set(40);
    assert_eq!(counters.increment("a", 1), Ok(2));
}

#[test]
fn an_increment_fails_after_a_hundred_conflicts() {
    let store = Nats::default();
    let counters = Counters::new(&store);
    counters.increment("a", 1).unwrap();
    store.conflicts.set(u32::MAX);
    let before = store.calls.get();
    assert_eq!(counters.increment("a", 1), Err(Error::Conflict));
    // The shard is looked up once.
    assert_eq!(store.calls.get() - before, 1 + ATTEMPTS as usize);
}

#[test]
fn every_counter_is_listed_however_short_the_pages() {
    for page in [None, Some(1), Some(7), Some(100)] {
        let store = Nats { page, ..Nats::default() };
        let counters = Counters::new(&store);
        for number in 0..10 {
            counters.increment(&format!("3/h/{number}"), number).unwrap();
        }
        let mut names = counters.names().unwrap();
        names.sort_unstable();
        assert_eq!(names.len(), 10, "{names:?}");
        assert!(names[3].starts_with("3/h/3+"), "{names:?}");
    }
}

#[test]
fn a_key_skipped_by_a_page_is_found_by_the_next_listing() {
    // The other request moves its keys from before the next page to the end.
    for call in 0..20 {
        let store = Nats { page: Some(2), meanwhile: Some(call), ..Nats::default() };
        Counters::new(&store).increment("a", 1).unwrap();
        Counters::new(&store).increment("z", 1).unwrap();
        let names = Counters::new(&store).names().unwrap();
        let has = |key: &str| names.iter().any(|name| name.starts_with(key));
        assert!(has("a+") && has("z+"), "before call {call}: {names:?}");
    }
}

#[test]
fn keys_of_other_programs_are_no_counters() {
    let store = Nats::default();
    (&store).set("visits", b"3").unwrap();
    assert_eq!(Counters::new(&store).names().unwrap(), Vec::<String>::new());
}
