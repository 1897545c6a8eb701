//! The default model: the blueprint's rule, for demonstration only.
//!
//! [`rule`] is the model, and [`notes`] has its signature and description. The rest implements the
//! contract.
#![cfg_attr(target_arch = "wasm32", no_std)]

mod notes;
mod rule;

use predictor_abi::{Answer, Description, Explanation, Model, Signature, Value};

predictor_abi::export!(HeartRiskDemo);

/// A made-up rule: everyone over 60 years is at high risk.
pub struct HeartRiskDemo;

impl Model for HeartRiskDemo {
    const SIGNATURE: &Signature = &notes::SIGNATURE;
    const DESCRIPTION: &Description = &notes::DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        match row {
            [Value::Number(age), _cholesterol] => rule::risk(*age),
            _ => rule::NO_AGE,
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        match row {
            [Value::Number(age), _cholesterol] => rule::explanation(*age),
            _ => rule::NOT_EXPLAINED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use predictor_abi::shapley;

    #[test]
    fn every_example_gets_the_answer_it_promises() {
        for example in notes::DESCRIPTION.examples.as_slice() {
            assert_eq!(HeartRiskDemo::predict(example.row.as_slice()), example.expected);
        }
    }

    #[test]
    fn a_row_without_an_age_is_refused_and_leaves_the_next_one_alone() {
        static ROWS: [Value; 4] =
            [Value::Missing, Value::Missing, Value::Number(65.0), Value::Missing];
        let answers = predictor_abi::answer::<HeartRiskDemo>(&ROWS);
        assert!(matches!(answers.as_slice(), [Answer::Err(_), Answer::Ok(_)]), "{answers:?}");
    }

    #[test]
    fn the_age_explains_the_whole_difference_from_the_reference_person() {
        static ROW: [Value; 2] = [Value::Number(65.0), Value::Number(240.0)];
        let Explanation::Ok(attributions) = HeartRiskDemo::explain(&ROW) else {
            panic!("it is refused")
        };
        let [attribution] = attributions.as_slice() else { panic!("{attributions:?}") };
        let contributions = attribution.contributions.as_slice();
        assert_eq!((attribution.base, contributions), (0.25, &[0.92 - 0.25, 0.0][..]));
    }

    #[test]
    fn the_explanation_is_that_of_all_coalitions() {
        for row in notes::DESCRIPTION.examples.as_slice().iter().map(|example| example.row) {
            let coalitions = shapley::coalitions::<HeartRiskDemo>(row.as_slice(), notes::REFERENCE);
            assert_eq!(HeartRiskDemo::explain(row.as_slice()), coalitions);
        }
    }

    #[test]
    fn the_description_has_notes_for_each_feature_of_the_signature() {
        let features = notes::SIGNATURE.features.as_slice();
        assert_eq!(features.len(), notes::DESCRIPTION.features.as_slice().len());
    }
}
