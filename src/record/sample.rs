//! The sample of rows for which settings are read.
//!
//! On Spin, each reading of a setting moves the other work of its thread to another thread, and has
//! to wake it. With many calls, a single call is not worth this cost. Of the first calls into the
//! model all are in the sample, then one in two, and in the end one in [`MOST`]. If the settings
//! ask for more, a mark on the counter of calls puts all calls into the sample again.

use fastrand::Rng;

/// The number of calls per step. After two steps one call in two is in the sample, after three one
/// in three.
const STEP: u64 = 4096;

/// The sparsest sample: at least one row in this many.
const MOST: u64 = 16;

/// The mark on a counter of calls, greater than any number of calls. Concurrent calls may each add
/// one.
pub const MARK: u64 = 1 << 48;

/// The sampled rows of one call.
pub struct Sample {
    /// The indices of the rows.
    rows: Vec<usize>,
    one_in: u64,
    is_marked: bool,
    random: Rng,
}

impl Sample {
    /// Draws from the rows of a call into the model. `started` is the counter of calls so far, and
    /// `seed` is random.
    pub fn draw(rows: usize, started: u64, seed: u64) -> Self {
        let (one_in, mut random) = (one_in(started), Rng::with_seed(seed));
        let rows = (0..rows).filter(|_| random.u64(..one_in) == 0).collect();
        Self { rows, one_in, is_marked: started >= MARK, random }
    }

    /// Returns true if the settings ask for more than a sample, and the counter has no mark yet.
    pub fn needs_mark(&self, drift_interval: u64, is_logged: bool) -> bool {
        !self.is_marked && ((1..MOST).contains(&drift_interval) || is_logged)
    }

    /// Returns true if no row is in the sample, so no setting needs to be read.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Draws the rows to count for drift: about one in `setting` of all rows, or fewer if the
    /// sample itself is sparser; none for 0. `setting` is `drift_sample_interval`.
    pub fn for_drift(mut self, setting: u64) -> Vec<usize> {
        let interval = setting.max(self.one_in);
        self.rows.retain(|_| setting > 0 && self.random.u64(..interval) < self.one_in);
        self.rows
    }
}

/// Returns the number of calls in a counter, without marks.
pub fn calls(started: u64) -> u64 {
    started % MARK
}

fn one_in(started: u64) -> u64 {
    if started >= MARK { 1 } else { (started / STEP).clamp(1, MOST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the proportion of rows counted for drift after so many calls.
    fn part(setting: u64, started: u64) -> f64 {
        let calls = 20_000;
        let drawn = |seed| Sample::draw(1, started, seed).for_drift(setting).len();
        (0..calls).map(drawn).sum::<usize>() as f64 / calls as f64
    }

    #[test]
    fn the_part_for_drift_is_that_of_the_interval_however_many_calls_there_were() {
        for started in [0, 8191, 8192, 30_000, MARK - 1, MARK + 65_536] {
            for setting in [16, 24, 100] {
                let (expected, part) = (1.0 / setting as f64, part(setting, started));
                let error = 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt();
                assert!((part - expected).abs() <= error, "{setting} {started}: {part}");
            }
            assert_eq!(part(0, started), 0.0);
        }
        for started in [0, 8191, MARK + 65_536] {
            assert_eq!(part(1, started), 1.0);
        }
    }

    #[test]
    fn settings_that_ask_for_more_than_a_sample_need_one_mark() {
        let needs =
            |started, interval, logs| Sample::draw(1, started, 0).needs_mark(interval, logs);
        assert!(needs(1, 16, true) && needs(1, 1, false) && needs(1, 15, false));
        assert!(!needs(1, 16, false) && !needs(1, 0, false) && !needs(MARK + 1, 1, true));
        assert_eq!(calls(3 * MARK + 7), 7);
    }

    #[test]
    fn every_one_of_the_first_calls_reads_settings_and_later_one_in_sixteen() {
        let reading = |started| {
            (0..16_000).filter(|seed| !Sample::draw(1, started, *seed).is_empty()).count()
        };
        assert_eq!(reading(8191), 16_000);
        let later = reading(65_536);
        assert!((850..1150).contains(&later), "{later}");
        assert_eq!(reading(MARK + 65_536), 16_000);
    }
}
