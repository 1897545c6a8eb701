//! The sample of rows for which settings are read.
//!
//! On Spin each look at a setting hands the other work of its thread to another one, which has to be
//! woken for it. A single call is not worth that where there are many: of the first calls into the
//! model all are in the sample, then one in two, and in the end one in [`MOST`].

use fastrand::Rng;

/// After twice as many calls one in two is in the sample, after three times as many one in three.
const STEP: u64 = 4096;

/// However many calls there were, one in so many is in the sample.
const MOST: u64 = 16;

/// The rows of one call that are in the sample.
pub struct Sample {
    rows: Vec<usize>,
    one_in: u64,
    random: Rng,
}

impl Sample {
    /// Draws from the rows of a call into the model. `started` is the number of calls so far, and
    /// `seed` makes it random.
    pub fn draw(rows: usize, started: u64, seed: u64) -> Self {
        let (one_in, mut random) = (one_in(started), Rng::with_seed(seed));
        let rows = (0..rows).filter(|_| random.u64(..one_in) == 0).collect();
        Self { rows, one_in, random }
    }

    /// Returns true if no row is in the sample, and no setting is worth a look.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Draws the rows that are counted for drift, by the setting `drift_sample_interval`.
    pub fn for_drift(mut self, setting: u64) -> Vec<usize> {
        let interval = setting.max(self.one_in);
        self.rows.retain(|_| setting > 0 && self.random.u64(..interval) < self.one_in);
        self.rows
    }
}

/// Returns the interval at which rows are counted for drift, by the setting and the number of
/// calls so far. 0 is none.
pub fn drift_interval(setting: u64, started: u64) -> u64 {
    if setting == 0 { 0 } else { setting.max(one_in(started)) }
}

fn one_in(started: u64) -> u64 {
    (started / STEP).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The part of the rows of so many calls that is counted for drift.
    fn part(setting: u64, started: u64) -> f64 {
        let calls = 20_000;
        let drawn = |seed| Sample::draw(1, started, seed).for_drift(setting).len();
        (0..calls).map(drawn).sum::<usize>() as f64 / calls as f64
    }

    #[test]
    fn the_part_for_drift_is_that_of_the_interval_however_many_calls_there_were() {
        for started in [0, 1, 8191, 8192, 30_000, u64::MAX] {
            for setting in [1, 2, 16, 24, 100] {
                let expected = 1.0 / drift_interval(setting, started) as f64;
                let part = part(setting, started);
                let error = 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt();
                assert!((part - expected).abs() <= error, "{setting} {started}: {part}");
            }
            assert_eq!([part(0, started), drift_interval(0, started) as f64], [0.0, 0.0]);
        }
    }

    #[test]
    fn an_interval_of_sixteen_or_more_never_changes_and_a_smaller_one_grows_with_the_calls() {
        let intervals = |setting| {
            [0, 8191, 8192, 16_384, 65_536, u64::MAX]
                .map(|started| drift_interval(setting, started))
        };
        assert_eq!(intervals(16), [16; 6]);
        assert_eq!(intervals(24), [24; 6]);
        assert_eq!(intervals(1), [1, 1, 2, 4, 16, 16]);
    }

    #[test]
    fn every_one_of_the_first_calls_reads_settings_and_later_one_in_sixteen() {
        let reading = |started| {
            (0..16_000).filter(|seed| !Sample::draw(1, started, *seed).is_empty()).count()
        };
        assert_eq!(reading(8191), 16_000);
        let later = reading(65_536);
        assert!((850..1150).contains(&later), "{later}");
    }
}
