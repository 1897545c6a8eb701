//! The records of the contract between a model and the service.
//!
//! See `wit/predictor.wit` for the full documentation of each field.

/// An input value: one cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
    Flag(bool),
    Missing,
}

/// The type of a feature's values, with their range or their categories.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A number from `minimum` to `maximum`; infinite where there is no bound. `missing_values`
    /// stand for a missing value, such as -999.
    Number { minimum: f64, maximum: f64, whole: bool, missing_values: Vec<f64> },
    /// The names of the categories.
    Category(Vec<String>),
    /// A boolean.
    Flag,
}

/// The treatment of a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingPolicy {
    /// The service refuses the row.
    Refuse,
    /// The model puts another value in its place.
    Impute,
    /// The model was trained with missing values, and answers the row.
    Handle,
}

/// The treatment of an unusual value: a number out of range, or an unknown category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusualPolicy {
    /// The service refuses the row.
    Refuse,
    /// The model answers, and the service adds a warning.
    Accept,
}

/// A feature, with the rules to check its values.
#[derive(Clone, Debug)]
pub struct Feature {
    pub name: String,
    pub kind: Kind,
    pub missing: MissingPolicy,
    pub unusual: UnusualPolicy,
}

/// The name, version and features of a model. The features are in the order of a row's values.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub version: String,
    pub features: Vec<Feature>,
}

/// The documentation of a feature, and its reference for drift.
#[derive(Clone, Debug)]
pub struct FeatureNotes {
    pub description: String,
    pub unit: String,
    pub missing: String,
    pub reference: Option<Reference>,
}

/// A bin of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberBin {
    /// The upper bound, inclusive; infinity for the last bin.
    pub upper: f64,
    /// The proportion of the present values in this bin, from 0 to 1.
    pub share: f64,
}

/// The distribution of a feature's present values, as proportions from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceBins {
    /// At least two bins, in ascending order of `upper`.
    Number(Vec<NumberBin>),
    /// The proportion of each category, then of all others.
    Category(Vec<f64>),
    /// The proportion of `true`.
    Flag(f64),
}

/// The reference for drift: the distribution of a feature in the training data.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub bins: ReferenceBins,
    /// The proportion of rows without a value, from 0 to 1.
    pub missing: f64,
}

/// The unit and the range of a numeric output; infinite where there is no bound.
#[derive(Clone, Debug)]
pub struct QuantityRange {
    pub unit: String,
    pub minimum: f64,
    pub maximum: f64,
}

/// The type of an output: the labels of its classes, or the range of its numbers.
#[derive(Clone, Debug)]
pub enum OutputKind {
    Classes(Vec<String>),
    Quantity(QuantityRange),
}

/// The name, documentation and type of an output.
#[derive(Clone, Debug)]
pub struct OutputNotes {
    pub name: String,
    pub description: String,
    pub kind: OutputKind,
}

/// The answer of a classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    pub label: String,
    /// The confidence in the label, from 0 to 1, if the model has probabilities.
    pub confidence: Option<f64>,
    /// A probability for each class; empty if the model has none.
    pub probabilities: Vec<f64>,
}

/// The value of one output.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Class(Classification),
    Quantity(f64),
}

/// A row with the model's expected answer. The importer makes no examples of refused rows.
#[derive(Clone, Debug)]
pub struct Example {
    pub name: String,
    pub row: Vec<Value>,
    pub expected: Vec<Output>,
    /// The greatest difference from a number in `expected`.
    pub tolerance: f64,
}

/// The full documentation of a model, beyond its signature.
#[derive(Clone, Debug)]
pub struct Description {
    pub summary: String,
    pub source: String,
    pub license: String,
    pub population: String,
    pub limits: String,
    pub precision: String,
    pub digest: String,
    pub features: Vec<FeatureNotes>,
    pub outputs: Vec<OutputNotes>,
    pub examples: Vec<Example>,
}
