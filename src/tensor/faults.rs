//! What is wrong with a request, or unusual about it.

use crate::edge::model::{Feature, Refusal, Signature};
use crate::input::{Reason, Violation};
use crate::metrics::{Invalid, NO_FEATURE};

/// What is wrong with a request, in one sentence for its client, and for metrics.
#[derive(Debug, Default)]
pub struct Faults {
    shown: Vec<String>,
    pub all: usize,
    pub invalid: Invalid,
}

/// More than this is counted, and not shown.
const SHOWN_FAULTS: usize = 10;

impl Faults {
    /// The request makes no sense.
    pub fn malformed(message: String) -> Self {
        let mut faults = Self::default();
        faults.add(None, Reason::Malformed, || message);
        faults
    }

    /// Something that is no fault of the inputs, and so no invalid input.
    pub fn elsewhere(message: String) -> Self {
        Self { shown: vec![message], all: 1, invalid: Invalid::default() }
    }

    /// The model itself refused rows.
    pub fn refused(refused: &[(usize, Refusal)], signature: &Signature) -> Self {
        let mut faults = Self::default();
        for (row, refusal) in refused {
            let index = refusal.feature.map(|index| index as usize);
            let feature = index.and_then(|index| signature.features.get(index));
            faults.add_violation(feature, *row, &Violation::refused(refusal));
        }
        faults
    }

    pub fn add_violation(&mut self, feature: Option<&Feature>, row: usize, violation: &Violation) {
        self.add(feature, violation.reason, || match feature {
            Some(feature) => format!("input {:?}, row {row}: {}", feature.name, violation.message),
            None => format!("row {row}: {}", violation.message),
        });
    }

    pub fn add(
        &mut self,
        feature: Option<&Feature>,
        reason: Reason,
        message: impl FnOnce() -> String,
    ) {
        self.all += 1;
        let feature = feature.map_or(NO_FEATURE, |feature| &feature.name);
        self.invalid.add(feature, reason.as_str(), 1);
        if self.shown.len() < SHOWN_FAULTS {
            self.shown.push(message());
        }
    }

    pub fn message(&self) -> String {
        let shown = self.shown.join("; ");
        match self.all - self.shown.len() {
            0 => shown,
            more => format!("{shown}; and {more} more"),
        }
    }
}
