//! The rule. It is made up: no clinical source stands behind its threshold or its confidences.

use predictor_abi::{
    Answer, Classification, List, Maybe, Output, Refusal, RefusalReason, Text, text,
};

/// The labels of the classes.
pub const CLASSES: &[Text] = &[text("High Risk"), text("Low Risk")];

/// The rule's answers, each with the confidence that it states.
pub const HIGH_RISK: Answer = Answer::Ok(List::of(&[class("High Risk", 0.92)]));
pub const LOW_RISK: Answer = Answer::Ok(List::of(&[class("Low Risk", 0.75)]));

/// The refusal of a row without an age, should a caller let one through.
pub const NO_AGE: Answer = Answer::Err(Refusal {
    reason: RefusalReason::Missing,
    feature: Maybe::Some(0),
    message: text("age is required"),
});

/// Over this age, in years, the answer is `High Risk`.
const THRESHOLD: f64 = 60.0;

/// The answer for a person of that age in years.
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
