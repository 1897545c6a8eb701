//! The recorded facts of explanations.

use super::buckets::CONFIDENCE;
use super::key::ExplanationResult;
use crate::model::{Explanation, Signature};
use crate::predict::NoAnswer;
use crate::predict::explanation::ExplanationCall;
use std::time::Duration;

/// One call for explanations.
#[derive(Debug)]
pub struct Explained {
    pub duration: Duration,
    pub result: ExplanationResult,
    /// The number of rows with this result.
    pub rows: u64,
    /// The proportions of each feature in the contributions to each row, summed up over the rows, in
    /// units of `buckets::CONFIDENCE`.
    pub shares: Vec<(String, u64)>,
}

impl Explained {
    /// Collects the facts of a call for `rows` rows.
    pub fn of_call(call: &ExplanationCall, rows: usize, signature: &Signature) -> Self {
        let (result, rows) = match &call.explanations {
            Ok(_) => (ExplanationResult::Ok, rows),
            Err(NoAnswer::Refused(refused)) => (ExplanationResult::Refused, refused.len()),
            Err(NoAnswer::Broken(_)) => (ExplanationResult::Failed, rows),
        };
        let shares = call.explanations.as_ref().map(|explanations| {
            let names = signature.features.iter().map(|feature| feature.name.clone());
            names.zip(shares(explanations, signature.features.len())).collect()
        });
        Self {
            duration: call.duration,
            result,
            rows: rows as u64,
            shares: shares.unwrap_or_default(),
        }
    }
}

/// Sums up the proportion of each feature in the absolute contributions to a row, for all outputs
/// and classes together. A row with no contribution adds nothing.
fn shares(explanations: &[Explanation], features: usize) -> Vec<u64> {
    let mut units = vec![0; features];
    for explanation in explanations {
        let mut row = vec![0.0; features];
        for attribution in explanation {
            for (sum, contribution) in row.iter_mut().zip(&attribution.contributions) {
                *sum += contribution.abs();
            }
        }
        let total: f64 = row.iter().sum();
        if total > 0.0 {
            for (units, sum) in units.iter_mut().zip(row) {
                *units += CONFIDENCE.fraction_units(sum / total);
            }
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attribution;

    #[test]
    fn shares_are_proportions_of_each_row_over_all_outputs() {
        let attribution = |contributions: [f64; 2]| Attribution {
            output: 0,
            class: None,
            base: 7.0,
            contributions: contributions.into(),
            deviations: Vec::new(),
        };
        let two_outputs = vec![attribution([1.0, -1.0]), attribution([-2.0, 0.0])];
        let explanations = [two_outputs, vec![attribution([0.0, 0.0])]];
        assert_eq!(shares(&explanations, 2), [750_000, 250_000]);
        // A sum beyond all numbers has no proportions, and harms nothing.
        assert_eq!(shares(&[vec![attribution([f64::MAX, f64::MAX])]], 2), [0, 0]);
    }
}
