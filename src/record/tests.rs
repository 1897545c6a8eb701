use super::count::count;
use super::drift::Bins;
use super::memory::{Listing, Memory};
use super::observed::{Inference, Observed, Predicted};
use super::sample::MARK;
use super::totals::{Totals, totals};
use crate::platform::store::Counters;
use crate::serve::Exchange;
use anyhow::Result;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

/// Makes an exchange, and the facts of its prediction with this confidence.
fn prediction(confidence: f64, response_bytes: usize) -> (Exchange, Observed) {
    let exchange = Exchange {
        handler: "/predict",
        method: "POST",
        status: 200,
        duration: Duration::from_micros(210),
        request_bytes: 60,
        response_bytes,
    };
    let inference = Inference {
        model: "m".into(),
        version: "v1".into(),
        duration: Duration::from_micros(3),
        predicted: vec![Predicted { prediction: "High Risk".into(), confidence: Some(confidence) }],
        bins: Bins::new(),
        answer_bins: Bins::new(),
        explained: None,
    };
    let observed =
        Observed { inference: Some(inference), has_few_sizes: true, ..Observed::default() };
    (exchange, observed)
}

/// Records a request with counters of every kind except those of batches.
fn record_prediction(counters: &impl Counters) -> Result<()> {
    let (exchange, mut observed) = prediction(0.92, 70);
    observed.violations.add("age", "out_of_range", 1);
    observed.violations.add_unknown_keys(2);
    observed.inference.as_mut().unwrap().bins = Bins::from([(("age".to_owned(), 1), 1)]);
    count(counters, &exchange, &observed)
}

#[test]
fn a_prediction_is_four_increments_if_its_confidence_is_whole_percent_and_else_five() {
    for (confidence, increments) in [(0.92, 4), (1.0, 4), (0.923, 5), (2.0 / 3.0, 5)] {
        let store = Memory::default();
        let (exchange, observed) = prediction(confidence, 70);
        count(&store, &exchange, &observed).unwrap();
        assert_eq!(store.calls.get(), increments, "{confidence}");
    }
}

#[test]
fn sizes_of_responses_make_no_counters_where_clients_decide_on_them_or_they_are_large() {
    let counters = |sizes: std::ops::Range<usize>, has_few_sizes| {
        let store = Memory::default();
        for size in sizes {
            let (exchange, observed) = prediction(0.923, size);
            count(&store, &exchange, &Observed { has_few_sizes, ..observed }).unwrap();
        }
        store.numbers.borrow().len()
    };
    assert_eq!([counters(1..101, false), counters(513..613, true)], [6, 6]);
    assert_eq!(counters(1..101, true), 104);
}

#[test]
fn a_mark_is_one_more_increment_of_the_calls() {
    let store = Memory::default();
    let (exchange, observed) = prediction(0.92, 70);
    count(&store, &exchange, &Observed { needs_mark: true, ..observed }).unwrap();
    assert_eq!(store.numbers.borrow()["4/s/m/v1"], MARK);
    assert_eq!(store.calls.get(), 5);
}

#[test]
fn a_cut_off_request_loses_only_its_own_tail() {
    let whole = Memory::default();
    record_prediction(&whole).unwrap();
    let increments = whole.added.take();
    assert_eq!(increments.len(), 7);
    for cut in 0..increments.len() {
        let store = Memory::default();
        record_prediction(&store).unwrap();
        store.fails_after.set(Some(store.calls.get() + cut));
        assert!(record_prediction(&store).is_err());
        store.fails_after.set(None);
        record_prediction(&store).unwrap();

        let mut expected = Totals::new();
        let counted = [&increments[..], &increments[..cut], &increments[..]].concat();
        for (key, amount) in counted {
            *expected.entry(key).or_default() += amount;
        }
        let before = store.calls.get();
        assert_eq!(totals(&store).unwrap(), expected, "cut off before call {cut}");
        assert_eq!(store.calls.get() - before, 1 + increments.len());
    }
}

#[test]
fn counters_of_other_programs_are_not_read_and_not_changed() {
    let store = Memory::default();
    store.numbers.borrow_mut().insert("visits".to_owned(), 3);
    assert_eq!(totals(&store).unwrap(), Totals::new());
    assert_eq!(store.numbers.borrow()["visits"], 3);
    assert_eq!(store.calls.get(), 1);
}

#[test]
fn a_counter_is_the_sum_of_its_shards() {
    let store = Memory::default();
    for (name, number) in [("4/o/m/v1/a/8+x", 3), ("4/o/m/v1/a/8+y", 4), ("4/o/m/v1/a/8", 5)] {
        store.add(name, number).unwrap();
    }
    assert_eq!(totals(&store).unwrap(), Totals::from([("4/o/m/v1/a/8".to_owned(), 12)]));
}

#[test]
fn a_counter_listed_twice_is_counted_once() {
    let names = ["4/o/m/v1/a/8", "4/o/m/v1/a/8+x", "4/o/m/v1/a/8", "4/o/m/v1/a/8+x"];
    let store = Listing { names: names.map(str::to_owned).into(), number: 3 };
    assert_eq!(totals(&store).unwrap(), Totals::from([("4/o/m/v1/a/8".to_owned(), 6)]));
}

proptest! {
    #[test]
    fn totals_are_the_same_over_the_bridge_to_wasmcloud(requests in 1..400_usize) {
        let (plain, store) = (Memory::default(), Raised::default());
        for _ in 0..requests {
            record_prediction(&plain).unwrap();
            record_prediction(&Bridge::new(&store)).unwrap();
        }
        prop_assert_eq!(totals(&Bridge::new(&store)).unwrap(), totals(&plain).unwrap());
    }
}

type Bridge<'a> = wasmcloud_counters::Counters<&'a Raised>;

impl Counters for Bridge<'_> {
    fn add(&self, key: &str, amount: u64) -> Result<u64> {
        Ok(self.increment(key, amount)?)
    }

    fn read(&self, name: &str) -> Result<u64> {
        Ok(self.increment(name, 0)?)
    }

    fn names(&self) -> Result<Vec<String>> {
        Ok(self.names()?)
    }
}

/// A store like wasmCloud's.
#[derive(Default)]
struct Raised {
    numbers: RefCell<BTreeMap<String, u64>>,
    shards: RefCell<BTreeMap<String, Vec<u8>>>,
    reads: Cell<usize>,
}

impl wasmcloud_counters::Host for &Raised {
    /// Hides the shard at every 400th read, as if another instance created one at the same time.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, wasmcloud_counters::Error> {
        let reads = self.reads.replace(self.reads.get() + 1);
        Ok(self.shards.borrow().get(key).filter(|_| reads % 400 != 399).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), wasmcloud_counters::Error> {
        self.shards.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn increment(&self, key: &str, amount: u64) -> Result<u64, wasmcloud_counters::Error> {
        let mut numbers = self.numbers.borrow_mut();
        let number = numbers.entry(key.to_owned()).or_default();
        *number += amount;
        Ok(*number)
    }

    fn keys(
        &self,
        _: Option<u64>,
    ) -> Result<(Vec<String>, Option<u64>), wasmcloud_counters::Error> {
        Ok((self.shards.borrow().keys().cloned().collect(), None))
    }

    fn new_name(&self) -> String {
        self.numbers.borrow().len().to_string()
    }

    fn pause(&self, _: u32) {}
}
