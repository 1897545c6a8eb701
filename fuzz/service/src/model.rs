//! A model with a feature of every kind and an output of both.

pub use predictor_contract::types::*;
pub use predictor_contract::{bins, cells, check, groups, measures, versions};

pub const NAME: &str = "fuzzed";

const LABELS: [&str; 2] = ["High \"Risk\"", "low\n"];

pub fn get_signature() -> Signature {
    use MissingPolicy::{Handle, Impute, Refuse};
    let age = Kind::Number(NumberRange { minimum: 0.0, maximum: 130.0, whole: true, missing_values: Vec::new() });
    let ldl = Kind::Number(NumberRange { minimum: -1.5, maximum: f64::INFINITY, whole: false, missing_values: Vec::new() });
    let smoking = Kind::Category(vec!["never".into(), "täglich".into()]);
    let features = [
        ("age", age, Refuse, UnusualPolicy::Accept, Some(vec![40.0, 65.5])),
        ("ldl", ldl, Impute, UnusualPolicy::Refuse, None),
        ("smoking", smoking, Handle, UnusualPolicy::Accept, Some(Vec::new())),
        ("diabetic", Kind::Flag, Handle, UnusualPolicy::Refuse, None),
    ];
    let feature = |(name, kind, missing, unusual, group): (&str, _, _, _, _)| Feature {
        name: name.into(),
        kind,
        missing,
        unusual,
        group,
    };
    Signature { name: NAME.into(), version: "v1".into(), features: features.map(feature).into() }
}

pub fn describe() -> Description {
    let bin = |upper, share| NumberBin { upper, share };
    let numbers = || ReferenceBins::Number(vec![bin(60.0, 0.5), bin(f64::INFINITY, 0.5)]);
    let references = [
        numbers(),
        numbers(),
        ReferenceBins::Category(vec![0.5, 0.25, 0.25]),
        ReferenceBins::Flag(0.25),
    ];
    let notes = |bins| FeatureNotes {
        description: String::new(),
        unit: "mg/dL".into(),
        other_units: vec![OtherUnit { code: "mmol/L".into(), factor: 38.67, offset: -0.5 }],
        missing: String::new(),
        reference: Some(Reference { bins, missing: 0.0 }),
    };
    let row = vec![Value::Number(65.0), Value::Missing, Value::Missing, Value::Missing];
    let (minimum, maximum) = (f64::NEG_INFINITY, f64::INFINITY);
    let quantity = QuantityRange { unit: String::new(), minimum, maximum };
    let output =
        |name: &str, kind| OutputNotes { name: name.into(), description: String::new(), kind, positive: Some(0), reference: Some(numbers()) };
    Description {
        summary: String::new(),
        source: String::new(),
        license: String::new(),
        population: String::new(),
        limits: String::new(),
        precision: String::new(),
        digest: String::new(),
        features: references.map(notes).into(),
        outputs: vec![
            output("risk", OutputKind::Classes(LABELS.map(str::to_owned).into())),
            output("score", OutputKind::Quantity(quantity)),
        ],
        examples: vec![Example { name: "old".into(), expected: answer(&row), row, tolerance: 0.0 }],
        outcome: None,
        explanation: Some(ExplanationNotes {
            method: ExplanationMethod::Permutations,
            scales: vec![Scale::LogOdds, Scale::Quantity],
            base: String::new(),
            cost: 1,
            reference: Vec::new(),
            shares: vec![0.25; 4],
        }),
        statements: vec![Statement { attribute: "intended-use".into(), text: "A \"text\" <b>&\u{1}".into() }],
    }
}

pub fn predict(values: &[Value]) -> Vec<Result<Prediction, Refusal>> {
    values.chunks(get_signature().features.len()).map(answer).collect()
}

/// Gives all to the age, and refuses those who are 14 years old.
pub fn explain(values: &[Value]) -> Vec<Result<Explanation, Refusal>> {
    values.chunks(get_signature().features.len()).map(explanation).collect()
}

fn explanation(row: &[Value]) -> Result<Explanation, Refusal> {
    let Value::Number(age) = row[0] else { panic!("{row:?} is let through without an age") };
    if age == 14.0 {
        let message = "14 is not explained".into();
        return Err(Refusal { reason: RefusalReason::Unanswerable, feature: None, message });
    }
    let attribution = |output, class, deviations| Attribution {
        output,
        class,
        base: 1.0,
        contributions: vec![age / 2.0, 0.0, -0.0, 0.0],
        deviations,
    };
    Ok(vec![attribution(1, None, vec![0.5; 4]), attribution(0, Some(1), Vec::new())])
}

/// Refuses those who are 13 years old.
fn answer(row: &[Value]) -> Result<Prediction, Refusal> {
    let Value::Number(age) = row[0] else { panic!("{row:?} is let through without an age") };
    if age == 13.0 {
        let message = "13 is no age".into();
        return Err(Refusal { reason: RefusalReason::Unanswerable, feature: Some(0), message });
    }
    let class = usize::from(age <= 60.0);
    let class = Classification {
        label: LABELS[class].into(),
        confidence: Some(0.75),
        probabilities: vec![0.75, 0.25],
    };
    Ok(vec![Output::Class(class), Output::Quantity(age)])
}
