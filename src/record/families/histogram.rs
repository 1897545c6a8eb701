//! A histogram under construction.

use crate::model::bins::number;
use crate::record::buckets::Buckets;
use crate::record::text::{Label, Sample};
use std::num::Saturating;

/// A count. A store may hold any number, so sums stop at the largest one.
pub type Count = Saturating<u64>;

/// The observations of one series.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Observations by bucket. Empty buckets at the end may be absent.
    counts: Vec<Count>,
    /// The sum of the observations, in units of the buckets.
    pub sum: Count,
}

impl Histogram {
    /// Adds `count` observations to a bucket, given by its index.
    pub fn add(&mut self, bucket: usize, count: u64) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, Count::default());
        }
        self.counts[bucket] += count;
    }

    /// Adds the observations of another series.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.counts.iter().enumerate() {
            self.add(bucket, count.0);
        }
        self.sum += other.sum;
    }

    /// Returns the samples: cumulative buckets, then the sum and the count.
    pub fn samples(&self, buckets: &Buckets, labels: &[Label]) -> Vec<Sample> {
        let bounds = buckets.bounds.iter().map(|bound| buckets.value(*bound));
        self.samples_within(bounds, buckets.value(self.sum.0), labels)
    }

    /// Returns the samples for the bounds of the buckets and for the sum of the observations.
    pub fn samples_within(
        &self,
        bounds: impl Iterator<Item = f64>,
        sum: f64,
        labels: &[Label],
    ) -> Vec<Sample> {
        let sample = |suffix, value| Sample { suffix, labels: labels.to_vec(), value };
        let mut count = Count::default();
        let mut samples = Vec::new();
        for (bucket, bound) in bounds.chain([f64::INFINITY]).enumerate() {
            count += self.counts.get(bucket).copied().unwrap_or_default();
            let mut sample = sample("_bucket", count.0 as f64);
            sample.labels.push(("le", number(bound)));
            samples.push(sample);
        }
        samples.push(sample("_sum", sum));
        samples.push(sample("_count", count.0 as f64));
        samples
    }
}
