//! A model that has something of everything that the contract allows: every kind of feature and
//! policy, two outputs, probabilities, and rows that it refuses. It is made up.
#![cfg(target_arch = "wasm32")]
#![no_std]

use predictor_abi::{
    Answer, CalibrationBin, Classification, Description, Example, Explanation, ExplanationMethod,
    ExplanationNotes, Feature, FeatureNotes, Kind, List, Maybe, Measure, MissingPolicy, Model,
    NumberBin, NumberRange, OtherUnit, OutcomeNotes, Output, OutputKind, OutputNotes, Performance,
    QuantityRange, Reference, ReferenceBins, Refusal, RefusalReason, Scale, Signature, Subgroup,
    Text, UnusualPolicy, Value, shapley, text,
};

predictor_abi::export!(Triage);

struct Triage;

impl Model for Triage {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        match row {
            [_, _, Value::Text(arrival), Value::Flag(false)] if arrival.as_str() == "on foot" => {
                CONTRADICTION
            }
            [_, _, _, Value::Flag(false)] => URGENT,
            [Value::Number(beats), ..] if *beats > 120.0 => URGENT,
            _ => CALM,
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, REFERENCE)
    }
}

static SIGNATURE: Signature = Signature {
    name: text("triage"),
    version: text("2"),
    features: List::of(&[
        Feature {
            name: text("beats"),
            kind: Kind::Number(NumberRange {
                minimum: 0.0,
                maximum: 300.0,
                whole: true,
                missing_values: List::EMPTY,
            }),
            missing: MissingPolicy::Refuse,
            unusual: UnusualPolicy::Accept,
            group: Maybe::Some(List::of(&[60.0, 100.0])),
        },
        Feature {
            name: text("temperature"),
            kind: Kind::Number(NumberRange {
                minimum: f64::NEG_INFINITY,
                maximum: 45.0,
                whole: false,
                missing_values: List::EMPTY,
            }),
            missing: MissingPolicy::Impute,
            unusual: UnusualPolicy::Refuse,
            group: Maybe::None,
        },
        Feature {
            name: text("arrival"),
            kind: Kind::Category(List::of(&[text("on foot"), text("ambulance")])),
            missing: MissingPolicy::Handle,
            unusual: UnusualPolicy::Refuse,
            group: Maybe::Some(List::EMPTY),
        },
        Feature {
            name: text("conscious"),
            kind: Kind::Flag,
            missing: MissingPolicy::Refuse,
            unusual: UnusualPolicy::Refuse,
            group: Maybe::Some(List::EMPTY),
        },
    ]),
};

static DESCRIPTION: Description = Description {
    summary: text("Made up for tests."),
    source: text("Nowhere."),
    license: text("Apache-2.0"),
    population: text("Nobody."),
    limits: text("All."),
    precision: text("float64"),
    statements: List::EMPTY,
    digest: Text::EMPTY,
    features: List::of(&[
        notes("Heart beats.", "/min", "", Maybe::None),
        FeatureNotes {
            other_units: List::of(&[FAHRENHEIT]),
            ..notes("Temperature of the body.", "Cel", "37 is taken.", Maybe::None)
        },
        notes("How the patient came.", "", "It is not used.", CAME),
        notes("Whether the patient answers.", "", "", Maybe::None),
    ]),
    outputs: List::of(&[
        OutputNotes {
            name: text("urgency"),
            description: text("How urgent it is."),
            kind: OutputKind::Classes(List::of(&[text("calm"), text("urgent")])),
            positive: Maybe::Some(1),
            reference: Maybe::Some(ReferenceBins::Category(List::of(&[0.75, 0.25, 0.0]))),
        },
        OutputNotes {
            name: text("wait"),
            description: text("How long the patient may wait."),
            kind: OutputKind::Quantity(QuantityRange {
                unit: text("min"),
                minimum: 0.0,
                maximum: f64::INFINITY,
            }),
            positive: Maybe::None,
            reference: Maybe::Some(ReferenceBins::Number(List::of(&[
                NumberBin { upper: 0.0, share: 0.25 },
                NumberBin { upper: 50.0, share: 0.5 },
                NumberBin { upper: f64::INFINITY, share: 0.25 },
            ]))),
        },
    ]),
    examples: List::of(&[
        Example {
            name: text("calm"),
            row: List::of(&[
                Value::Number(70.0),
                Value::Missing,
                Value::Text(text("on foot")),
                Value::Flag(true),
            ]),
            expected: CALM,
            tolerance: 0.0,
        },
        Example {
            name: text("contradiction"),
            row: List::of(&[
                Value::Number(70.0),
                Value::Number(36.5),
                Value::Text(text("on foot")),
                Value::Flag(false),
            ]),
            expected: CONTRADICTION,
            tolerance: 0.0,
        },
    ]),
    outcome: Maybe::Some(OutcomeNotes {
        truth: text("What a nurse says after an hour."),
        horizon_days: 1,
        versions: List::of(&[text("1")]),
        data: text("Made up."),
        performance: List::of(&[
            performance(0, Measure::Accuracy, Maybe::None, 0.9, 200),
            performance(0, Measure::Sensitivity, Maybe::Some(1), 0.75, 40),
            Performance {
                group: Maybe::Some(Subgroup { feature: 2, place: 1 }),
                ..performance(0, Measure::Specificity, Maybe::Some(1), 0.5, 20)
            },
            performance(1, Measure::MeanAbsoluteError, Maybe::None, 12.5, 200),
        ]),
        calibration: List::of(&[
            CalibrationBin { output: 0, upper: 0.5, expected: 0.25, observed: 0.5, people: 120 },
            CalibrationBin { output: 0, upper: 1.0, expected: 0.75, observed: 0.5, people: 80 },
        ]),
    }),
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Probability, Scale::Quantity]),
        base: text("The answer for a calm person on foot."),
        cost: 1,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

const fn performance(
    output: u32,
    measure: Measure,
    class: Maybe<u32>,
    value: f64,
    people: u32,
) -> Performance {
    Performance { output, measure, class, group: Maybe::None, value, people }
}

const FAHRENHEIT: OtherUnit =
    OtherUnit { code: text("[degF]"), factor: 5.0 / 9.0, offset: -160.0 / 9.0 };

static REFERENCE: &[Value] =
    &[Value::Number(70.0), Value::Number(37.0), Value::Text(text("on foot")), Value::Flag(true)];

const CAME: Maybe<Reference> = Maybe::Some(Reference {
    bins: ReferenceBins::Category(List::of(&[0.75, 0.25, 0.0])),
    missing: 0.5,
});

const fn notes(
    description: &'static str,
    unit: &'static str,
    missing: &'static str,
    reference: Maybe<Reference>,
) -> FeatureNotes {
    FeatureNotes {
        description: text(description),
        unit: text(unit),
        other_units: List::EMPTY,
        missing: text(missing),
        reference,
    }
}

const CALM: Answer = answer(&[
    Output::Class(Classification {
        label: text("calm"),
        confidence: Maybe::Some(0.75),
        probabilities: List::of(&[0.75, 0.25]),
    }),
    Output::Quantity(60.0),
]);

const URGENT: Answer = answer(&[
    Output::Class(Classification {
        label: text("urgent"),
        confidence: Maybe::None,
        probabilities: List::of(&[0.5, 0.5]),
    }),
    Output::Quantity(0.0),
]);

const CONTRADICTION: Answer = Answer::Err(Refusal {
    reason: RefusalReason::Unanswerable,
    feature: Maybe::None,
    message: text("Nobody comes on foot unconscious"),
});

const fn answer(outputs: &'static [Output]) -> Answer {
    Answer::Ok(List::of(outputs))
}
