//! A trained model as its file describes it, before a card says the rest.

use crate::ir::graph::{Graph, Value};

/// A model that was read from a file.
pub struct Model {
    pub graph: Graph,
    /// The features, by the column of an input that each one fills.
    pub features: Vec<Feature>,
    pub answer: Answer,
    /// The arithmetic: `float32` or `float64`.
    pub precision: &'static str,
    /// The format and the program that wrote the file: "ONNX, by skl2onnx".
    pub source: String,
    /// What is worth a look: places where the file is known to differ from the program that made it.
    pub notes: Vec<String>,
}

/// A feature, by the column of an input that it fills.
#[derive(Clone, Debug)]
pub struct Feature {
    /// The name in the file, or one made of the column's number.
    pub name: String,
    pub input: usize,
    pub column: usize,
    pub values: Values,
    pub missing: Missing,
}

/// The values that a feature takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Number,
    Whole,
    Flag,
    /// Texts, with those that the file knows.
    Text(Vec<String>),
    /// Categories, with the numbers that stand for them, and the number of any other.
    Category {
        names: Vec<String>,
        codes: Vec<f64>,
        unknown: f64,
    },
}

/// What the file does with a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Refuse,
    Impute,
    Handle,
}

/// What the model answers.
pub enum Answer {
    /// A class: its place among the labels, and the probabilities of all if there are any.
    Class { place: Value, probabilities: Option<Value>, labels: Vec<String> },
    /// Numbers, by their value and column.
    Quantities(Vec<(Value, usize)>),
}

/// True if two names are of one feature. LightGBM writes underscores for blanks.
pub fn is_same_name(a: &str, b: &str) -> bool {
    a.replace(char::is_whitespace, "_") == b.replace(char::is_whitespace, "_")
}
