//! The bins of a model's reference: the bin of each value and answer, and its expected part.
//!
//! A feature's bins are the bins of its reference, then one for missing values. A category's bins
//! are its categories and `other`; a boolean's are `true` and `false`. An output's bins are those of its
//! reference, or its classes.
//!
//! The functions are inlined: the service then shares the generic code that it has anyway. Copies of
//! it in this crate would take 700 bytes.

use crate::types::{
    Feature, Kind, NumberBin, Output, OutputKind, OutputNotes, ReferenceBins, Value,
};

/// Returns the index of a value's bin.
#[inline]
pub fn of_value(bins: &ReferenceBins, kind: &Kind, value: &Value) -> usize {
    match (bins, kind, value) {
        (ReferenceBins::Number(bins), _, Value::Number(number)) => of_number(bins, *number),
        (ReferenceBins::Category(_), Kind::Category(names), Value::Text(name)) => {
            names.iter().position(|known| known == name).unwrap_or(names.len())
        }
        (ReferenceBins::Flag(_), _, Value::Flag(flag)) => usize::from(!flag),
        _ => len(bins),
    }
}

/// Returns the index of an answer's bin; none for an output without a reference, or a label outside
/// of its classes.
#[inline]
pub fn of_answer(output: &Output, notes: &OutputNotes) -> Option<usize> {
    match (output, &notes.kind, notes.reference.as_ref()?) {
        (Output::Quantity(number), _, ReferenceBins::Number(bins)) => {
            Some(of_number(bins, *number))
        }
        (Output::Class(class), OutputKind::Classes(labels), _) => {
            labels.iter().position(|label| *label == class.label)
        }
        _ => None,
    }
}

fn of_number(bins: &[NumberBin], number: f64) -> usize {
    bins.partition_point(|bin| bin.upper < number).min(bins.len().saturating_sub(1))
}

/// Returns the number of bins for present values. It is also the index of the bin for missing ones.
fn len(bins: &ReferenceBins) -> usize {
    match bins {
        ReferenceBins::Number(bins) => bins.len(),
        ReferenceBins::Category(shares) => shares.len(),
        ReferenceBins::Flag(_) => 2,
    }
}

/// Returns the `bin` label of each bin of a feature, and its proportion of all rows of the
/// reference, from 0 to 1. The label is the upper bound of numbers, a category, `other`, `true`,
/// `false` or `missing`. `missing` is the proportion of rows without a value.
#[inline]
pub fn shares(feature: &Feature, bins: &ReferenceBins, missing: f64) -> Vec<(String, f64)> {
    let mut shares: Vec<(String, f64)> = match (bins, &feature.kind) {
        (ReferenceBins::Number(bins), _) => {
            bins.iter().map(|bin| (number(bin.upper), bin.share)).collect()
        }
        (ReferenceBins::Category(shares), Kind::Category(names)) => {
            let names = names.iter().cloned().chain([free("other", names)]);
            names.zip(shares.iter().copied()).collect()
        }
        (ReferenceBins::Flag(share), _) => {
            vec![("true".to_owned(), *share), ("false".to_owned(), 1.0 - share)]
        }
        (ReferenceBins::Category(_), _) => Vec::new(),
    };
    // The proportions are relative to the rows with a value.
    for (_, share) in &mut shares {
        *share *= 1.0 - missing;
    }
    let label = match &feature.kind {
        Kind::Category(names) => free("missing", names),
        _ => "missing".to_owned(),
    };
    shares.push((label, missing));
    shares
}

/// Returns a label unlike every category: adds brackets while a category has this name.
#[inline]
fn free(label: &str, names: &[String]) -> String {
    let mut label = label.to_owned();
    while names.contains(&label) {
        label = format!("({label})");
    }
    label
}

/// Returns the `bin` label of each bin of an output, and its proportion of all answers of the
/// reference. The label is the upper bound of numbers, or a class.
#[inline]
pub fn answer_shares(notes: &OutputNotes) -> Vec<(String, f64)> {
    match (&notes.reference, &notes.kind) {
        (Some(ReferenceBins::Number(bins)), _) => {
            bins.iter().map(|bin| (number(bin.upper), bin.share)).collect()
        }
        (Some(ReferenceBins::Category(shares)), OutputKind::Classes(labels)) => {
            labels.iter().cloned().zip(shares.iter().copied()).collect()
        }
        _ => Vec::new(),
    }
}

/// Formats a bound or a sample's value like Python's client: `1.0`, `0.005`, `+Inf`.
#[inline]
pub fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else if value.fract() == 0.0 {
        format!("{value}.0")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{MissingPolicy, UnusualPolicy};

    fn numbers() -> ReferenceBins {
        ReferenceBins::Number(vec![
            NumberBin { upper: 60.0, share: 0.6 },
            NumberBin { upper: f64::INFINITY, share: 0.4 },
        ])
    }

    fn feature(kind: Kind) -> Feature {
        let name = "smoker".to_owned();
        Feature {
            name,
            kind,
            missing: MissingPolicy::Handle,
            unusual: UnusualPolicy::Accept,
            group: None,
        }
    }

    #[test]
    fn an_upper_bound_belongs_to_its_own_bin() {
        let bin_of = |number| of_value(&numbers(), &Kind::Flag, &Value::Number(number));
        assert_eq!([bin_of(60.0), bin_of(60.1), bin_of(1e9)], [0, 1, 1]);
    }

    #[test]
    fn an_unknown_category_is_other_and_a_missing_one_is_missing() {
        let kind = Kind::Category(vec!["never".into(), "daily".into()]);
        let bins = ReferenceBins::Category(vec![0.5, 0.3, 0.2]);
        assert_eq!(of_value(&bins, &kind, &Value::Text("hourly".into())), 2);
        assert_eq!(of_value(&bins, &kind, &Value::Missing), 3);
    }

    #[test]
    fn a_category_named_other_or_missing_keeps_its_label_for_itself() {
        let names = ["other", "missing", "(other)"].map(str::to_owned).to_vec();
        let bins = ReferenceBins::Category(vec![0.25; 4]);
        let shares = shares(&feature(Kind::Category(names)), &bins, 0.0);
        let labels: Vec<&str> = shares.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["other", "missing", "(other)", "((other))", "(missing)"]);
    }

    #[test]
    fn each_bin_has_a_label_and_the_shares_add_up() {
        let categories = Kind::Category(vec!["never".into(), "daily".into()]);
        let cases = [
            (categories, ReferenceBins::Category(vec![0.5, 0.3, 0.2])),
            (Kind::Flag, ReferenceBins::Flag(0.25)),
            (Kind::Flag, numbers()),
        ];
        for (kind, bins) in cases {
            let shares = shares(&feature(kind), &bins, 0.1);
            assert_eq!(shares.len(), len(&bins) + 1);
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_the_original_writes_them() {
        let written = [1.0, 0.005, 1e-6, 60.0, f64::INFINITY].map(number);
        assert_eq!(written, ["1.0", "0.005", "0.000001", "60.0", "+Inf"]);
    }
}
