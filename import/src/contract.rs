//! What a model says of itself: the records of `wit/predictor.wit`, which documents each field.

/// An input value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
    Flag(bool),
    Missing,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Number { minimum: f64, maximum: f64, whole: bool, missing_values: Vec<f64> },
    Category(Vec<String>),
    Flag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingPolicy {
    Refuse,
    Impute,
    Handle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusualPolicy {
    Refuse,
    Accept,
}

#[derive(Clone, Debug)]
pub struct Feature {
    pub name: String,
    pub kind: Kind,
    pub missing: MissingPolicy,
    pub unusual: UnusualPolicy,
}

#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub version: String,
    pub features: Vec<Feature>,
}

#[derive(Clone, Debug)]
pub struct FeatureNotes {
    pub description: String,
    pub unit: String,
    pub missing: String,
    pub reference: Option<Reference>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NumberBin {
    pub upper: f64,
    pub share: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ReferenceBins {
    Number(Vec<NumberBin>),
    Category(Vec<f64>),
    Flag(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub bins: ReferenceBins,
    pub missing: f64,
}

#[derive(Clone, Debug)]
pub struct QuantityRange {
    pub unit: String,
    pub minimum: f64,
    pub maximum: f64,
}

#[derive(Clone, Debug)]
pub enum OutputKind {
    Classes(Vec<String>),
    Quantity(QuantityRange),
}

#[derive(Clone, Debug)]
pub struct OutputNotes {
    pub name: String,
    pub description: String,
    pub kind: OutputKind,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    pub label: String,
    pub confidence: Option<f64>,
    pub probabilities: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    Class(Classification),
    Quantity(f64),
}

/// An example that the model answers. Those that it refuses are not made here.
#[derive(Clone, Debug)]
pub struct Example {
    pub name: String,
    pub row: Vec<Value>,
    pub expected: Vec<Output>,
    pub tolerance: f64,
}

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
