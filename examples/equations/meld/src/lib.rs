//! MELD 3.0: the severity of a disease of the liver.
#![cfg_attr(target_arch = "wasm32", no_std)]

use predictor_abi::Value::{self, Flag, Number, Text};
use predictor_abi::{
    Answer, Description, Example, Explanation, ExplanationMethod, ExplanationNotes, Input, List,
    Maybe, Model, Output, OutputNotes, Refusal, Scale, Signature, Statement, features, notes,
    quantities, shapley, text, units,
};

predictor_abi::export!(Meld);

/// MELD 3.0, for adults.
pub struct Meld;

impl Model for Meld {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        let &[
            Text(sex),
            Number(bilirubin),
            Number(sodium),
            Number(inr),
            Number(creatinine),
            Number(albumin),
            Flag(is_dialysed),
        ] = row
        else {
            return Answer::Err(Refusal::INCOMPLETE);
        };
        let creatinine = if is_dialysed { MAXIMUM_CREATININE } else { creatinine };
        let score = score(sex.as_str() == "female", bilirubin, sodium, inr, creatinine, albumin);
        quantities([libm::round(score), score])
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, REFERENCE)
    }
}

/// The upper bound of creatinine, in mg/dL. Dialysis counts as this value.
const MAXIMUM_CREATININE: f64 = 3.0;

/// Returns the score before it is rounded. A value beyond a bound counts as this bound.
fn score(
    is_female: bool,
    bilirubin: f64,
    sodium: f64,
    inr: f64,
    creatinine: f64,
    albumin: f64,
) -> f64 {
    let bilirubin = libm::log(bilirubin.max(1.0));
    let sodium = 137.0 - sodium.clamp(125.0, 137.0);
    let inr = libm::log(inr.max(1.0));
    let creatinine = libm::log(creatinine.clamp(1.0, MAXIMUM_CREATININE));
    let albumin = 3.5 - albumin.clamp(1.5, 3.5);
    let sex = if is_female { 1.33 } else { 0.0 };
    let sum = sex + 4.56 * bilirubin + 0.82 * sodium - 0.24 * sodium * bilirubin
        + 9.09 * inr
        + 11.14 * creatinine
        + 1.85 * albumin
        - 1.83 * albumin * creatinine
        + 6.0;
    sum.clamp(6.0, 40.0)
}

/// The bounds are not published: they catch numbers in other units, but for bilirubin, whose usual
/// numbers in µmol/L are possible ones in mg/dL.
const INPUTS: [Input; 7] = [
    Input::category("sex", "Sex.", &[text("female"), text("male")]),
    Input::number(
        "bilirubin",
        "Bilirubin in serum. Below 1 it counts as 1. Give the unit with a number in µmol/L.",
        "mg/dL",
        0.1,
        80.0,
    )
    .or_in(&[units::BILIRUBIN]),
    Input::number(
        "sodium",
        "Sodium in serum. Below 125 it counts as 125, above 137 as 137.",
        "mmol/L",
        90.0,
        190.0,
    ),
    Input::number(
        "inr",
        "International normalized ratio. Below 1 it counts as 1.",
        "{INR}",
        0.5,
        20.0,
    ),
    Input::number(
        "creatinine",
        "Creatinine in serum. Below 1 it counts as 1, above 3 as 3.",
        "mg/dL",
        0.1,
        25.0,
    )
    .or_in(&[units::CREATININE]),
    Input::number(
        "albumin",
        "Albumin in serum. Below 1.5 it counts as 1.5, above 3.5 as 3.5.",
        "g/dL",
        0.5,
        8.0,
    )
    .or_in(&[units::ALBUMIN]),
    Input::flag("dialysis", "At least two dialyses in the last week. Creatinine counts as 3 then."),
];

/// The reference person of explanations, with the lowest score.
static REFERENCE: &[Value] = &[
    Text(text("male")),
    Number(1.0),
    Number(137.0),
    Number(1.0),
    Number(1.0),
    Number(3.5),
    Flag(false),
];

static SIGNATURE: Signature = Signature {
    name: text("meld-3"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

/// The statements for the model's card.
const STATEMENTS: &[Statement] = &[
    Statement::new(
        "developer",
        "The authors of the equation; this implementation is by the authors of model-api.",
    ),
    Statement::new("output-type", "Prediction: a score."),
    Statement::new(
        "intended-use",
        "To order a waiting list for a liver by the risk of death in 90 days.",
    ),
    Statement::new("intended-users", "Transplant centres."),
    Statement::new("decision-role", "Informs."),
    Statement::new("cautioned-uses", "Children, and the choice of a treatment."),
    Statement::new("known-risks", "A bare bilirubin in µmol/L is taken for mg/dL."),
    Statement::new("sensitive-inputs", "Sex. Race is no input."),
    Statement::new("model-type", "A published equation."),
    Statement::new("keywords", "liver, transplant, MELD"),
];

static DESCRIPTION: Description = Description {
    summary: text("Scores the severity of a disease of the liver by MELD 3.0."),
    source: text(
        "W. R. Kim et al., MELD 3.0: The Model for End-Stage Liver Disease Updated for the Modern Era, \
         Gastroenterology 161 (2021), 1887-1895, doi:10.1053/j.gastro.2021.08.050.",
    ),
    license: text("Apache-2.0"),
    population: text("Adults in the United States on a waiting list for a liver."),
    limits: text(
        "It orders a waiting list by the risk of death in 90 days, and has no points for exceptions. \
         Not for children. Not made to choose a treatment: drugs, bleeding and other diseases change \
         its values without the liver. Not a medical device.",
    ),
    precision: text("float64"),
    digest: text(""),
    statements: List::of(STATEMENTS),
    features: List::of(&const { notes(&INPUTS) }),
    outputs: List::of(&[
        OutputNotes::quantity("meld", "The score, as a whole number.", "{score}", 6.0, 40.0),
        OutputNotes::quantity("unrounded", "The score with its fraction.", "{score}", 6.0, 40.0),
    ]),
    examples: List::of(&[Example::new(
        "man with low albumin",
        &[
            Text(text("male")),
            Number(6.0),
            Number(131.0),
            Number(1.5),
            Number(1.5),
            Number(2.2),
            Flag(false),
        ],
        Answer::of(&[Output::Quantity(26.0), Output::Quantity(26.153247)]),
        1e-6,
    )]),
    outcome: Maybe::None,
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Quantity, Scale::Quantity]),
        base: text(
            "The lowest score, of a made-up man whose values all count as the bound nearest to health.",
        ),
        cost: 10,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_equation_is_answered_to_eight_digits() {
        for (is_female, bilirubin, sodium, inr, creatinine, albumin, expected) in [
            (false, 2.5, 131.0, 1.0, 1.2, 3.8, 15.809889),
            (true, 2.5, 131.0, 1.0, 1.2, 3.8, 17.139889),
            (false, 6.0, 131.0, 1.5, 1.5, 3.5, 24.712849),
            (false, 6.0, 131.0, 1.5, 1.5, 2.2, 26.153247),
            (true, 6.0, 131.0, 1.5, 1.5, 2.2, 27.483247),
            (false, 12.0, 128.0, 2.2, 1.8, 2.0, 34.220322),
            (false, 12.0, 128.0, 2.2, 2.8, 2.0, 37.929508),
            (true, 12.0, 128.0, 2.2, 2.8, 2.0, 39.259508),
        ] {
            let found = score(is_female, bilirubin, sodium, inr, creatinine, albumin);
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn a_value_beyond_a_bound_counts_as_the_bound() {
        let at_bounds = score(false, 1.0, 137.0, 1.0, 1.0, 3.5);
        assert_eq!(score(false, 0.2, 150.0, 0.8, 0.5, 5.0), at_bounds);
        assert_eq!(at_bounds, 6.0);
        assert_eq!(score(true, 60.0, 110.0, 9.0, 8.0, 1.0), 40.0);
        let at_bounds = score(false, 2.0, 125.0, 1.0, 3.0, 1.5);
        assert_eq!(score(false, 2.0, 110.0, 1.0, 9.0, 1.0), at_bounds);
    }

    #[test]
    fn dialysis_counts_as_the_largest_creatinine() {
        let answer = |creatinine, is_dialysed| {
            let [sex, bilirubin, sodium, inr, .., albumin, _] = REFERENCE else {
                panic!("it is short")
            };
            let dialysis = Flag(is_dialysed);
            let row = [*sex, *bilirubin, *sodium, *inr, Number(creatinine), *albumin, dialysis];
            Meld::predict(Box::leak(Box::new(row)))
        };
        assert_eq!(answer(1.2, true), answer(3.0, false));
    }
}
