//! The rule. It is made up: no clinical source supports its threshold or its confidences.

use predictor_abi::{
    Answer, Classification, List, Maybe, Output, Refusal, RefusalReason, Text, text,
};

/// The labels of the classes.
pub const CLASSES: &[Text] = &[text("High Risk"), text("Low Risk")];

/// The answer above the threshold, with a confidence of 0.92.
pub const HIGH_RISK: Answer = Answer::Ok(List::of(&[class("High Risk", 0.92)]));
/// The answer up to the threshold, with a confidence of 0.75.
pub const LOW_RISK: Answer = Answer::Ok(List::of(&[class("Low Risk", 0.75)]));

/// The refusal of a row without an age, in case a caller does not check for it.
pub const NO_AGE: Answer = Answer::Err(Refusal {
    reason: RefusalReason::Missing,
    feature: Maybe::Some(0),
    message: text("age is required"),
});

/// The greatest age with a low risk, in years.
const THRESHOLD: f64 = 60.0;

/// Answers for a person of this age, in years.
pub fn risk(age: f64) -> Answer {
    if age > THRESHOLD { HIGH_RISK } else { LOW_RISK }
}

const fn class(label: &'static str, confidence: f64) -> Output {
    Output::Class(Classification {
        label: text(label),
        confidence: Maybe::Some(confidence),
        probabilities: List::EMPTY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_is_low_and_just_over_sixty_is_high() {
        assert_eq!(risk(60.0), LOW_RISK);
        assert_eq!(risk(60.0_f64.next_up()), HIGH_RISK);
    }
}
