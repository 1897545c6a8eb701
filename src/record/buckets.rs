//! The bounds of the histograms. Observations are whole numbers of a unit, so a bucket and a sum
//! always agree, and sums do not depend on the order of additions.

/// A histogram's unit, and the rising upper bounds of its buckets in this unit. One more bucket,
/// `+Inf`, has the values above the last bound.
pub struct Buckets {
    /// The upper bounds, inclusive, in units.
    pub bounds: &'static [u64],
    /// The number of units in a second, or in a confidence of 1.
    pub scale: u64,
}

/// The buckets for HTTP exchanges, in microseconds. From 10 ms on they are the buckets of
/// prometheus-fastapi-instrumentator; the lower ones are for this service's usual durations.
pub static DURATION: Buckets = Buckets {
    bounds: &[
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000,
        500_000, 750_000, 1_000_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000,
        4_000_000, 4_500_000, 5_000_000, 7_500_000, 10_000_000, 30_000_000, 60_000_000,
    ],
    scale: 1_000_000,
};

/// The buckets for calls into the model, in tenths of a microsecond. A small model takes one or two
/// microseconds.
pub static INFERENCE: Buckets = Buckets {
    bounds: &[
        10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ],
    scale: 10_000_000,
};

/// The buckets for confidences, in millionths. They are narrower near 1, the range of most answers.
pub static CONFIDENCE: Buckets = Buckets {
    bounds: &[
        100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 950_000,
        990_000, 1_000_000,
    ],
    scale: 1_000_000,
};

/// Ten equal bins of a probability, in millionths, as in scikit-learn's `calibration_curve`.
pub static PROBABILITY: Buckets = Buckets {
    bounds: &[
        100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 1_000_000,
    ],
    scale: 1_000_000,
};

/// The upper bounds of absolute errors, as parts of the spread of a quantity's answers.
pub const DISTANCES: [f64; 9] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

impl Buckets {
    /// Returns the index of an observation's bucket, in `0..=bounds.len()`.
    pub fn index(&self, units: u64) -> usize {
        self.bounds.partition_point(|bound| *bound < units)
    }

    /// Converts a duration to whole units, rounded to the nearest.
    pub fn duration_units(&self, duration: std::time::Duration) -> u64 {
        let nanos_per_unit = 1_000_000_000 / self.scale;
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        nanos.saturating_add(nanos_per_unit / 2) / nanos_per_unit
    }

    /// Converts a fraction to whole units, rounded to the nearest; limits it to 0 to 1 first.
    pub fn fraction_units(&self, fraction: f64) -> u64 {
        (fraction.clamp(0.0, 1.0) * self.scale as f64).round() as u64
    }

    /// Converts units to seconds, or to a fraction.
    pub fn value(&self, units: u64) -> f64 {
        units as f64 / self.scale as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        assert_eq!(DURATION.index(100), 0);
        assert_eq!(DURATION.index(101), 1);
        assert_eq!(DURATION.index(60_000_001), DURATION.bounds.len());
    }

    #[test]
    fn bounds_rise() {
        for buckets in [&DURATION, &INFERENCE, &CONFIDENCE, &PROBABILITY] {
            assert!(buckets.bounds.is_sorted_by(|low, high| low < high));
        }
    }

    #[test]
    fn the_originals_buckets_are_among_ours() {
        let original = [
            0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5,
            5.0, 7.5, 10.0, 30.0, 60.0,
        ];
        let ours: Vec<f64> = DURATION.bounds.iter().map(|bound| DURATION.value(*bound)).collect();
        assert!(original.iter().all(|bound| ours.contains(bound)));
    }

    #[test]
    fn units_are_rounded_to_the_nearest() {
        assert_eq!(DURATION.duration_units(Duration::from_nanos(1_499)), 1);
        assert_eq!(DURATION.duration_units(Duration::from_nanos(1_500)), 2);
        assert_eq!(INFERENCE.duration_units(Duration::from_nanos(250)), 3);
        assert_eq!(CONFIDENCE.fraction_units(0.92), 920_000);
    }
}
