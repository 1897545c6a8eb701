//! The bins of the model's reference. Their counts show drift.
//!
//! A feature's bins are the bins of its reference, then one for missing values. A category's bins
//! are its categories and `other`; a boolean's are `true` and `false`. An output's bins are those of its
//! reference, or its classes.

use super::text::number;
use crate::model::{
    Description, Feature, Kind, NumberBin, Output, OutputKind, OutputNotes, ReferenceBins,
    Signature, Value,
};
use crate::predict::Answers;
use std::collections::BTreeMap;

/// The number of values by feature or output, and by index of the bin in the model's reference.
pub type Bins = BTreeMap<(String, usize), u64>;

/// Counts the values of these rows by bin, for each feature with a reference.
pub fn bins<'a>(
    signature: &Signature,
    description: &Description,
    rows: impl Iterator<Item = &'a [Value]>,
) -> Bins {
    let features = signature.features.iter().zip(&description.features);
    let references: Vec<_> =
        features.map(|(feature, notes)| (&feature.kind, notes.reference.as_ref())).collect();
    let mut counts = BTreeMap::<(usize, usize), u64>::new();
    for row in rows {
        for (index, ((kind, reference), value)) in references.iter().zip(row).enumerate() {
            if let Some(reference) = reference {
                *counts.entry((index, bin(&reference.bins, kind, value))).or_default() += 1;
            }
        }
    }
    let name = |index: usize| signature.features[index].name.clone();
    let mut bins = Bins::new();
    bins.extend(counts.into_iter().map(|((index, bin), count)| ((name(index), bin), count)));
    bins
}

/// Counts the answers by bin, for each output with a reference.
pub fn answer_bins(answers: &Answers) -> Bins {
    let mut bins = Bins::new();
    for (index, notes) in answers.notes.iter().enumerate() {
        let Some(reference) = &notes.reference else { continue };
        for prediction in &answers.predictions {
            if let Some(bin) =
                prediction.get(index).and_then(|output| answer_bin(output, notes, reference))
            {
                *bins.entry((notes.name.clone(), bin)).or_default() += 1;
            }
        }
    }
    bins
}

fn answer_bin(output: &Output, notes: &OutputNotes, reference: &ReferenceBins) -> Option<usize> {
    match (output, &notes.kind, reference) {
        (Output::Quantity(number), _, ReferenceBins::Number(bins)) => {
            Some(number_bin(bins, *number))
        }
        (Output::Class(class), OutputKind::Classes(labels), _) => {
            labels.iter().position(|label| *label == class.label)
        }
        _ => None,
    }
}

fn number_bin(bins: &[NumberBin], number: f64) -> usize {
    bins.partition_point(|bin| bin.upper < number).min(bins.len().saturating_sub(1))
}

/// Returns the `bin` label of each bin of an output, and its proportion of all answers of the
/// reference. The label is the upper bound of numbers, or a class.
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

fn bin(bins: &ReferenceBins, kind: &Kind, value: &Value) -> usize {
    match (bins, kind, value) {
        (ReferenceBins::Number(bins), _, Value::Number(number)) => number_bin(bins, *number),
        (ReferenceBins::Category(_), Kind::Category(names), Value::Text(name)) => {
            names.iter().position(|known| known == name).unwrap_or(names.len())
        }
        (ReferenceBins::Flag(_), _, Value::Flag(flag)) => usize::from(!flag),
        _ => len(bins),
    }
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
fn free(label: &str, names: &[String]) -> String {
    let mut label = label.to_owned();
    while names.contains(&label) {
        label = format!("({label})");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MissingPolicy, NumberBin, UnusualPolicy};

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
        let bin_of = |number| bin(&numbers(), &Kind::Flag, &Value::Number(number));
        assert_eq!([bin_of(60.0), bin_of(60.1), bin_of(1e9)], [0, 1, 1]);
    }

    #[test]
    fn an_unknown_category_is_other_and_a_missing_one_is_missing() {
        let kind = Kind::Category(vec!["never".into(), "daily".into()]);
        let bins = ReferenceBins::Category(vec![0.5, 0.3, 0.2]);
        assert_eq!(bin(&bins, &kind, &Value::Text("hourly".into())), 2);
        assert_eq!(bin(&bins, &kind, &Value::Missing), 3);
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
}
