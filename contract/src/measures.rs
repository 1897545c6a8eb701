//! The names of a performance's measure, class and subgroup.

use crate::groups;
use crate::types::{Description, Measure, OutputKind, Performance, Signature};

/// Every measure with its name, in cards and metrics.
pub const MEASURES: [(Measure, &str); 6] = [
    (Measure::Accuracy, "accuracy"),
    (Measure::Sensitivity, "sensitivity"),
    (Measure::Specificity, "specificity"),
    (Measure::Auc, "auc"),
    (Measure::BrierScore, "brier_score"),
    (Measure::MeanAbsoluteError, "mean_absolute_error"),
];

/// Returns the name of a measure.
pub fn name(measure: Measure) -> &'static str {
    MEASURES[measure as usize].1
}

/// The names of a performance's subject; each is empty if it does not apply.
pub struct Names {
    pub output: String,
    pub measure: &'static str,
    pub class: String,
    pub feature: String,
    pub group: String,
}

impl Names {
    /// Finds the names of a performance in the model's description.
    pub fn of(performance: &Performance, signature: &Signature, description: &Description) -> Self {
        let output = description.outputs.get(performance.output as usize);
        let class = performance.class.and_then(|class| match &output?.kind {
            OutputKind::Classes(labels) => labels.get(class as usize).cloned(),
            OutputKind::Quantity(_) => None,
        });
        let group = performance.group.and_then(|group| {
            let feature = signature.features.get(group.feature as usize)?;
            let name = groups::names(feature)?.get(group.place as usize)?.clone();
            Some((feature.name.clone(), name))
        });
        let (feature, group) = group.unwrap_or_default();
        Self {
            output: output.map(|output| output.name.clone()).unwrap_or_default(),
            measure: name(performance.measure),
            class: class.unwrap_or_default(),
            feature,
            group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_in_their_own_order() {
        assert!(
            MEASURES.iter().enumerate().all(|(index, (measure, _))| *measure as usize == index)
        );
    }
}
