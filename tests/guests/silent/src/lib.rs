//! A model that breaks its contract: it answers no row, and traps if its feature is true.
#![cfg(target_arch = "wasm32")]
#![no_std]

use predictor_abi::{
    Answer, Classification, Description, Example, Explanation, Feature, FeatureNotes, Kind, List,
    Maybe, MissingPolicy, Output, OutputKind, OutputNotes, Signature, Text, UnusualPolicy, Value,
    text,
};

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#get-signature")]
extern "C" fn get_signature() -> &'static Signature {
    &SIGNATURE
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#describe")]
extern "C" fn describe() -> &'static Description {
    &DESCRIPTION
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#predict")]
extern "C" fn predict(values: *const Value, count: usize) -> *const List<Answer> {
    // SAFETY: the caller lends that many values for the call.
    let values = unsafe { core::slice::from_raw_parts(values, count) };
    if values.iter().any(|value| matches!(value, Value::Flag(true))) {
        core::arch::wasm32::unreachable();
    }
    predictor_abi::keep(List::EMPTY)
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#explain")]
extern "C" fn explain(_: *const Value, _: usize) -> *const List<Explanation> {
    predictor_abi::keep(List::EMPTY)
}

static SIGNATURE: Signature = Signature {
    name: text("silent"),
    version: text("1"),
    features: List::of(&[Feature {
        name: text("x"),
        kind: Kind::Flag,
        missing: MissingPolicy::Handle,
        unusual: UnusualPolicy::Refuse,
        group: Maybe::None,
    }]),
};

static DESCRIPTION: Description = Description {
    summary: text("It says nothing."),
    source: Text::EMPTY,
    license: text("Apache-2.0"),
    population: Text::EMPTY,
    limits: Text::EMPTY,
    precision: Text::EMPTY,
    statements: List::EMPTY,
    digest: Text::EMPTY,
    features: List::of(&[FeatureNotes {
        description: Text::EMPTY,
        unit: Text::EMPTY,
        other_units: List::EMPTY,
        missing: Text::EMPTY,
        reference: Maybe::None,
    }]),
    outputs: List::of(&[OutputNotes {
        name: text("y"),
        description: Text::EMPTY,
        kind: OutputKind::Classes(List::of(&[text("none")])),
        positive: Maybe::None,
        reference: Maybe::None,
    }]),
    examples: List::of(&[Example {
        name: text("promised"),
        row: List::of(&[Value::Missing]),
        expected: Answer::Ok(List::of(&[Output::Class(Classification {
            label: text("none"),
            confidence: Maybe::None,
            probabilities: List::EMPTY,
        })])),
        tolerance: 0.0,
    }]),
    outcome: Maybe::None,
    explanation: Maybe::None,
};
