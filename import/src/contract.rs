//! The records of the contract between a model and the service.
//!
//! See `wit/predictor.wit` for the full documentation of each field.

/// An input value: one cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number. Never NaN, never infinite.
    Number(f64),
    /// A category's name. Unknown names occur only if the feature's `unusual` is `Accept`.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// No value, as opposed to an unknown category. Occurs only if the feature's `missing` is not
    /// `Refuse`.
    Missing,
}

/// The type of a feature's values, with their range or their categories.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A number from `minimum` to `maximum`.
    Number {
        /// The least usual number; negative infinity if there is no bound.
        minimum: f64,
        /// The greatest usual number; infinity if there is no bound.
        maximum: f64,
        /// True if the numbers are integers, such as 65.0.
        whole: bool,
        /// Numbers for a missing value, such as -999. The model never sees them.
        missing_values: Vec<f64>,
    },
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
    /// The key in a request and a label in metrics: short, stable, and unique in the model.
    pub name: String,
    /// The type of the values, with their range or their categories.
    pub kind: Kind,
    /// The treatment of a missing value.
    pub missing: MissingPolicy,
    /// The treatment of an unusual value. A fraction is refused in any case if `whole` is true.
    pub unusual: UnusualPolicy,
}

/// The name, version and features of a model. The features are in the order of a row's values.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The model's name: lower-case letters, digits and hyphens.
    pub name: String,
    /// The model's version, as clients see it. A changed answer is a new version.
    pub version: String,
    /// The columns of a row, in order.
    pub features: Vec<Feature>,
}

/// The documentation of a feature, and its reference for drift.
#[derive(Clone, Debug)]
pub struct FeatureNotes {
    /// A sentence for clinicians and analysts.
    pub description: String,
    /// A UCUM code such as `mg/dL` or `a` (years); empty if there is none.
    pub unit: String,
    /// The model's treatment of a missing value; empty if it refuses it.
    pub missing: String,
    /// The reference for drift. None if the distribution is not known.
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
    /// The proportions of the present values. They add up to 1, except for a boolean.
    pub bins: ReferenceBins,
    /// The proportion of rows without a value, from 0 to 1.
    pub missing: f64,
}

/// The unit and the range of a numeric output; infinite where there is no bound.
#[derive(Clone, Debug)]
pub struct QuantityRange {
    /// A UCUM code; empty if the quantity has no unit.
    pub unit: String,
    /// The least possible answer; negative infinity if there is no bound.
    pub minimum: f64,
    /// The greatest possible answer; infinity if there is no bound.
    pub maximum: f64,
}

/// The type of an output: the labels of its classes, or the range of its numbers.
#[derive(Clone, Debug)]
pub enum OutputKind {
    /// The labels of the classes, in the order of the probabilities.
    Classes(Vec<String>),
    /// The unit and the range of a number.
    Quantity(QuantityRange),
}

/// The name, documentation and type of an output.
#[derive(Clone, Debug)]
pub struct OutputNotes {
    /// The name, unique in the model.
    pub name: String,
    /// A sentence about the output; empty if the card has none.
    pub description: String,
    /// The labels of the classes, or the range of the numbers.
    pub kind: OutputKind,
    /// The index of the class that an explanation of two classes speaks of; none if the card
    /// names none.
    pub positive: Option<u32>,
}

/// The answer of a classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The class, by the label for clients: one of `OutputKind::Classes`.
    pub label: String,
    /// The confidence in the label, from 0 to 1, if the model has probabilities.
    pub confidence: Option<f64>,
    /// A probability for each class; empty if the model has none.
    pub probabilities: Vec<f64>,
}

/// The value of one output.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A class, with its probabilities.
    Class(Classification),
    /// A finite number, in the unit of its `QuantityRange`.
    Quantity(f64),
}

/// A row with the model's expected answer. The importer makes no examples of refused rows.
#[derive(Clone, Debug)]
pub struct Example {
    /// The name, for people and for messages.
    pub name: String,
    /// One value for each feature, in order.
    pub row: Vec<Value>,
    /// The model's answer: one entry for each output, in order.
    pub expected: Vec<Output>,
    /// The greatest difference from a number in `expected`.
    pub tolerance: f64,
}

/// The full documentation of a model, beyond its signature.
#[derive(Clone, Debug)]
pub struct Description {
    /// One sentence about the model's answer and its population.
    pub summary: String,
    /// The model's origin: a citation or an address, and the format of its file.
    pub source: String,
    /// An SPDX expression; empty if the card has none.
    pub license: String,
    /// The people the model was made for.
    pub population: String,
    /// Uses to avoid, and known errors.
    pub limits: String,
    /// The arithmetic behind the answers: `float64` or `float32`.
    pub precision: String,
    /// `sha256:` and the digest of the model's file, in hexadecimal; empty for a draft.
    pub digest: String,
    /// The notes of each feature, in the order of `Signature::features`.
    pub features: Vec<FeatureNotes>,
    /// The outputs, at least one.
    pub outputs: Vec<OutputNotes>,
    /// The examples, at least one after the import.
    pub examples: Vec<Example>,
    /// The method of the explanations; none if the model has none.
    pub explanation: Option<ExplanationNotes>,
}

/// The scale on which contributions add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The probability of a class, from 0 to 1.
    Probability,
    /// The logarithm of a class's odds; the logistic function makes it a probability.
    LogOdds,
    /// The logarithms of the odds of several classes; their softmax are probabilities.
    Softmax,
    /// The natural logarithm of a quantity.
    Log,
    /// The quantity itself.
    Quantity,
}

/// The method of explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplanationMethod {
    /// The paths through an ensemble of trees.
    Trees,
    /// Coefficients times the distance from the mean.
    Linear,
    /// All coalitions of features, against the reference person.
    Coalitions,
    /// A sample of permutations, against the reference person.
    Permutations,
}

/// The method, the scales and the base of the explanations.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplanationNotes {
    /// The method.
    pub method: ExplanationMethod,
    /// The scale of each output.
    pub scales: Vec<Scale>,
    /// A sentence about the value without any contribution.
    pub base: String,
    /// The work for one row, in thousands of multiplications, about.
    pub cost: u32,
    /// The reference person, one value for each feature; empty if the method needs none.
    pub reference: Vec<Value>,
    /// The proportion of each feature in the absolute contributions over the data; empty if
    /// unknown.
    pub shares: Vec<f64>,
}
