//! The risk of cardiovascular disease in 30 years, by the equations of Khan et al. (2023).
#![cfg_attr(target_arch = "wasm32", no_std)]

use predictor_abi::{
    Answer, Description, Example, Explanation, Input, List, Model, Output, Scale, Signature, Value,
    features, notes, quantities, shapley, text,
};
use prevent::notes::{Horizon, RISKS, description};
use prevent::{Person, REFERENCE, THIRTY_YEARS, inputs};

predictor_abi::export!(Prevent30Years);

/// The equations of 30 years.
pub struct Prevent30Years;

impl Model for Prevent30Years {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        match Person::of(row) {
            Ok(person) => quantities(THIRTY_YEARS.risks(&person)),
            Err(refusal) => Answer::Err(refusal),
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, &REFERENCE)
    }
}

const INPUTS: [Input; 14] = inputs(59.0);

static SIGNATURE: Signature = Signature {
    name: text("prevent-30-years"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

static DESCRIPTION: Description = description(Horizon {
    summary: "Estimates the risk of cardiovascular disease in 30 years, by the equations of Khan et \
              al. (2023), known as PREVENT.",
    population: "Adults of 30 to 59 years in the United States, without known cardiovascular disease.",
    features: &const { notes(&INPUTS) },
    outputs: &RISKS,
    scales: &[Scale::Quantity; 5],
    examples: &[Example::new(
        "man with diabetes, all values known",
        &[
            Value::Number(50.0),
            Value::Text(text("male")),
            Value::Number(200.0),
            Value::Number(45.0),
            Value::Number(160.0),
            Value::Flag(true),
            Value::Flag(false),
            Value::Number(35.0),
            Value::Number(90.0),
            Value::Flag(true),
            Value::Flag(false),
            Value::Number(9.2),
            Value::Number(92.0),
            Value::Number(3.0),
        ],
        Answer::of(&[
            Output::Quantity(51.320063),
            Output::Quantity(32.559676),
            Output::Quantity(43.754372),
            Output::Quantity(21.620779),
            Output::Quantity(16.714321),
        ]),
        1e-6,
    )],
});
