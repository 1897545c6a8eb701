//! Values by their labels.

use super::histogram::{Count, Histogram};
use crate::record::buckets::Buckets;
use crate::record::text::{Label, Sample};
use std::collections::BTreeMap;

/// The values of a family: counts or histograms, sorted by their labels.
pub struct Series<V> {
    names: &'static [&'static str],
    values: BTreeMap<Vec<String>, V>,
}

impl<V: Default> Series<V> {
    /// Makes an empty family with these label names.
    pub const fn new(names: &'static [&'static str]) -> Self {
        Self { names, values: BTreeMap::new() }
    }

    /// Returns the value for these labels, in the order of their names. Creates a missing value at
    /// its default.
    pub fn at(&mut self, labels: &[&str]) -> &mut V {
        self.values.entry(labels.iter().map(ToString::to_string).collect()).or_default()
    }

    /// Returns the value for these labels, if there is one.
    pub fn get(&self, labels: &[&str]) -> Option<&V> {
        let labels: Vec<_> = labels.iter().map(ToString::to_string).collect();
        self.values.get(&labels)
    }

    /// Returns the labels of each value, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &[String]> {
        self.values.keys().map(Vec::as_slice)
    }

    /// Returns all values, in the order of their labels.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values()
    }

    /// Returns each value with its named labels.
    fn labelled(&self) -> impl Iterator<Item = (Vec<Label>, &V)> {
        self.values.iter().map(|(labels, value)| {
            (self.names.iter().copied().zip(labels.iter().cloned()).collect(), value)
        })
    }
}

impl Series<Count> {
    // Inlining it for each family would add code, as below.
    /// Makes a sample of each count.
    #[inline(never)]
    pub fn samples(&self, suffix: &'static str) -> Vec<Sample> {
        let sample =
            |(labels, count): (_, &Count)| Sample { suffix, labels, value: count.0 as f64 };
        self.labelled().map(sample).collect()
    }
}

impl Series<f64> {
    /// Makes a sample of each number.
    #[inline(never)]
    pub fn samples(&self, suffix: &'static str) -> Vec<Sample> {
        self.labelled().map(|(labels, value)| Sample { suffix, labels, value: *value }).collect()
    }
}

impl Series<Histogram> {
    /// Makes the samples of each histogram.
    #[inline(never)]
    pub fn samples(&self, buckets: &Buckets) -> Vec<Sample> {
        self.labelled()
            .flat_map(|(labels, histogram)| histogram.samples(buckets, &labels))
            .collect()
    }
}
