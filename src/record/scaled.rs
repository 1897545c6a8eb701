//! Sums of numbers of any size, exact in any order.
//!
//! A number is rounded to 30 bits: whole units of a power of two. Each power of two has a counter of
//! its own, so the additions of a counter are whole numbers.

/// The bits of a number beyond those of its units.
const DROPPED_BITS: u32 = 52 - 29;

/// Returns the unit of a positive number, as an index, and the number in this unit, from 2^29 to
/// 2^30. None for 0 and for numbers too small for a difference: below 2^-200.
pub fn split(number: f64) -> Option<(usize, u64)> {
    let bits = number.to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let units = ((1 << 52 | fraction) + (1 << (DROPPED_BITS - 1))) >> DROPPED_BITS;
    (number >= LEAST).then_some((exponent as usize, units))
}

const LEAST: f64 = f64::from_bits((1023 - 200) << 52);

/// Returns a number of units as a number.
pub fn value(unit: usize, units: u64) -> f64 {
    // A store may hold any index: the exponents of finite numbers are from 1 to 2046.
    let exponent = unit.saturating_sub(29).clamp(1, 2046) as u64;
    units as f64 * f64::from_bits(exponent << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_kept_to_nine_digits(number in 1e-30..1e30_f64) {
            let (unit, units) = split(number).unwrap();
            prop_assert!((value(unit, units) - number).abs() <= number * 1e-9);
            prop_assert!((1 << 29..=1 << 30).contains(&units));
        }
    }

    #[test]
    fn zero_and_what_is_no_number_have_no_unit() {
        for number in [0.0, -1.0, f64::NAN, 1e-100] {
            assert_eq!(split(number), None, "{number}");
        }
        assert_eq!(split(1.0).map(|(unit, units)| value(unit, units)), Some(1.0));
        assert!(value(usize::MAX, 1) > 1.0 && value(0, 1) > 0.0);
    }
}
