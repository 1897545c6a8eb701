//! Rounds numbers, to protect privacy: no number in a card is one person's value.

/// The number of parts of a range or a gap. Rounding moves a bound by one part at most.
const PARTS: f64 = 10.0;

/// The fewest rows with the same value for this value to be a bound. With fewer rows, the bound
/// would reveal a person's value.
const SHARED: usize = 10;

/// The proportion of rows outside a range, on each side.
const OUTSIDE: f64 = 0.005;

/// A step between round numbers: 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy)]
struct Step {
    digit: f64,
    exponent: i32,
}

impl Step {
    /// Returns the largest step up to `size`; none if `size` is no positive number. The steps of
    /// integers are integers.
    fn up_to(size: f64, are_whole: bool) -> Option<Self> {
        let size = if are_whole { size.max(1.0) } else { size };
        if !size.is_normal() || size < 0.0 {
            return None;
        }
        let exponent = size.log10().floor() as i32;
        let steps = [5.0, 2.0, 1.0].map(|digit| Self { digit, exponent });
        steps.into_iter().find(|step| step.times(1.0) <= size)
    }

    /// Returns a multiple of the step, without the noise of binary fractions.
    fn times(self, count: f64) -> f64 {
        let text = format!("{}e{}", count * self.digit, self.exponent);
        text.parse().unwrap_or(f64::INFINITY)
    }
}

/// Returns a quantile of sorted numbers, by linear interpolation.
///
/// `share` is the proportion of numbers below it, from 0 to 1. `sorted` is not empty.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below * (1.0 - place.fract()) + above * place.fract()
}

/// Returns the usual range of sorted numbers, from the 0.5 % to the 99.5 % quantile.
///
/// The bounds are rounded outwards, and are no person's own values. `sorted` is not empty.
pub fn range(sorted: &[f64], are_whole: bool) -> [f64; 2] {
    let bounds = [quantile(sorted, OUTSIDE), quantile(sorted, 1.0 - OUTSIDE)];
    let spread = bounds[1] - bounds[0];
    let step = Step::up_to(spread / PARTS, are_whole).filter(|_| spread > 0.0);
    // A constant has no spread, and the spread of extreme numbers may be no normal number.
    let Some(step) = step else { return [sorted[0], sorted[sorted.len() - 1]] };
    let is_own = |bound: f64| {
        let start = sorted.partition_point(|number| *number < bound);
        let count = sorted[start..].partition_point(|number| *number <= bound);
        (1..SHARED).contains(&count)
    };
    let mut low = (bounds[0] / step.times(1.0)).floor();
    // Zero is a natural bound, so keep it.
    if is_own(step.times(low)) && low != 0.0 {
        low -= 1.0;
    }
    let mut high = (bounds[1] / step.times(1.0)).ceil();
    if is_own(step.times(high)) && high != 0.0 {
        high += 1.0;
    }
    [step.times(low), step.times(high)]
}

/// Rounds a bound up, by less than a tenth of `gap`: the distance to the next bound, or to the
/// greatest value.
pub fn up(number: f64, gap: f64, are_whole: bool) -> f64 {
    match Step::up_to(gap / PARTS, are_whole) {
        Some(step) => step.times((number / step.times(1.0)).ceil()),
        None => number,
    }
}

/// Rounds a number to a fiftieth of the range or less. The result is inside the range.
pub fn near(number: f64, [low, high]: [f64; 2], are_whole: bool) -> f64 {
    match Step::up_to((high - low) / 50.0, are_whole) {
        Some(step) => step.times((number / step.times(1.0)).round()).clamp(low, high),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_rounded_outwards_and_no_persons_own_minimum() {
        let ages: Vec<f64> = (0..300).map(|row| 29.0 + f64::from(row % 49)).collect();
        let mut sorted = ages;
        sorted.sort_by(f64::total_cmp);
        assert_eq!(range(&sorted, true), [28.0, 78.0]);
        // The least value is one person's.
        let few: Vec<f64> = (0..20).map(|row| f64::from(row) * 10.0 + 30.0).collect();
        let [low, high] = range(&few, true);
        assert!(low < 30.0 && high > 220.0, "{low} {high}");
    }

    #[test]
    fn zero_and_values_of_many_are_bounds_as_they_are() {
        let vessels: Vec<f64> = (0..200).map(|row| f64::from(row / 50)).collect();
        assert_eq!(range(&vessels, true), [0.0, 3.0]);
        let times: Vec<f64> = (0..100).map(|row| f64::from(row) * 0.37).collect();
        assert_eq!(range(&times, false)[0], 0.0);
    }

    #[test]
    fn a_constant_and_extreme_numbers_have_a_range() {
        assert_eq!(range(&[5.0, 5.0], true), [5.0, 5.0]);
        for numbers in [[-1e308, 1e308], [1e-310, 2e-310], [1e300, 1.1e300], [0.1, 0.3]] {
            let [low, high] = range(&numbers, false);
            assert!(low <= numbers[0] && high >= numbers[1], "{numbers:?}: {low} {high}");
        }
    }

    #[test]
    fn a_number_is_rounded_up_by_less_than_a_tenth_of_the_gap() {
        assert_eq!(up(59.204_854_744, 3.0, false), 59.4);
        assert_eq!(up(0.000_123_4, 0.000_1, false), 0.000_13);
        assert_eq!(up(188.0, 16.0, true), 188.0);
        assert_eq!(up(1.5, 0.0, false), 1.5);
    }

    #[test]
    fn a_number_near_another_is_round() {
        assert_eq!(near(233.4, [100.0, 600.0], true), 230.0);
        assert_eq!(near(0.123_456, [0.0, 1.0], false), 0.12);
    }
}
