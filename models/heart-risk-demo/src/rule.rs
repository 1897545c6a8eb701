//! The rule. It is made up: no clinical source supports its threshold or its confidences.

use predictor_abi::{
    Answer, Attribution, Classification, Explanation, List, Maybe, Output, Refusal, RefusalReason,
    Text, text,
};

/// The labels of the classes.
pub const CLASSES: &[Text] = &[text("High Risk"), text("Low Risk")];

/// The answer above the threshold, with a confidence of 0.92.
pub const HIGH_RISK: Answer = Answer::Ok(List::of(&[class("High Risk", 0.92)]));
/// The answer up to the threshold, with a confidence of 0.75.
pub const LOW_RISK: Answer = Answer::Ok(List::of(&[class("Low Risk", 0.75)]));

/// The refusal of a row without an age, in case a caller does not check for it.
pub const NO_AGE: Answer = Answer::Err(AGE_IS_MISSING);

const AGE_IS_MISSING: Refusal = Refusal {
    reason: RefusalReason::Missing,
    feature: Maybe::Some(0),
    message: text("age is required"),
};

/// The greatest age with a low risk, in years.
const THRESHOLD: f64 = 60.0;

/// Answers for a person of this age, in years.
pub fn risk(age: f64) -> Answer {
    if age > THRESHOLD { HIGH_RISK } else { LOW_RISK }
}

/// The same for an explanation.
pub const NOT_EXPLAINED: Explanation = Explanation::Err(AGE_IS_MISSING);

/// The probability of a high risk: up to the threshold, and above it.
const LOW: f64 = 1.0 - 0.75;
const HIGH: f64 = 0.92;

/// Explains the answer for a person of this age, in years, on the scale of probability.
///
/// The rule has no use for cholesterol, so the age explains all of the difference from the
/// reference person, who is at low risk.
pub fn explanation(age: f64) -> Explanation {
    if age > THRESHOLD { HIGH_EXPLANATION } else { LOW_EXPLANATION }
}

const HIGH_EXPLANATION: Explanation = Explanation::Ok(List::of(&[HIGH_ATTRIBUTION]));
const LOW_EXPLANATION: Explanation = Explanation::Ok(List::of(&[LOW_ATTRIBUTION]));
const HIGH_ATTRIBUTION: Attribution = by_age(&[HIGH - LOW, 0.0]);
const LOW_ATTRIBUTION: Attribution = by_age(&[0.0, 0.0]);

/// Explains the class of high risk by the contributions of age and cholesterol.
const fn by_age(contributions: &'static [f64]) -> Attribution {
    Attribution {
        output: 0,
        class: Maybe::Some(0),
        base: LOW,
        contributions: List::of(contributions),
        deviations: List::EMPTY,
    }
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
