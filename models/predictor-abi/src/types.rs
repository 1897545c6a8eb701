//! The contract's types in the layout of the canonical ABI.
//!
//! A record is a `repr(C)` struct with its fields in the contract's order. A variant is a
//! `repr(C, u8)` enum. A list or a string is a pointer and a length.
//!
//! Everything a model states is `'static`: build it in constants and statics with [`List::of`] and
//! [`text`], or at run time with [`collect`](crate::collect).

use core::fmt;
use core::marker::PhantomData;

/// A list of values; `list` of the contract. The values live as long as the instance, so a list is
/// as cheap to copy as a slice.
#[repr(C)]
pub struct List<T: 'static> {
    start: *const T,
    length: usize,
    items: PhantomData<&'static [T]>,
}

// SAFETY: a list is a shared reference to a slice, and may go to any thread a slice may go to.
unsafe impl<T: Sync> Sync for List<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for List<T> {}

impl<T> List<T> {
    /// The list without values.
    pub const EMPTY: Self = Self::of(&[]);

    /// Makes a list of a slice, without copying it. Works in constants.
    pub const fn of(items: &'static [T]) -> Self {
        Self { start: items.as_ptr(), length: items.len(), items: PhantomData }
    }

    /// Returns the values as a slice.
    pub const fn as_slice(&self) -> &'static [T] {
        // SAFETY: pointer and length are those of a slice: `of` took them apart, or the caller of
        // an exported function did.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// A string in UTF-8; `string` of the contract. Make one with [`text`].
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq)]
pub struct Text(List<u8>);

impl Text {
    /// The empty string. Descriptions use it for a fact without an answer, such as a missing unit.
    pub const EMPTY: Self = text("");

    /// Returns the string.
    pub const fn as_str(&self) -> &'static str {
        // SAFETY: a text is made of a `str`, here or by the canonical ABI, which checks it.
        unsafe { core::str::from_utf8_unchecked(self.0.as_slice()) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Makes a string of the contract, without copying it. Works in constants.
pub const fn text(text: &'static str) -> Text {
    Text(List::of(text.as_bytes()))
}

/// A value or nothing; `option` of the contract.
#[repr(C, u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Maybe<T> {
    /// No value.
    None,
    /// A value.
    Some(T),
}

/// One input value of one row. The caller has checked it against the feature's [`Kind`] and
/// policies.
#[repr(C, u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A finite number: never NaN, never infinite.
    Number(f64),
    /// A category's name. An unlisted name comes only if the feature's `unusual` is
    /// [`UnusualPolicy::Accept`].
    Text(Text),
    /// A boolean.
    Flag(bool),
    /// No value. It differs from an unknown category, and comes only if the feature's `missing` is
    /// not [`MissingPolicy::Refuse`].
    Missing,
}

/// The numbers a feature takes: `minimum <= x <= maximum`. [`FeatureNotes::unit`] gives their unit.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    /// The least number; negative infinity for no bound.
    pub minimum: f64,
    /// The greatest number; positive infinity for no bound.
    pub maximum: f64,
    /// True if the feature takes whole numbers only. 65.0 is one.
    pub whole: bool,
    /// Numbers used in place of a missing value, such as -999. The caller turns them into
    /// [`Value::Missing`]; the model never sees them.
    pub missing_values: List<f64>,
}

/// The type of a feature, with the values it lists.
#[repr(C, u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number within a range.
    Number(NumberRange),
    /// The names of the categories, in the order of the reference proportions.
    Category(List<Text>),
    /// A boolean.
    Flag,
}

/// The treatment of a row without a value for a feature.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MissingPolicy {
    /// The feature is required: the caller refuses the row, and the model never sees it.
    Refuse,
    /// The model uses another value instead, and names it in [`FeatureNotes::missing`].
    Impute,
    /// The model was trained with missing values, and handles them as such.
    Handle,
}

/// The treatment of a value of the right type outside the feature's list: a number out of range, or
/// an unknown category.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnusualPolicy {
    /// The caller refuses the row, and the model never sees it.
    Refuse,
    /// The model answers; an unknown category counts as "other". The caller warns its client.
    Accept,
}

/// The facts a caller needs to check one feature's values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// The name, unique in the model. It is the key in a request and a label in metrics, so keep it
    /// short and stable.
    pub name: Text,
    /// The type and the listed values.
    pub kind: Kind,
    /// The treatment of a missing value.
    pub missing: MissingPolicy,
    /// The treatment of an unusual value. A fraction where [`NumberRange::whole`] is true is always
    /// refused.
    pub unusual: UnusualPolicy,
    /// The bounds between the subgroups of people that the feature makes; empty for a category and a
    /// flag. None for most features.
    pub group: Maybe<List<f64>>,
}

/// The facts every request needs. The caller asks for them at each prediction, so all others are in
/// [`Description`].
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Signature {
    /// The model's name: lower-case letters, digits and hyphens.
    pub name: Text,
    /// The model's version, as clients see it. Give a model with changed answers a new version.
    pub version: Text,
    /// The columns of a row, in order.
    pub features: List<Feature>,
}

/// The answer of a classifier.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Classification {
    /// The label of the class, one of [`OutputKind::Classes`].
    pub label: Text,
    /// The confidence in this label, from 0 to 1, if the model states one.
    pub confidence: Maybe<f64>,
    /// One probability for each class, from 0 to 1, in the order of [`OutputKind::Classes`]; empty
    /// if the model has none. The label need not be the most probable class: only the model
    /// decides.
    pub probabilities: List<f64>,
}

/// One output of the model for one row.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Output {
    /// A class, for an output of [`OutputKind::Classes`].
    Class(Classification),
    /// A finite number in the unit of [`QuantityRange`], for an output of [`OutputKind::Quantity`].
    Quantity(f64),
}

/// The outputs of one row, in the order of [`Description::outputs`].
pub type Prediction = List<Output>;

/// The kind of reason for a [`Refusal`].
#[repr(u8)]
#[derive(Debug, PartialEq)]
pub enum RefusalReason {
    /// A required value is missing.
    Missing,
    /// A value has the wrong type.
    WrongType,
    /// A number is outside the range.
    OutOfRange,
    /// A category is not on the feature's list.
    UnknownCategory,
    /// Each value is valid, but the model has no answer for the combination.
    Unanswerable,
}

/// The reason why one row has no answer.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Refusal {
    /// The kind of reason.
    pub reason: RefusalReason,
    /// The index of the feature at fault in [`Signature::features`]; none if several are.
    pub feature: Maybe<u32>,
    /// A sentence for the client. It must not repeat the client's values.
    pub message: Text,
}

/// The answer to one row; `result<prediction, refusal>` of the contract.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// The outputs of the row.
    Ok(Prediction),
    /// The refusal of the row. Other rows of the batch keep their answers.
    Err(Refusal),
}

/// Another unit for the numbers of a feature. The caller converts them, and the model never sees
/// it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherUnit {
    /// A UCUM code such as `mmol/L`.
    pub code: Text,
    /// A number in this unit times `factor`, plus `offset`, is the number in the feature's own unit.
    pub factor: f64,
    /// The number in the feature's own unit for 0 in this unit.
    pub offset: f64,
}

/// The documentation of one feature.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureNotes {
    /// A sentence for clinicians and analysts.
    pub description: Text,
    /// A UCUM code such as `mg/dL` or `a` (years); empty if there is none.
    pub unit: Text,
    /// The other units that clients may give a number in. Empty for a feature of whole numbers, and
    /// for one without a unit.
    pub other_units: List<OtherUnit>,
    /// The effect of a missing value on the answer; empty if the feature is required.
    pub missing: Text,
    /// The feature's distribution in the model's training data, if known.
    pub reference: Maybe<Reference>,
}

/// One bin of a number: the values above the bin before it, up to and including `upper`.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct NumberBin {
    /// The upper bound, in the feature's unit; positive infinity for the last bin.
    pub upper: f64,
    /// The proportion of the bin among rows with a value, from 0 to 1.
    pub share: f64,
}

/// The distribution of the present values. Proportions are from 0 to 1, relative to the rows with a
/// value, and add up to 1.
#[repr(C, u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReferenceBins {
    /// At least two bins, in the order of rising `upper`.
    Number(List<NumberBin>),
    /// The proportion of each category, in the order of [`Kind::Category`], then of all other names
    /// together.
    Category(List<f64>),
    /// The proportion of `true`.
    Flag(f64),
}

/// A feature's distribution in the training data. The service compares live values with it to show
/// drift.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// The distribution of the rows with a value.
    pub bins: ReferenceBins,
    /// The proportion of missing values among all rows, from 0 to 1.
    pub missing: f64,
}

/// The unit and the range of a quantity among the model's outputs.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct QuantityRange {
    /// A UCUM code; empty for a quantity without a unit.
    pub unit: Text,
    /// The least possible answer; negative infinity for no bound.
    pub minimum: f64,
    /// The greatest possible answer; positive infinity for no bound.
    pub maximum: f64,
}

/// The type of an output.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum OutputKind {
    /// The labels of the classes.
    Classes(List<Text>),
    /// A number.
    Quantity(QuantityRange),
}

/// The documentation of one output. Most models have one output; an equation may give several risks
/// at once.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct OutputNotes {
    /// The name, unique in the model.
    pub name: Text,
    /// A sentence about the output for clinicians and analysts.
    pub description: Text,
    /// The type, with the classes or the range.
    pub kind: OutputKind,
    /// The class an explanation of two classes speaks of, by its index: "disease", not
    /// "no disease". Sensitivity and calibration are of this class too. None if neither is special.
    pub positive: Maybe<u32>,
    /// The distribution of the answers in the training data, if known: of classes the proportion of
    /// each, in their order, and 0 for others.
    pub reference: Maybe<ReferenceBins>,
}

/// A number about how often, or how closely, answers are right.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// The proportion of answers with the true class.
    Accuracy,
    /// The proportion of answers with a class, among the people of this class.
    Sensitivity,
    /// The proportion of answers with another class, among the people of all others.
    Specificity,
    /// The area under the receiver operating characteristic curve of a class.
    Auc,
    /// The mean square of the difference between the probability of a class and 1 or 0, the truth.
    BrierScore,
    /// The mean distance of the answer from the truth, in the quantity's unit.
    MeanAbsoluteError,
}

/// The people of one subgroup.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subgroup {
    /// The index of the feature in [`Signature::features`].
    pub feature: u32,
    /// The index of the subgroup: in the order of the categories; false, true; by rising number.
    pub place: u32,
}

/// The value of a measure in the data of [`OutcomeNotes::data`].
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Performance {
    /// The index of the output in [`Description::outputs`].
    pub output: u32,
    /// The measure.
    pub measure: Measure,
    /// The index of its class; none for the accuracy and for a quantity, and for the Brier score of the
    /// answered class.
    pub class: Maybe<u32>,
    /// The subgroup; none for everyone.
    pub group: Maybe<Subgroup>,
    /// The value: from 0 to 1, or in the quantity's unit.
    pub value: f64,
    /// The number of people it is of; at least ten, so that nobody can be recognised.
    pub people: u32,
}

/// The people with a probability above that of the bin before, up to and including `upper`: of the
/// positive class of two, or of the answered class.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationBin {
    /// The index of the output in [`Description::outputs`].
    pub output: u32,
    /// The upper bound, from 0 to 1.
    pub upper: f64,
    /// The mean of the probabilities.
    pub expected: f64,
    /// The proportion of people it became true of.
    pub observed: f64,
    /// The number of people; at least ten.
    pub people: u32,
}

/// What becomes of the people, and how often the model was right before.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeNotes {
    /// A sentence: what the truth is, and how it is found.
    pub truth: Text,
    /// The days from an answer to its truth; 0 if unknown.
    pub horizon_days: u32,
    /// Other versions of the model with the same classes, whose outcomes are taken too.
    pub versions: List<Text>,
    /// A sentence: the data of the performance, and whether the model was made from it.
    pub data: Text,
    /// The performance.
    pub performance: List<Performance>,
    /// The calibration, in the order of outputs and of rising `upper`.
    pub calibration: List<CalibrationBin>,
}

/// A row and its correct answer. Callers show examples to people, and check the model against them.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Example {
    /// A short name for people.
    pub name: Text,
    /// One value for each feature, in order.
    pub row: List<Value>,
    /// The correct answer.
    pub expected: Answer,
    /// The largest allowed difference of a number from the expected one, in its own unit; 0 for
    /// exact equality.
    pub tolerance: f64,
}

/// The scale on which contributions add up.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// The probability of a class, from 0 to 1.
    Probability,
    /// The logarithm of a class's odds: its probability is the logistic function of the sum. Used
    /// for the positive class of two, and for each of several independent classes.
    LogOdds,
    /// The logarithms of the odds of several classes: their probabilities are the softmax of the
    /// sums of all.
    Softmax,
    /// The natural logarithm of a quantity.
    Log,
    /// The quantity itself, in its unit.
    Quantity,
}

/// A contribution of each feature to an output. The base and all contributions add up to the value
/// of the output on its [`Scale`].
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Attribution {
    /// The index of the output in [`Description::outputs`].
    pub output: u32,
    /// The index of the class; none for a quantity.
    pub class: Maybe<u32>,
    /// The value without any contribution: see [`ExplanationNotes::base`].
    pub base: f64,
    /// One contribution for each feature, in the order of [`Signature::features`].
    pub contributions: List<f64>,
    /// The standard error of each contribution; empty for exact contributions.
    pub deviations: List<f64>,
}

/// The attributions of one row. An output of two classes has one, for its positive class; an output
/// of more classes has one for each; a quantity has one.
pub type Attributions = List<Attribution>;

/// The explanation of one row; `result<explanation, refusal>` of the contract.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Explanation {
    /// The attributions of the row.
    Ok(Attributions),
    /// The refusal of the row, or of a row mixed from it and the reference person.
    Err(Refusal),
}

/// The method of a model's explanations.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExplanationMethod {
    /// Shapley values of the paths through an ensemble of trees, weighted by the covers of their
    /// nodes. Exact.
    Trees,
    /// Coefficients times the distance from the mean. Exact.
    Linear,
    /// Shapley values over all coalitions of features, against the reference person. Exact.
    Coalitions,
    /// Shapley values over a sample of permutations, against the reference person.
    Permutations,
}

/// The method, the scales and the base of a model's explanations.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct ExplanationNotes {
    /// The method.
    pub method: ExplanationMethod,
    /// The scale of each output, in the order of [`Description::outputs`].
    pub scales: List<Scale>,
    /// A sentence: the person or the average with the value [`Attribution::base`].
    pub base: Text,
    /// The work for one row, in thousands of multiplications, about.
    pub cost: u32,
    /// A made-up row with one value for each feature: an absent feature has its value. Empty if the
    /// method needs none.
    pub reference: List<Value>,
    /// The proportion of each feature in the absolute contributions to all rows of the model's
    /// data, from 0 to 1, adding up to 1. Empty if unknown.
    pub shares: List<f64>,
}

/// A statement for the model's card, beside its description.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statement {
    /// The attribute, by its key, such as `intended-use`; `contract/src/attributes.rs` lists them.
    pub attribute: Text,
    /// A sentence or more.
    pub text: Text,
}

/// The facts about a model beyond its [`Signature`]: documentation, outputs and examples.
#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Description {
    /// One sentence: the answer of the model, and its audience.
    pub summary: Text,
    /// The origin of the model: a citation, an address, or the name of its file.
    pub source: Text,
    /// An SPDX expression.
    pub license: Text,
    /// The people the model was made for.
    pub population: Text,
    /// Forbidden uses and known weaknesses of the model.
    pub limits: Text,
    /// The arithmetic behind the answers, such as `float64`, `float32` or `int8`.
    pub precision: Text,
    /// `sha256:` and the digest of the model's source file; empty if the code is the model.
    pub digest: Text,
    /// One entry for each feature, in the order of [`Signature::features`].
    pub features: List<FeatureNotes>,
    /// The outputs of a row, in order; at least one.
    pub outputs: List<OutputNotes>,
    /// The examples; at least one.
    pub examples: List<Example>,
    /// The method of the explanations; none if the model has none.
    pub explanation: Maybe<ExplanationNotes>,
    /// The truth and the performance; none if unknown.
    pub outcome: Maybe<OutcomeNotes>,
    /// The statements for the model's card.
    pub statements: List<Statement>,
}
