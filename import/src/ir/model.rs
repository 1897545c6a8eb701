//! A trained model as its file describes it, before a card adds the rest.

use crate::ir::graph::{Graph, Value};

/// A model read from a file.
pub struct Model {
    /// The computation of the answers.
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
    /// The index of the input in [`Graph::inputs`].
    pub input: usize,
    /// The index of the column in this input.
    pub column: usize,
    /// The type of its values, and the known ones.
    pub values: Values,
    /// The original program's treatment of a missing value.
    pub missing: Missing,
}

/// The values of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Any number.
    Number,
    /// A whole number, by the type of the input.
    Whole,
    /// True or false.
    Flag,
    /// A string: one of `known`, or any string if `known` is empty.
    Text {
        /// The known strings, without the one for a missing value.
        known: Vec<String>,
        /// The string for a missing value, if the model was trained with one.
        missing: Option<String>,
        /// True if the original program refuses other strings.
        refuses_others: bool,
    },
    /// Categories, encoded as numbers.
    Category {
        /// The name of each known category.
        names: Vec<String>,
        /// The code of each category, in the order of `names`.
        codes: Vec<f64>,
        /// The code of any other category; NaN in a file of LightGBM.
        unknown: f64,
    },
}

/// The original program's treatment of a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The program refuses the row.
    Refuse,
    /// Another value replaces it.
    Impute,
    /// The model takes it as it is. The answer is useful only if training had missing values too.
    Handle {
        /// True if the file shows missing values in training.
        is_trained: bool,
    },
}

/// An answer of a model.
#[derive(Debug)]
pub enum Answer {
    /// A class for each row.
    Class(Class),
    /// A column of numbers.
    Number {
        /// The numbers, `[rows, columns]`.
        value: Value,
        /// The index of the column.
        column: usize,
    },
}

/// A class for each row.
#[derive(Debug)]
pub struct Class {
    /// The chosen class, as an index or a label.
    pub choice: Choice,
    /// The probabilities, with a column for each class.
    pub probabilities: Option<Value>,
}

/// The source of a row's class.
#[derive(Debug)]
pub enum Choice {
    /// A class by its index.
    Index {
        /// The index of each row's class in `labels`.
        index: Value,
        /// The labels of all classes, in the order of their indices.
        labels: Vec<String>,
        /// True if the file has these labels; false if each label is its index.
        is_named: bool,
    },
    /// A label. The file does not list all of them.
    Label(Value),
}
