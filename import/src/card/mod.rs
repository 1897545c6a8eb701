//! The card: a TOML file beside the model's file. A person adds the facts missing in the model's
//! file.

pub mod cells;
pub mod columns;
pub mod describe;
pub mod draft;
mod order;
pub mod outcome;
pub mod profile;
pub mod reference;
mod round;
pub mod table;
pub mod transparency;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The card of a model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The model's name: lower-case letters, digits and hyphens.
    pub name: String,
    /// The version in paths and metrics: 1 to 64 letters, digits and `._-+`.
    /// A changed answer is a new version.
    pub version: String,
    /// One sentence about the model's answer and its population.
    pub summary: String,
    /// A citation or an address. The description adds the format of the model's file.
    #[serde(default)]
    pub source: String,
    /// An SPDX expression.
    #[serde(default)]
    pub license: String,
    /// The people the model was made for.
    #[serde(default)]
    pub population: String,
    /// Uses to avoid, and known errors.
    #[serde(default)]
    pub limits: String,
    /// The features, in the order of the model's columns, or in any order if the file names them.
    #[serde(default, rename = "feature")]
    pub features: Vec<Feature>,
    /// The outputs, in the model's order.
    #[serde(default, rename = "output")]
    pub outputs: Vec<Output>,
    /// The explanations of the model's answers.
    pub explanation: Option<Explanation>,
    /// The truth about the people, and the performance before.
    pub outcome: Option<outcome::Outcome>,
    /// The statements of the model's card, by the keys of
    /// [`attributes`](predictor_contract::attributes).
    #[serde(default)]
    pub transparency: BTreeMap<String, String>,
    /// The examples. An import needs at least one.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

/// A feature of the card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The name in requests.
    pub name: String,
    /// The name in the model's file, if it differs.
    pub input: Option<String>,
    /// A sentence for clinicians and analysts.
    #[serde(default)]
    pub description: String,
    /// A UCUM code.
    #[serde(default)]
    pub unit: String,
    /// The other units that clients may give a number in.
    #[serde(default)]
    pub other_units: Vec<OtherUnit>,
    /// The least and the greatest number.
    pub range: Option<[f64; 2]>,
    /// True if the numbers are integers.
    #[serde(default)]
    pub whole: bool,
    /// The names of the categories, in the order of `codes` and of the file's categories. None for
    /// a number, a boolean, or the file's own names.
    pub categories: Option<Vec<String>>,
    /// A number for each category, if the model was trained on numbers.
    pub codes: Option<Vec<f64>>,
    /// True if the values are booleans.
    #[serde(default)]
    pub flag: bool,
    /// The treatment of a missing value. None to follow the model's file.
    pub missing: Option<Missing>,
    /// Numbers for a missing value, such as -999.
    #[serde(default)]
    pub missing_values: Vec<f64>,
    /// A sentence about the model's treatment of a missing value.
    #[serde(default)]
    pub missing_note: String,
    /// The treatment of an unusual value. None to accept it, unless the model has no answer for it.
    pub unusual: Option<Unusual>,
    /// The reference for drift. None for a feature without one.
    pub reference: Option<Reference>,
    /// The subgroups of people by this feature. None for most features.
    pub group: Option<Group>,
}

/// The subgroups of people by a feature.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, or the bounds of a number such as [40, 65]")]
pub enum Group {
    /// True for a subgroup for each category, or for `false` and `true`.
    All(bool),
    /// The rising bounds between subgroups of a number.
    Bounds(Vec<f64>),
}

/// Another unit of a feature.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherUnit {
    /// A UCUM code.
    pub unit: String,
    /// A number in this unit times `factor`, plus `offset`, is the number in the feature's own unit.
    pub factor: f64,
    /// The number in the feature's own unit for 0 in this unit.
    #[serde(default)]
    pub offset: f64,
}

/// The treatment of a missing value. See [`MissingPolicy`](predictor_contract::MissingPolicy).
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The service refuses the row.
    Refuse,
    /// The model puts another value in its place.
    Impute,
    /// The model was trained with missing values, and answers the row.
    Handle,
}

/// The treatment of an unusual value. See [`UnusualPolicy`](predictor_contract::UnusualPolicy).
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Unusual {
    /// The service refuses the row.
    Refuse,
    /// The model answers, and the service adds a warning.
    Accept,
}

/// The distribution of a feature in the training data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The upper bounds of a number's bins, in ascending order. The last bin has none.
    pub upper: Option<Vec<f64>>,
    /// Proportions from 0 to 1: of each bin; of each category and then of all others; or of `true`.
    pub shares: Vec<f64>,
    /// The proportion of rows without a value, from 0 to 1.
    #[serde(default)]
    pub missing: f64,
}

/// The distribution of an output's answers to the training data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerReference {
    /// The upper bounds of a number's bins, in ascending order. The last bin has none.
    pub upper: Option<Vec<f64>>,
    /// Proportions from 0 to 1: of each bin, or of each class in the order of the classes.
    pub shares: Vec<f64>,
}

/// The explanations of the model's answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The name of the example with the values of the reference person.
    pub reference: Option<String>,
    /// The means of a linear model's columns over the data.
    pub means: Option<Vec<f64>>,
    /// The part of each feature in the absolute contributions over the data, from 0 to 1.
    pub shares: Option<Vec<f64>>,
}

/// An output of the card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The name, unique in the card.
    pub name: String,
    /// A sentence about the output.
    #[serde(default)]
    pub description: String,
    /// The labels of the classes, in the model's order.
    pub classes: Option<Vec<String>>,
    /// The class of explanations, sensitivity and calibration, by its label: "disease", not
    /// "no disease".
    pub positive: Option<String>,
    /// False to leave out the model's scores, if they are no probabilities.
    pub probabilities: Option<bool>,
    /// The UCUM code of a number; empty if there is none. Classes ignore it.
    #[serde(default)]
    pub unit: String,
    /// The least and the greatest answer.
    pub range: Option<[f64; 2]>,
    /// The reference for drift of the answers.
    pub reference: Option<AnswerReference>,
}

/// An example of the card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The name, for people and for messages.
    pub name: String,
    /// Values by the names of features. A feature without a value is missing.
    pub row: BTreeMap<String, Given>,
    /// Labels or numbers by the names of outputs. The import fails if the model's answer differs.
    pub expected: Option<BTreeMap<String, Given>>,
}

/// A value in an example.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number, a text, or true or false")]
pub enum Given {
    /// A boolean.
    Flag(bool),
    /// A number: a feature's value, or an expected quantity.
    Number(f64),
    /// A string: a category's name, or an expected label.
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
    /// Reads a card from a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no valid TOML, or has an unknown key.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Parses the text of a card.
    ///
    /// # Errors
    ///
    /// If it is no valid TOML, or has an unknown key. The error names the line.
    pub fn parse(text: &str) -> Result<Self> {
        toml_edit::de::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("line {line}: {}", error.message())
        })
    }
}

/// Checks the version, since it is part of paths and a label in metrics.
fn check_version(version: &str) -> Result<()> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-+".contains(letter);
    ensure!(
        (1..=64).contains(&version.len())
            && version.chars().all(is_plain)
            && !version.trim_matches('.').is_empty(),
        "version {version:?}: use letters, digits, dots and hyphens, such as v1.0.0"
    );
    Ok(())
}
