//! The glomerular filtration rate from creatinine in serum, by CKD-EPI 2021.
#![cfg_attr(target_arch = "wasm32", no_std)]

use predictor_abi::Value::{self, Number, Text};
use predictor_abi::{
    Answer, Description, Example, Explanation, ExplanationMethod, ExplanationNotes, Input, List,
    Maybe, Model, Output, OutputNotes, Refusal, Scale, Signature, Statement, features, notes,
    quantities, shapley, text, units,
};

predictor_abi::export!(CkdEpi);

/// The equation of 2021, without race.
pub struct CkdEpi;

impl Model for CkdEpi {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        match row {
            [Number(age), Text(sex), Number(creatinine)] => {
                quantities([egfr(*age, sex.as_str() == "female", *creatinine)])
            }
            _ => Answer::Err(Refusal::INCOMPLETE),
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, REFERENCE)
    }
}

/// Estimates the rate in mL/min/1.73 m², from years and mg/dL.
fn egfr(age: f64, is_female: bool, creatinine: f64) -> f64 {
    let (kappa, alpha, factor) = if is_female { (0.7, -0.241, 1.012) } else { (0.9, -0.302, 1.0) };
    let ratio = creatinine / kappa;
    142.0
        * libm::pow(ratio.min(1.0), alpha)
        * libm::pow(ratio.max(1.0), -1.2)
        * libm::pow(0.9938, age)
        * factor
}

/// The age has a published lower end. The other bounds are not published: they only catch numbers
/// in other units.
const INPUTS: [Input; 3] = [
    Input::number("age", "Age. The equation is for adults.", "a", 18.0, 120.0),
    Input::category("sex", "Sex.", &[text("female"), text("male")]),
    Input::number(
        "creatinine",
        "Creatinine in serum, by a method traceable to IDMS.",
        "mg/dL",
        0.1,
        25.0,
    )
    .or_in(&[units::CREATININE]),
];

/// The reference person of explanations.
static REFERENCE: &[Value] = &[Number(50.0), Text(text("female")), Number(0.7)];

static SIGNATURE: Signature = Signature {
    name: text("ckd-epi-2021"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

/// The statements for the model's card.
const STATEMENTS: &[Statement] = &[
    Statement::new(
        "developer",
        "The authors of the equation; this implementation is by the authors of model-api.",
    ),
    Statement::new("output-type", "Prediction: an estimate of a rate."),
    Statement::new(
        "intended-use",
        "To estimate the function of the kidneys from a value of blood.",
    ),
    Statement::new("intended-users", "Clinicians."),
    Statement::new("decision-role", "Informs."),
    Statement::new(
        "cautioned-uses",
        "Children, pregnancy, acute kidney injury, dialysis, much or little muscle.",
    ),
    Statement::new("sensitive-inputs", "Sex and age. Race is no input."),
    Statement::new("model-type", "A published equation."),
    Statement::new("keywords", "kidney, GFR, creatinine"),
];

static DESCRIPTION: Description = Description {
    summary: text("Estimates the glomerular filtration rate of an adult from creatinine in serum."),
    source: text(
        "L. A. Inker et al., New Creatinine- and Cystatin C-Based Equations to Estimate GFR without \
         Race, New England Journal of Medicine 385 (2021), 1737-1749, doi:10.1056/NEJMoa2102953.",
    ),
    license: text("Apache-2.0"),
    population: text("Adults with a stable function of the kidneys."),
    limits: text(
        "Not for children, in pregnancy, in acute kidney injury or on dialysis. Much or little muscle, \
         a diet of meat and some drugs change creatinine without the kidneys: measure cystatin C or \
         the rate itself where it matters. Not a medical device.",
    ),
    precision: text("float64"),
    digest: text(""),
    statements: List::of(STATEMENTS),
    features: List::of(&const { notes(&INPUTS) }),
    outputs: List::of(&[OutputNotes::quantity(
        "egfr",
        "The estimated glomerular filtration rate.",
        "mL/min/{1.73_m2}",
        0.0,
        f64::INFINITY,
    )]),
    examples: List::of(&[Example::new(
        "man of 55 years",
        &[Number(55.0), Text(text("male")), Number(1.2)],
        Answer::of(&[Output::Quantity(71.417796)]),
        1e-6,
    )]),
    outcome: Maybe::None,
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Quantity]),
        base: text("The rate of a made-up woman of 50 years with 0.7 mg/dL of creatinine."),
        cost: 1,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_equation_is_answered_to_eight_digits() {
        for (age, is_female, creatinine, expected) in [
            (55.0, false, 1.2, 71.417796),
            (40.0, true, 0.5, 121.519342),
            (50.0, false, 1.0, 91.691479),
            (70.0, true, 2.5, 20.183104),
        ] {
            let found = egfr(age, is_female, creatinine);
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }
}
