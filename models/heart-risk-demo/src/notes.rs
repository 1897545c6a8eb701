//! The signature and the description of the model.

use crate::rule::{CLASSES, HIGH_RISK, LOW_RISK};
use predictor_abi::{
    Answer, Description, Example, ExplanationMethod, ExplanationNotes, Feature, FeatureNotes, Kind,
    List, Maybe, MissingPolicy, NumberBin, NumberRange, OutputKind, OutputNotes, Reference,
    ReferenceBins, Scale, Signature, Text, UnusualPolicy, Value, text,
};

/// The name, the version and the two features: the age in years from 0 to 130, and total
/// cholesterol in mg/dL from 0 to 2000. The age is required.
pub static SIGNATURE: Signature = Signature {
    name: text("heart-risk-demo"),
    version: text("v1.0.0"),
    features: List::of(&[
        number("age", 130.0, MissingPolicy::Refuse),
        number("cholesterol", 2000.0, MissingPolicy::Handle),
    ]),
};

const fn number(name: &'static str, maximum: f64, missing: MissingPolicy) -> Feature {
    Feature {
        name: text(name),
        kind: Kind::Number(NumberRange {
            minimum: 0.0,
            maximum,
            whole: false,
            missing_values: List::EMPTY,
        }),
        missing,
        unusual: UnusualPolicy::Refuse,
    }
}

/// The documentation: one output, `risk`, with two classes, and three examples.
pub static DESCRIPTION: Description = Description {
    summary: text("A mock for demonstration: it calls everyone over 60 years at high risk."),
    source: text("The rule of the service that this one replaces. There is no clinical source."),
    license: text("Apache-2.0"),
    population: text("Nobody: it shows how a model is served."),
    limits: text("Not a medical device. Do not decide anything by it."),
    precision: text("float64"),
    digest: Text::EMPTY,
    features: List::of(&[
        FeatureNotes {
            description: text("Age in years."),
            unit: text("a"),
            missing: Text::EMPTY,
            reference: reference(&AGES, 0.0),
        },
        FeatureNotes {
            description: text("Total cholesterol. The rule takes it and does not use it."),
            unit: text("mg/dL"),
            missing: text("The answer is the same without it."),
            reference: reference(&CHOLESTEROL, 0.1),
        },
    ]),
    outputs: List::of(&[OutputNotes {
        name: text("risk"),
        description: text("The class of risk, with the confidence that the rule states for it."),
        kind: OutputKind::Classes(List::of(CLASSES)),
        positive: Maybe::Some(0),
    }]),
    examples: List::of(&[
        example("over 60", &[Value::Number(65.0), Value::Number(240.0)], HIGH_RISK),
        example("younger", &[Value::Number(45.0), Value::Number(180.0)], LOW_RISK),
        example("no cholesterol", &[Value::Number(60.0), Value::Missing], LOW_RISK),
    ]),
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Probability]),
        base: text("The answer for a person of 45 years with 200 mg/dL of cholesterol."),
        cost: 1,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

/// The reference person of explanations: the upper ends of the two middle bins below.
pub static REFERENCE: &[Value] = &[Value::Number(45.0), Value::Number(200.0)];

/// The reference of the age, in years. It is made up like the rule, to show drift.
static AGES: [NumberBin; 5] =
    [bin(30.0, 0.1), bin(45.0, 0.2), bin(60.0, 0.3), bin(75.0, 0.3), bin(f64::INFINITY, 0.1)];

/// The reference of total cholesterol, in mg/dL, likewise made up.
static CHOLESTEROL: [NumberBin; 4] =
    [bin(160.0, 0.2), bin(200.0, 0.35), bin(240.0, 0.3), bin(f64::INFINITY, 0.15)];

const fn bin(upper: f64, share: f64) -> NumberBin {
    NumberBin { upper, share }
}

const fn reference(bins: &'static [NumberBin], missing: f64) -> Maybe<Reference> {
    Maybe::Some(Reference { bins: ReferenceBins::Number(List::of(bins)), missing })
}

const fn example(name: &'static str, row: &'static [Value], expected: Answer) -> Example {
    Example { name: text(name), row: List::of(row), expected, tolerance: 0.0 }
}
