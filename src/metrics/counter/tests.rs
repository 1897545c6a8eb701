use super::*;
use crate::metrics::key::{Class, Http, Key};
use crate::metrics::memory::Memory;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};

fn prediction() -> Key<'static> {
    Key::Prediction {
        http: Http { handler: "/predict".into(), method: "POST".into(), status: 2, duration: 0 },
        class: Class {
            model: "m".into(),
            version: "v1".into(),
            prediction: "High Risk".into(),
            confidence: Some(0),
        },
        inference: 0,
    }
}

fn read(store: &Memory, key: &str) -> Amounts {
    totals(store).unwrap()[key]
}

#[test]
fn a_reading_at_any_moment_of_a_carry_is_exact() {
    let (key, layout) = (prediction().encode(), prediction().layout());
    let brim: Amounts = [layout.unit(0) - 1, 7, 9];
    let (others, _) = layout.pack(&[0, 7, 9]);
    let take_out = (key.clone(), layout.take_out(&[1, 0, 0]));
    let steps = [(key.clone(), 1), (carry(&key), 1), take_out];
    for first in 0..12 {
        for second in first..14 {
            for third in second..16 {
                let store = Memory::default();
                store.increment(&key, others + brim[0] as i64).unwrap();
                let start = *store.calls.borrow();
                let at = [first, second, third].map(|call| start + call);
                let script = at.into_iter().zip(steps.clone());
                store.meanwhile.replace(script.map(|(at, (key, by))| (at, key, by)).collect());
                let total = read(&store, &key);
                let exact = total == brim || total == [brim[0] + 1, 7, 9];
                assert!(exact, "{total:?} with steps before calls {first}, {second}, {third}");
            }
        }
    }
}

fn carry(key: &str) -> String {
    crate::metrics::key::carry(key, 0)
}

#[test]
fn a_carry_that_was_cut_off_does_not_stop_readings() {
    let (key, layout) = (prediction().encode(), prediction().layout());
    let store = Memory::default();
    store.increment(&key, layout.unit(0) as i64).unwrap();
    assert_eq!(read(&store, &key)[0], layout.unit(0));
}

#[test]
fn counters_of_others_are_not_read_and_not_changed() {
    let store = Memory::default();
    store.numbers.borrow_mut().insert("visits".to_owned(), 3);
    assert_eq!(totals(&store).unwrap(), Totals::new());
    assert_eq!(store.numbers.borrow()["visits"], 3);
}

#[test]
fn an_addition_costs_one_call_as_long_as_nothing_is_carried() {
    let store = Memory::default();
    add(&store, &prediction().encode(), prediction().layout(), &[920_000, 1, 30]).unwrap();
    assert_eq!(*store.calls.borrow(), 1);
}

#[test]
fn an_amount_that_is_large_costs_one_call_more() {
    let store = Memory::default();
    let key = prediction();
    let large = key.layout().grain(2);
    add(&store, &key.encode(), key.layout(), &[920_000, 1, large]).unwrap();
    assert_eq!(*store.calls.borrow(), 2);
    assert_eq!(read(&store, &key.encode()), [920_000, 1, large]);
}

#[test]
fn large_amounts_meanwhile_do_not_make_a_reading_longer() {
    let (key, layout) = (prediction().encode(), prediction().layout());
    let store = Memory::default();
    add(&store, &key, layout, &[layout.grain(0), 1, 1]).unwrap();
    let large = crate::metrics::key::large(&key, 0);
    store.meanwhile.replace((0..100).map(|call| (call, large.clone(), 1)).collect());
    let start = *store.calls.borrow();
    totals(&store).unwrap();
    // What is carried, the word, and what is carried: each is listed, and one is read.
    assert_eq!(*store.calls.borrow() - start, 6);
}

#[test]
fn many_large_amounts_at_once_do_not_run_over() {
    let (key, layout) = (prediction().encode(), prediction().layout());
    let store = Memory::default();
    let large = [layout.unit(0) - 1, 0, 0];
    // Each raises the word before any of them carries.
    let (delta, _) = layout.pack(&large);
    store.meanwhile.replace((0..64).map(|_| (0, key.clone(), delta)).collect());
    add(&store, &key, layout, &large).unwrap();
    assert_eq!(read(&store, &key)[1..], [0, 0]);
}

proptest! {
    #[test]
    fn totals_are_the_sums_of_what_was_added(
        amounts in proptest::collection::vec([0..1_u64 << 33, 0..5_000, 0..1 << 40], 1..300),
    ) {
        let store = Memory::default();
        let mut expected = [0; MAX_FIELDS];
        for added in &amounts {
            add(&store, &prediction().encode(), prediction().layout(), added).unwrap();
            for (sum, amount) in expected.iter_mut().zip(added) {
                *sum += amount;
            }
        }
        prop_assert_eq!(read(&store, &prediction().encode()), expected);
        let words = store.numbers.borrow();
        prop_assert!(words.values().all(|word| *word >= 0));
    }

    #[test]
    fn totals_are_the_same_over_the_bridge_to_wasmcloud(
        amounts in proptest::collection::vec([0..1_u64 << 33, 0..5_000, 0..1 << 40], 1..300),
    ) {
        let (plain, store) = (Memory::default(), Raised::default());
        for added in &amounts {
            let (key, layout) = (prediction().encode(), prediction().layout());
            add(&plain, &key, layout, added).unwrap();
            // Each in a request of its own.
            add(&Bridge::new(&store), &key, layout, added).unwrap();
        }
        prop_assert_eq!(totals(&Bridge::new(&store)).unwrap(), totals(&plain).unwrap());
    }
}

type Bridge<'a> = wasmcloud_counters::Counters<&'a Raised>;

impl Counters for Bridge<'_> {
    fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        self.increment(key, delta).map_err(anyhow::Error::msg)
    }

    fn keys(&self) -> Result<Vec<String>> {
        self.names().map_err(anyhow::Error::msg)
    }
}

/// A store of wasmCloud's, whose numbers only rise.
#[derive(Default)]
struct Raised {
    numbers: RefCell<BTreeMap<String, u64>>,
    shards: RefCell<BTreeMap<String, Vec<u8>>>,
    reads: Cell<usize>,
}

impl wasmcloud_counters::Host for &Raised {
    /// Now and then the shard that was made last is not found, as if two were made at once.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let reads = self.reads.replace(self.reads.get() + 1);
        Ok(self.shards.borrow().get(key).filter(|_| reads % 400 != 399).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), String> {
        self.shards.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn increment(&self, key: &str, delta: u64) -> Result<u64, String> {
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number = number.saturating_add(delta);
        Ok(*number)
    }

    fn keys(&self, _: Option<u64>) -> Result<(Vec<String>, Option<u64>), String> {
        Ok((self.shards.borrow().keys().cloned().collect(), None))
    }

    fn new_name(&self) -> String {
        self.numbers.borrow().len().to_string()
    }

    fn pause(&self, _: u32) {}
}
