//! A trained model as its file describes it, before a card adds the rest.

use crate::ir::graph::{Graph, Value};

/// A model read from a file.
pub struct Model {
    pub graph: Graph,
    /// The features. Each fills a column of an input.
    pub features: Vec<Feature>,
    /// False if the file has no names for its features: then their order counts.
    pub is_named: bool,
    /// The answers, at least one.
    pub answers: Vec<Answer>,
    /// The arithmetic: `float32` or `float64`.
    pub precision: &'static str,
    /// The format and the program of the file, for example "ONNX, written by skl2onnx".
    pub source: String,
    /// Remarks for the user of the import, for example on differences from the training program.
    pub notes: Vec<String>,
}

/// A feature: it fills a column of an input.
#[derive(Clone, Debug)]
pub struct Feature {
    /// The name in the file, or a name made of the column's number.
    pub name: String,
    pub input: usize,
    pub column: usize,
    pub values: Values,
    pub missing: Missing,
}

/// The values of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Number,
    /// A whole number, by the type of the input.
    Whole,
    Flag,
    /// A string: one of `known`, or any string if `known` is empty.
    Text {
        known: Vec<String>,
        /// The string for a missing value, if the model was trained with one.
        missing: Option<String>,
        /// True if the original program refuses other strings.
        refuses_others: bool,
    },
    /// Categories, with the code of each, and the code of any other category.
    Category {
        names: Vec<String>,
        codes: Vec<f64>,
        unknown: f64,
    },
}

/// The original program's treatment of a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Refuse,
    /// Another value replaces it.
    Impute,
    /// The model takes it as it is. The answer is useful only if training had missing values too:
    /// `is_trained` is true if the file says so.
    Handle {
        is_trained: bool,
    },
}

/// An answer of a model.
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
    /// The probabilities, with a column for each class.
    pub probabilities: Option<Value>,
}

/// The source of a row's class.
#[derive(Debug)]
pub enum Choice {
    /// The index of one of `labels`. `is_named` is true if the file has these labels.
    Index { index: Value, labels: Vec<String>, is_named: bool },
    /// A label. The file does not list all of them.
    Label(Value),
}
