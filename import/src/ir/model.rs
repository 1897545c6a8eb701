//! A trained model as its file describes it, before a card says the rest.

use crate::ir::graph::{Graph, Value};

/// A model that was read from a file.
pub struct Model {
    pub graph: Graph,
    /// The features, by the column of an input that each one fills.
    pub features: Vec<Feature>,
    /// False if the file has no names for its features, so that their order counts.
    pub is_named: bool,
    /// At least one.
    pub answers: Vec<Answer>,
    /// The arithmetic: `float32` or `float64`.
    pub precision: &'static str,
    /// The format and the program that wrote the file: "ONNX, by skl2onnx".
    pub source: String,
    /// Remarks for the person who imports it: the file may differ from the program that made it.
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
    /// A whole number, by the type of the input.
    Whole,
    Flag,
    /// A text, which is one of `known` unless the file does not list them.
    Text {
        known: Vec<String>,
        /// The text that stands for a missing value, if the model was trained with one.
        missing: Option<String>,
        /// True if the file's program has no answer for another text.
        refuses_others: bool,
    },
    /// Categories, with the numbers that stand for them, and the number of any other.
    Category {
        names: Vec<String>,
        codes: Vec<f64>,
        unknown: f64,
    },
}

/// The way of the file's program with a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Refuse,
    /// It puts another value in its place.
    Impute,
    /// It answers. Only if training had missing values too is the answer worth something:
    /// `is_trained` is true if the file says so.
    Handle {
        is_trained: bool,
    },
}

/// One of the things that a model answers.
#[derive(Debug)]
pub enum Answer {
    Class(Class),
    /// A column of numbers.
    Number {
        value: Value,
        column: usize,
    },
}

/// A class for each row.
#[derive(Debug)]
pub struct Class {
    pub choice: Choice,
    /// A column for each class.
    pub probabilities: Option<Value>,
}

/// The way from a row to its class.
#[derive(Debug)]
pub enum Choice {
    /// The index of one of these labels.
    Index { index: Value, labels: Vec<String>, is_named: bool },
    /// A label, of which the file does not list all.
    Label(Value),
}
