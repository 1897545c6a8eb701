//! Values by their labels.

use super::histogram::{Count, Histogram};
use crate::record::buckets::Buckets;
use crate::record::text::{Label, Sample};

/// The values of a family: counts, numbers or histograms.
pub struct Series<V> {
    names: &'static [&'static str],
    /// The values, sorted by their labels. A map of each type would add 6 KB of code.
    values: Vec<(Vec<String>, V)>,
}

impl<V: Default> Series<V> {
    /// Makes an empty family with these label names.
    pub const fn new(names: &'static [&'static str]) -> Self {
        Self { names, values: Vec::new() }
    }

    /// Returns the value for these labels, in the order of their names. Creates a missing value at
    /// its default.
    #[inline(never)]
    pub fn at(&mut self, labels: &[&str]) -> &mut V {
        let place = self.place(labels).unwrap_or_else(|place| {
            self.values.insert(place, (owned(labels), V::default()));
            place
        });
        &mut self.values[place].1
    }

    /// Returns the value for these labels, if there is one.
    #[inline(never)]
    pub fn get(&self, labels: &[&str]) -> Option<&V> {
        self.place(labels).ok().map(|place| &self.values[place].1)
    }

    /// Returns the index of the value for these labels, or else the index of its place.
    fn place(&self, labels: &[&str]) -> Result<usize, usize> {
        let labels = || labels.iter().copied();
        self.values.binary_search_by(|(own, _)| own.iter().map(String::as_str).cmp(labels()))
    }

    /// Returns the labels of each value, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &[String]> {
        self.values.iter().map(|(labels, _)| labels.as_slice())
    }

    /// Returns all values, in the order of their labels.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter().map(|(_, value)| value)
    }

    /// Returns each value with its named labels.
    fn labelled(&self) -> impl Iterator<Item = (Vec<Label>, &V)> {
        self.values.iter().map(|(labels, value)| (named(self.names, labels), value))
    }
}

// Inlining these for each family and each type would add code.

#[inline(never)]
fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(ToString::to_string).collect()
}

#[inline(never)]
fn named(names: &[&'static str], labels: &[String]) -> Vec<Label> {
    names.iter().copied().zip(labels.iter().cloned()).collect()
}

impl Series<Count> {
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
        let mut samples = Vec::new();
        for (labels, histogram) in self.labelled() {
            samples.extend(histogram.samples(buckets, &labels));
        }
        samples
    }
}
