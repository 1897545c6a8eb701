//! The counts of the bins of the model's reference. They show drift.

use crate::model::{Description, Signature, Value, bins};
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
                let bin = bins::of_value(&reference.bins, kind, value);
                *counts.entry((index, bin)).or_default() += 1;
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
        if notes.reference.is_none() {
            continue;
        }
        for prediction in &answers.predictions {
            if let Some(bin) =
                prediction.get(index).and_then(|output| bins::of_answer(output, notes))
            {
                *bins.entry((notes.name.clone(), bin)).or_default() += 1;
            }
        }
    }
    bins
}
