//! The signature and the description of the model.

use crate::rule::{CLASSES, HIGH_RISK, LOW_RISK};
use predictor_abi::{
    Description, Example, ExplanationMethod, ExplanationNotes, Input, List, Maybe, NumberBin,
    OutputNotes, ReferenceBins, Scale, Signature, Statement, Text, Value, features, notes, text,
    units,
};

/// The two features: the age, and total cholesterol. The age is required.
const INPUTS: [Input; 2] = [
    Input::number("age", "Age in years.", "a", 0.0, 130.0)
        .distributed(ReferenceBins::Number(List::of(&AGES)), 0.0),
    Input::number(
        "cholesterol",
        "Total cholesterol. The rule takes it and does not use it.",
        "mg/dL",
        0.0,
        2000.0,
    )
    .or_in(&[units::CHOLESTEROL])
    .optional("The answer is the same without it.")
    .distributed(ReferenceBins::Number(List::of(&CHOLESTEROL)), 0.1),
];

/// The name, the version and the features.
pub static SIGNATURE: Signature = Signature {
    name: text("heart-risk-demo"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

/// The documentation: one output, `risk`, with two classes, and three examples.
pub static DESCRIPTION: Description = Description {
    summary: text("A mock for demonstration: it calls everyone over 60 years at high risk."),
    source: text("The rule of the service that this one replaces. There is no clinical source."),
    license: text("Apache-2.0"),
    population: text("Nobody: it shows how a model is served."),
    limits: text("Not a medical device. Do not decide anything by it."),
    precision: text("float64"),
    digest: Text::EMPTY,
    statements: List::of(STATEMENTS),
    features: List::of(&const { notes(&INPUTS) }),
    outputs: List::of(&[OutputNotes {
        positive: Maybe::Some(0),
        reference: Maybe::Some(ReferenceBins::Category(List::of(&ANSWERS))),
        ..OutputNotes::classes(
            "risk",
            "The class of risk, with the confidence that the rule states for it.",
            CLASSES,
        )
    }]),
    examples: List::of(&[
        Example::new("over 60", &[Value::Number(65.0), Value::Number(240.0)], HIGH_RISK, 0.0),
        Example::new("younger", &[Value::Number(45.0), Value::Number(180.0)], LOW_RISK, 0.0),
        Example::new("no cholesterol", &[Value::Number(60.0), Value::Missing], LOW_RISK, 0.0),
    ]),
    outcome: Maybe::None,
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Probability]),
        base: text("The answer for a person of 45 years with 200 mg/dL of cholesterol."),
        cost: 1,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

/// The statements for the model's card.
const STATEMENTS: &[Statement] = &[
    Statement::new("intended-use", "To show how a model is served."),
    Statement::new("decision-role", "None. Do not decide anything by it."),
    Statement::new("cautioned-uses", "All care of patients."),
    Statement::new("sensitive-inputs", "The age."),
    Statement::new("model-type", "A made-up rule of one threshold."),
];

/// The reference person of explanations: the upper ends of the two middle bins below.
pub static REFERENCE: &[Value] = &[Value::Number(45.0), Value::Number(200.0)];

/// The reference of the age, in years. It is made up like the rule, to show drift.
const AGES: [NumberBin; 5] =
    [bin(30.0, 0.1), bin(45.0, 0.2), bin(60.0, 0.3), bin(75.0, 0.3), bin(f64::INFINITY, 0.1)];

/// The reference of the answers: the two bins of the age above 60 are at high risk.
const ANSWERS: [f64; 3] = [0.4, 0.6, 0.0];

/// The reference of total cholesterol, in mg/dL, likewise made up.
const CHOLESTEROL: [NumberBin; 4] =
    [bin(160.0, 0.2), bin(200.0, 0.35), bin(240.0, 0.3), bin(f64::INFINITY, 0.15)];

const fn bin(upper: f64, share: f64) -> NumberBin {
    NumberBin { upper, share }
}
