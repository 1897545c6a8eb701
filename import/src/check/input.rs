//! Counts refused and unusual values, by the rules and in the words of the service.

use predictor_contract::check::{Fault, Unusual, inspect};
use predictor_contract::{Feature, Signature, Value};
use serde::Serialize;
use std::collections::BTreeMap;

/// The rows of a file.
#[derive(Debug, Default, Serialize)]
pub struct Rows {
    /// The number of rows.
    pub read: usize,
    /// The rows with an answer.
    pub answered: usize,
    /// The rows without one.
    pub refused: usize,
    /// The reasons for them, the most frequent first.
    pub reasons: Vec<Reason>,
    /// The unusual values in answered rows.
    pub unusual: Vec<Reason>,
}

/// The number of values with the same fault.
#[derive(Debug, Serialize)]
pub struct Reason {
    /// The feature; none if the model has no answer to the row as a whole.
    pub feature: Option<String>,
    /// The label `reason` of `model_invalid_inputs_total`.
    pub reason: &'static str,
    /// The number of values.
    pub values: usize,
}

/// Counts values by the index of their feature and their fault.
#[derive(Default)]
pub struct Faults {
    rows: Rows,
    refused: BTreeMap<(Option<usize>, &'static str), usize>,
    unusual: BTreeMap<(Option<usize>, &'static str), usize>,
}

impl Faults {
    /// Adds a row. Returns true if it is answered.
    pub fn add(&mut self, signature: &Signature, values: &[Value], has_answer: bool) -> bool {
        self.rows.read += 1;
        let faults = || {
            let values = signature.features.iter().zip(values).enumerate();
            values.filter_map(|(index, (feature, value))| {
                fault(feature, value).map(|fault| (Some(index), fault))
            })
        };
        let is_refused = faults().any(|(_, fault)| fault.is_refused);
        for (index, fault) in faults() {
            match (fault.is_refused, is_refused) {
                (true, _) => *self.refused.entry((index, fault.reason)).or_default() += 1,
                (false, false) if has_answer => {
                    *self.unusual.entry((index, fault.reason)).or_default() += 1;
                }
                _ => {}
            }
        }
        if !is_refused && !has_answer {
            *self.refused.entry((None, UNANSWERABLE)).or_default() += 1;
        }
        let is_answered = !is_refused && has_answer;
        self.rows.answered += usize::from(is_answered);
        self.rows.refused += usize::from(!is_answered);
        is_answered
    }

    /// Returns the counts.
    pub fn finish(self, signature: &Signature) -> Rows {
        let named = |counts: BTreeMap<(Option<usize>, &'static str), usize>| {
            let mut reasons: Vec<Reason> = counts
                .into_iter()
                .map(|((index, reason), values)| {
                    let feature = index.map(|index| signature.features[index].name.clone());
                    Reason { feature, reason, values }
                })
                .collect();
            reasons.sort_by_key(|reason| std::cmp::Reverse(reason.values));
            reasons
        };
        Rows { reasons: named(self.refused), unusual: named(self.unusual), ..self.rows }
    }
}

/// The reason for a row without a finite answer.
const UNANSWERABLE: &str = "unanswerable";

/// A fault of a value.
struct Found {
    reason: &'static str,
    is_refused: bool,
}

/// Checks a value by the rules of the service; none if it is usual.
fn fault(feature: &Feature, value: &Value) -> Option<Found> {
    match inspect(value, feature) {
        Ok(unusual) => unusual.map(|unusual| Found { reason: of(&unusual), is_refused: false }),
        Err(fault) => {
            let reason = match fault {
                Fault::Missing => "missing",
                Fault::WrongKind(_) | Fault::NotFinite | Fault::NotWhole => "wrong_type",
                Fault::Unusual(unusual) => of(&unusual),
            };
            Some(Found { reason, is_refused: true })
        }
    }
}

fn of(unusual: &Unusual) -> &'static str {
    match unusual {
        Unusual::Below { .. } | Unusual::Above { .. } => "out_of_range",
        Unusual::Unknown(_) => "unknown_category",
    }
}
