//! The card: what a person knows of a model and its file does not say. It is TOML, beside the file.

pub mod cells;
pub mod columns;
pub mod describe;
pub mod draft;
mod order;
pub mod profile;
mod reference;
mod round;
pub mod table;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Lower case, digits and hyphens.
    pub name: String,
    pub version: String,
    pub summary: String,
    #[serde(default)]
    pub source: String,
    /// An SPDX expression.
    #[serde(default)]
    pub license: String,
    #[serde(default)]
    pub population: String,
    #[serde(default)]
    pub limits: String,
    /// In the order of the model's columns, or by the names in its file.
    #[serde(default, rename = "feature")]
    pub features: Vec<Feature>,
    #[serde(default, rename = "output")]
    pub outputs: Vec<Output>,
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The name that clients send.
    pub name: String,
    /// The name in the model's file, if it is another one.
    pub input: Option<String>,
    #[serde(default)]
    pub description: String,
    /// A UCUM code.
    #[serde(default)]
    pub unit: String,
    /// The least and the greatest number.
    pub range: Option<[f64; 2]>,
    #[serde(default)]
    pub whole: bool,
    pub categories: Option<Vec<String>>,
    /// The numbers that stand for the categories, if the model was trained on numbers.
    pub codes: Option<Vec<f64>>,
    #[serde(default)]
    pub flag: bool,
    pub missing: Option<Missing>,
    /// Numbers that stand for a missing value, such as -999.
    #[serde(default)]
    pub missing_values: Vec<f64>,
    /// What the model does with a missing value.
    #[serde(default)]
    pub missing_note: String,
    pub unusual: Option<Unusual>,
    pub reference: Option<Reference>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    Refuse,
    Impute,
    Handle,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Unusual {
    Refuse,
    Accept,
}

/// The spread of a feature in the training data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The upper bounds of a number's bins, without that of the last one.
    pub upper: Option<Vec<f64>>,
    /// The share of each bin; of each category and all others; of `true`.
    pub shares: Vec<f64>,
    /// The part of the rows without a value.
    #[serde(default)]
    pub missing: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Labels for the classes, in the model's order.
    pub classes: Option<Vec<String>>,
    /// False if the model's scores are no probabilities.
    pub probabilities: Option<bool>,
    #[serde(default)]
    pub unit: String,
    /// The least and the greatest number that the model answers.
    pub range: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: String,
    /// A value for each feature that has one.
    pub row: BTreeMap<String, Given>,
    /// A label or a number for each output, if the model is to be held to it.
    pub expected: Option<BTreeMap<String, Given>>,
}

/// A value of an example.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number, a text, or true or false")]
pub enum Given {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl Card {
    /// Reads a card.
    ///
    /// # Errors
    ///
    /// If it is no TOML, or has a key that no card has.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    pub fn parse(text: &str) -> Result<Self> {
        toml_edit::de::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("line {line}: {}", error.message())
        })
    }
}
