//! A model that fails, or answers what its description forbids, in the way that its one feature names.
#![cfg(target_arch = "wasm32")]
#![no_std]

use predictor_abi::{
    Answer, Attribution, Classification, Description, Example, Explanation, ExplanationMethod,
    ExplanationNotes, Feature, FeatureNotes, Kind, List, Maybe, MissingPolicy, Model, Output,
    OutputKind, OutputNotes, Refusal, RefusalReason, Scale, Signature, Text, UnusualPolicy, Value,
    text,
};

predictor_abi::export!(FaultyModel);

struct FaultyModel;

/// An answer that borrows from nothing that the call makes.
macro_rules! constant {
    ($answer:expr) => {{
        const ANSWER: Answer = $answer;
        ANSWER
    }};
}

/// An explanation that borrows from nothing that the call makes.
macro_rules! explained {
    ($attributions:expr) => {{
        const EXPLANATION: Explanation = Explanation::Ok(List::of($attributions));
        EXPLANATION
    }};
}

impl Model for FaultyModel {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        let [Value::Text(fault)] = row else { return GOOD };
        match fault.as_str() {
            "trap" => core::arch::wasm32::unreachable(),
            "loop" => loop {
                core::hint::black_box(());
            },
            "allocate" => allocate(),
            "no output" => constant!(answer(&[])),
            "two outputs" => constant!(answer(&[class("low", 0.5, &[]), class("low", 0.5, &[])])),
            "another kind" => constant!(answer(&[Output::Quantity(0.5)])),
            "unknown label" => constant!(answer(&[class("other", 0.5, &[])])),
            "confidence NaN" => constant!(answer(&[class("low", f64::NAN, &[])])),
            "confidence infinite" => constant!(answer(&[class("low", f64::INFINITY, &[])])),
            "confidence above 1" => constant!(answer(&[class("low", 1.5, &[])])),
            "confidence below 0" => constant!(answer(&[class("low", -0.5, &[])])),
            "probability NaN" => constant!(answer(&[class("low", 0.5, &[0.5, f64::NAN])])),
            "probability above 1" => constant!(answer(&[class("low", 0.5, &[0.5, 2.0])])),
            _ => GOOD,
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        let [Value::Text(fault)] = row else { return EXPLAINED };
        match fault.as_str() {
            "explain trap" => core::arch::wasm32::unreachable(),
            "explain loop" => loop {
                core::hint::black_box(());
            },
            "explain refused" => REFUSED,
            "explain nothing" => explained!(&[]),
            "explain no feature" => explained!(&[attribution(1, 0.5, &[], &[])]),
            "explain two features" => explained!(&[attribution(1, 0.5, &[0.25, 0.0], &[])]),
            "explain NaN" => explained!(&[attribution(1, 0.5, &[f64::NAN], &[])]),
            "explain infinite base" => explained!(&[attribution(1, f64::INFINITY, &[0.25], &[])]),
            "explain two deviations" => explained!(&[attribution(1, 0.5, &[0.25], &[0.0, 0.0])]),
            "explain other class" => explained!(&[attribution(0, 0.5, &[0.25], &[])]),
            "explain unknown class" => explained!(&[attribution(2, 0.5, &[0.25], &[])]),
            "explain twice" => {
                explained!(&[attribution(1, 0.5, &[0.25], &[]), attribution(1, 0.5, &[0.25], &[])])
            }
            _ => EXPLAINED,
        }
    }
}

/// Takes memory until there is none.
fn allocate() -> Answer {
    while core::arch::wasm32::memory_grow(0, 16) != usize::MAX {}
    core::arch::wasm32::unreachable()
}

static SIGNATURE: Signature = Signature {
    name: text("faulty-model"),
    version: text("1"),
    features: List::of(&[Feature {
        name: text("fault"),
        kind: Kind::Category(List::of(&[text("none")])),
        missing: MissingPolicy::Handle,
        unusual: UnusualPolicy::Accept,
        group: Maybe::None,
    }]),
};

static DESCRIPTION: Description = Description {
    summary: text("Made up for tests."),
    source: Text::EMPTY,
    license: text("Apache-2.0"),
    population: Text::EMPTY,
    limits: Text::EMPTY,
    precision: Text::EMPTY,
    statements: List::EMPTY,
    digest: Text::EMPTY,
    features: List::of(&[FeatureNotes {
        description: text("The way in which it fails."),
        unit: Text::EMPTY,
        other_units: List::EMPTY,
        missing: Text::EMPTY,
        reference: Maybe::None,
    }]),
    outputs: List::of(&[OutputNotes {
        name: text("risk"),
        description: Text::EMPTY,
        kind: OutputKind::Classes(List::of(&[text("low"), text("high")])),
        positive: Maybe::None,
        reference: Maybe::None,
    }]),
    examples: List::of(&[Example {
        name: text("good"),
        row: List::of(&[Value::Missing]),
        expected: GOOD,
        tolerance: 0.0,
    }]),
    outcome: Maybe::None,
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Permutations,
        scales: List::of(&[Scale::LogOdds]),
        base: text("Nobody."),
        cost: 1000,
        reference: List::EMPTY,
        shares: List::of(&[1.0]),
    }),
};

const EXPLAINED: Explanation =
    Explanation::Ok(List::of(&[attribution(1, -0.5, &[-0.25], &[0.125])]));

const REFUSED: Explanation = Explanation::Err(Refusal {
    reason: RefusalReason::Unanswerable,
    feature: Maybe::Some(0),
    message: text("This has no reason"),
});

const fn attribution(
    class: u32,
    base: f64,
    contributions: &'static [f64],
    deviations: &'static [f64],
) -> Attribution {
    Attribution {
        output: 0,
        class: Maybe::Some(class),
        base,
        contributions: List::of(contributions),
        deviations: List::of(deviations),
    }
}

const GOOD: Answer = answer(&[class("low", 0.75, &[0.75, 0.25])]);

const fn class(label: &'static str, confidence: f64, probabilities: &'static [f64]) -> Output {
    Output::Class(Classification {
        label: text(label),
        confidence: Maybe::Some(confidence),
        probabilities: List::of(probabilities),
    })
}

const fn answer(outputs: &'static [Output]) -> Answer {
    Answer::Ok(List::of(outputs))
}
