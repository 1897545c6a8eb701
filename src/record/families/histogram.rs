//! A histogram in the making.

use crate::record::buckets::Buckets;
use crate::record::text::{Label, Sample, number};

/// The observations of one series.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Observations by bucket; buckets at the end that are empty may be absent.
    counts: Vec<u64>,
    /// In units of the buckets.
    pub sum: u64,
}

impl Histogram {
    /// Adds `count` observations to a bucket.
    pub fn add(&mut self, bucket: usize, count: u64) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += count;
    }

    /// Adds the observations of another series.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.counts.iter().enumerate() {
            self.add(bucket, *count);
        }
        self.sum += other.sum;
    }

    /// Cumulative buckets, then the sum and the count.
    pub fn samples(&self, buckets: &Buckets, labels: &[Label]) -> Vec<Sample> {
        let sample = |suffix, value| Sample { suffix, labels: labels.to_vec(), value };
        let bounds = buckets.bounds.iter().map(|bound| buckets.value(*bound));
        let mut count = 0;
        let mut samples = Vec::new();
        for (bucket, bound) in bounds.chain([f64::INFINITY]).enumerate() {
            count += self.counts.get(bucket).copied().unwrap_or(0);
            let mut sample = sample("_bucket", count as f64);
            sample.labels.push(("le", number(bound)));
            samples.push(sample);
        }
        samples.push(sample("_sum", buckets.value(self.sum)));
        samples.push(sample("_count", count as f64));
        samples
    }
}
