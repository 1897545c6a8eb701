//! Short forms for the statics of a model: features with their notes, outputs, examples, answers.

use crate::export::collect;
use crate::types::{
    Answer, Example, Feature, FeatureNotes, Kind, List, Maybe, MissingPolicy, NumberRange,
    OtherUnit, Output, OutputKind, OutputNotes, QuantityRange, Reference, ReferenceBins, Refusal,
    RefusalReason, Statement, Text, UnusualPolicy, Value, text,
};

/// One input of a model: a feature and its notes, stated together.
///
/// It is required, and values outside its list are refused, unless a method says otherwise:
///
/// ```
/// use predictor_abi::{Feature, FeatureNotes, Input, features, notes};
///
/// const INPUTS: [Input; 2] = [
///     Input::number("age", "Age.", "a", 30.0, 79.0),
///     Input::number("hba1c", "Glycated haemoglobin.", "%", 4.5, 15.0).optional("Not used."),
/// ];
/// static FEATURES: [Feature; 2] = features(&INPUTS);
/// static NOTES: [FeatureNotes; 2] = notes(&INPUTS);
/// assert_eq!((FEATURES[0].name.as_str(), NOTES[1].unit.as_str()), ("age", "%"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Input {
    feature: Feature,
    notes: FeatureNotes,
}

impl Input {
    const fn new(name: &'static str, description: &'static str, kind: Kind) -> Self {
        let (missing, unusual) = (MissingPolicy::Refuse, UnusualPolicy::Refuse);
        let (name, group) = (text(name), Maybe::None);
        let feature = Feature { name, kind, missing, unusual, group };
        let description = text(description);
        let notes = FeatureNotes {
            description,
            unit: Text::EMPTY,
            other_units: List::EMPTY,
            missing: Text::EMPTY,
            reference: Maybe::None,
        };
        Self { feature, notes }
    }

    /// A number from `minimum` to `maximum`, both included. `unit` is a UCUM code.
    pub const fn number(
        name: &'static str,
        description: &'static str,
        unit: &'static str,
        minimum: f64,
        maximum: f64,
    ) -> Self {
        let missing_values = List::EMPTY;
        let range = NumberRange { minimum, maximum, whole: false, missing_values };
        let mut input = Self::new(name, description, Kind::Number(range));
        input.notes.unit = text(unit);
        input
    }

    /// One of the named categories.
    pub const fn category(
        name: &'static str,
        description: &'static str,
        names: &'static [Text],
    ) -> Self {
        Self::new(name, description, Kind::Category(List::of(names)))
    }

    /// A boolean.
    pub const fn flag(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, Kind::Flag)
    }

    /// Divides people into subgroups, to count outcomes for each: the categories, the flags, or the
    /// numbers between rising `bounds`, each the least number of the subgroup above it.
    pub const fn grouped(mut self, bounds: &'static [f64]) -> Self {
        self.feature.group = Maybe::Some(List::of(bounds));
        self
    }

    /// Takes numbers in other units too: the caller converts them.
    pub const fn or_in(mut self, units: &'static [OtherUnit]) -> Self {
        self.notes.other_units = List::of(units);
        self
    }

    /// Takes whole numbers only.
    pub const fn whole(mut self) -> Self {
        if let Kind::Number(range) = &mut self.feature.kind {
            range.whole = true;
        }
        self
    }

    /// Takes rows without it. `effect` is a sentence: the answer in this case.
    pub const fn optional(mut self, effect: &'static str) -> Self {
        self.feature.missing = MissingPolicy::Handle;
        self.notes.missing = text(effect);
        self
    }

    /// States the distribution in the training data, and the proportion of missing values there.
    pub const fn distributed(mut self, bins: ReferenceBins, missing: f64) -> Self {
        self.notes.reference = Maybe::Some(Reference { bins, missing });
        self
    }
}

/// Returns the features of the inputs, for the signature.
pub const fn features<const N: usize>(inputs: &[Input; N]) -> [Feature; N] {
    let mut features = [inputs[0].feature; N];
    let mut at = 1;
    while at < N {
        features[at] = inputs[at].feature;
        at += 1;
    }
    features
}

/// Returns the notes of the inputs, for the description.
pub const fn notes<const N: usize>(inputs: &[Input; N]) -> [FeatureNotes; N] {
    let mut notes = [inputs[0].notes; N];
    let mut at = 1;
    while at < N {
        notes[at] = inputs[at].notes;
        at += 1;
    }
    notes
}

impl OtherUnit {
    /// A unit with the UCUM code `code`: a number in it times `factor`, plus `offset`, is the number in
    /// the feature's own unit.
    pub const fn new(code: &'static str, factor: f64, offset: f64) -> Self {
        Self { code: text(code), factor, offset }
    }
}

impl Statement {
    /// A statement about an attribute of the model's card, by its key.
    pub const fn new(attribute: &'static str, statement: &'static str) -> Self {
        Self { attribute: text(attribute), text: text(statement) }
    }
}

impl OutputNotes {
    /// A quantity from `minimum` to `maximum`. `unit` is a UCUM code.
    pub const fn quantity(
        name: &'static str,
        description: &'static str,
        unit: &'static str,
        minimum: f64,
        maximum: f64,
    ) -> Self {
        let kind = OutputKind::Quantity(QuantityRange { unit: text(unit), minimum, maximum });
        Self::new(name, description, kind)
    }

    /// One of the classes with these labels.
    pub const fn classes(
        name: &'static str,
        description: &'static str,
        labels: &'static [Text],
    ) -> Self {
        Self::new(name, description, OutputKind::Classes(List::of(labels)))
    }

    const fn new(name: &'static str, description: &'static str, kind: OutputKind) -> Self {
        let (name, description) = (text(name), text(description));
        Self { name, description, kind, positive: Maybe::None, reference: Maybe::None }
    }
}

impl Example {
    /// A row with its answer. Numbers of the answer may differ by `tolerance`.
    pub const fn new(
        name: &'static str,
        row: &'static [Value],
        expected: Answer,
        tolerance: f64,
    ) -> Self {
        Self { name: text(name), row: List::of(row), expected, tolerance }
    }
}

impl Answer {
    /// Answers these outputs, in their order. Works in constants.
    pub const fn of(outputs: &'static [Output]) -> Self {
        Self::Ok(List::of(outputs))
    }
}

impl Refusal {
    /// Refuses a row without a required value, in case a caller does not check for it.
    pub const INCOMPLETE: Self = Self {
        reason: RefusalReason::Missing,
        feature: Maybe::None,
        message: text("a required value is missing"),
    };

    /// Refuses a number outside the range of a feature, where the range of the contract cannot: it
    /// includes both of its bounds.
    pub const fn out_of_range(feature: u32, message: &'static str) -> Self {
        let feature = Maybe::Some(feature);
        Self { reason: RefusalReason::OutOfRange, feature, message: text(message) }
    }
}

/// Answers these quantities, in the order of the outputs.
pub fn quantities<const N: usize>(numbers: [f64; N]) -> Answer {
    Answer::Ok(collect(N, numbers.into_iter().map(Output::Quantity)))
}
