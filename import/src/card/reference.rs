//! Makes the reference for drift: the proportion of a feature's values in each bin.

use super::profile::{Spread, Values};
use super::round;
use crate::card;
use anyhow::{Context, bail, ensure};
use predictor_contract::{Kind, NumberBin, Reference, ReferenceBins};

/// The most bins of a number. Each has about the same number of rows.
const BINS: usize = 10;

/// The population stability index of an alert for drift.
const ALERT: f64 = 0.25;

/// The 99.7 % quantile of the normal distribution. Up to 0.3 % of references may alert by chance.
const CERTAINTY: f64 = 2.748;

/// The most categories. Each adds two series in Prometheus.
const MAX_CATEGORIES: usize = 50;

/// The reason for a feature without a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Chance alone would alert.
    FewRows,
    /// All rows have the same value.
    Constant,
    /// The rows repeat the values in a fixed order.
    Cyclic,
    /// There are more than 50 categories.
    ManyCategories,
}

impl Reason {
    /// Returns the reason for answers without a reference, in words.
    pub fn of_answers(self) -> &'static str {
        match self {
            Self::FewRows => "the rows are too few",
            Self::Constant => "all are the same",
            Self::Cyclic => "the rows go through them in order",
            Self::ManyCategories => "there are too many classes",
        }
    }
}

/// Returns the fewest rows for a reference of at least two bins. With fewer rows, chance alone
/// would alert.
///
/// Without drift, the index times the number of rows has a chi-squared distribution, with one
/// degree of freedom less than bins (B. Yurdakul, "Statistical Properties of Population Stability
/// Index", 2018). Its quantile is by Wilson and Hilferty's approximation (1931).
pub fn fewest_rows(bins: usize) -> usize {
    let freedom = bins.saturating_sub(1).max(1) as f64;
    let part = 2.0 / (9.0 * freedom);
    let quantile = freedom * (1.0 - part + CERTAINTY * part.sqrt()).powi(3);
    (quantile / ALERT).ceil() as usize
}

/// Makes the reference of a feature.
///
/// # Errors
///
/// The reason for a feature without a reference.
pub fn reference(spread: &Spread) -> Result<Reference, Reason> {
    if spread.is_cyclic() {
        return Err(Reason::Cyclic);
    }
    let share = |count: usize| count as f64 / spread.count as f64;
    let bins = match &spread.values {
        Values::Numbers(numbers) => {
            let bins = number_bins(&numbers.sample, most_bins(spread.count));
            let is_constant = numbers.sample.first() == numbers.sample.last();
            check(bins.len(), spread.count, is_constant)?;
            ReferenceBins::Number(bins)
        }
        Values::Flags { yes } => {
            check(2, spread.count, *yes == 0 || *yes == spread.count)?;
            ReferenceBins::Flag(share(*yes))
        }
        Values::Categories { counts, others } => categories(counts, *others, share)?,
        Values::Texts(texts) => {
            let counts: Vec<usize> = texts.iter().map(|(_, count)| *count).collect();
            categories(&counts, 0, share)?
        }
    };
    Ok(Reference { bins, missing: spread.missing_share() })
}

/// Returns the bins of a reference in a card.
///
/// # Errors
///
/// If they do not suit the kind of the values.
pub(super) fn bins(card: &card::Reference, kind: &Kind) -> anyhow::Result<ReferenceBins> {
    let shares = &card.shares;
    let sum: f64 = shares.iter().sum();
    let is_flag = matches!(kind, Kind::Flag);
    ensure!(
        is_flag || (sum - 1.0).abs() < 1e-3,
        "the shares of its reference add up to {sum}, not to 1"
    );
    Ok(match kind {
        Kind::Number(_) => {
            let upper = card.upper.as_ref().context("its reference has no upper bounds")?;
            ensure!(
                upper.len() + 1 == shares.len(),
                "its reference needs one upper bound less than shares"
            );
            ensure!(are_rising(upper), "the upper bounds of its reference do not rise");
            let uppers = upper.iter().copied().chain([f64::INFINITY]);
            let bins = uppers.zip(shares).map(|(upper, share)| NumberBin { upper, share: *share });
            ReferenceBins::Number(bins.collect())
        }
        Kind::Category(names) => {
            ensure!(
                shares.len() == names.len() + 1,
                "its reference needs a share for each category and one for all others"
            );
            ReferenceBins::Category(shares.clone())
        }
        Kind::Flag => match shares[..] {
            [share] => ReferenceBins::Flag(share),
            _ => bail!("its reference needs the share of true alone"),
        },
    })
}

/// True if numbers are finite, and each is above the one before it.
pub(super) fn are_rising(numbers: &[f64]) -> bool {
    numbers.iter().all(|number| number.is_finite()) && numbers.is_sorted_by(|a, b| a < b)
}

/// Returns the most bins of a number with enough rows; 1 if there are too few rows.
fn most_bins(rows: usize) -> usize {
    (2..=BINS).take_while(|bins| fewest_rows(*bins) <= rows).last().unwrap_or(1)
}

fn check(bins: usize, rows: usize, is_constant: bool) -> Result<(), Reason> {
    match bins {
        _ if is_constant => Err(Reason::Constant),
        0 | 1 => Err(Reason::FewRows),
        _ if rows < fewest_rows(bins) => Err(Reason::FewRows),
        _ => Ok(()),
    }
}

/// Computes the proportion of each category, then of all others.
fn categories(
    counts: &[usize],
    others: usize,
    share: impl Fn(usize) -> f64,
) -> Result<ReferenceBins, Reason> {
    if counts.len() > MAX_CATEGORIES {
        return Err(Reason::ManyCategories);
    }
    let all = || counts.iter().chain([&others]).copied();
    let seen = all().filter(|count| *count > 0).count();
    check(seen, all().sum(), seen < 2)?;
    Ok(ReferenceBins::Category(all().map(share).collect()))
}

/// Makes bins with quantiles as their bounds, rounded up and without duplicates.
fn number_bins(sorted: &[f64], most: usize) -> Vec<NumberBin> {
    let count = sorted.len();
    let most = most.min(BINS);
    let mut uppers: Vec<f64> =
        (1..most).map(|bin| sorted[(bin * count / most).max(1) - 1]).collect();
    uppers.dedup();
    // No value is above the greatest one, so drop this bound.
    uppers.retain(|upper| *upper < sorted[count - 1]);
    let mut uppers = rounded(&uppers, sorted);
    uppers.push(f64::INFINITY);
    let mut below = 0;
    let bins = uppers.into_iter().map(|upper| {
        let up_to = sorted.partition_point(|number| *number <= upper);
        let share = (up_to - below) as f64 / count as f64;
        below = up_to;
        NumberBin { upper, share }
    });
    bins.collect()
}

/// Rounds the bounds up, to protect privacy: no bound is one person's value.
fn rounded(uppers: &[f64], sorted: &[f64]) -> Vec<f64> {
    let are_whole = sorted.iter().all(|number| number.fract() == 0.0);
    let greatest = sorted[sorted.len() - 1..].iter();
    let gaps = uppers.iter().zip(uppers[1.min(uppers.len())..].iter().chain(greatest));
    gaps.map(|(upper, next)| round::up(*upper, next - upper, are_whole)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(rows: usize) -> Vec<NumberBin> {
        let sorted: Vec<f64> = (1..=rows).map(|number| number as f64).collect();
        number_bins(&sorted, most_bins(rows))
    }

    #[test]
    fn the_bins_of_many_numbers_are_deciles() {
        let bins = bins(200);
        assert_eq!(bins.len(), 10);
        assert!(bins.iter().all(|bin| bin.share == 0.1), "{bins:?}");
        assert_eq!((bins[0].upper, bins[9].upper), (20.0, f64::INFINITY));
    }

    #[test]
    fn fewer_rows_have_fewer_bins() {
        for (rows, expected) in [(20, 1), (36, 2), (50, 3), (100, 9), (101, 10)] {
            assert_eq!(bins(rows).len(), expected, "{rows} rows");
        }
    }

    #[test]
    fn a_bound_is_a_round_number_and_no_persons_own_value() {
        let sorted: Vec<f64> = (0..200).map(|row| (f64::from(row) * 0.0314).exp()).collect();
        let bins = number_bins(&sorted, 10);
        assert_eq!(bins.len(), 10);
        for bin in &bins[..9] {
            assert!(!sorted.contains(&bin.upper) && bin.upper.to_string().len() < 6, "{bins:?}");
        }
        assert!(bins.iter().all(|bin| (0.09..0.12).contains(&bin.share)), "{bins:?}");
    }

    #[test]
    fn a_number_with_two_values_has_two_bins() {
        let sorted: Vec<f64> = (0..90).map(|row| f64::from(u8::from(row >= 30))).collect();
        let shares: Vec<f64> = number_bins(&sorted, 10).iter().map(|bin| bin.share).collect();
        assert_eq!(shares, [1.0 / 3.0, 2.0 / 3.0]);
    }
}
