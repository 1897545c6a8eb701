//! The parts of XGBoost's JSON needed for a prediction.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::HashMap;

/// A model file.
#[derive(Deserialize)]
pub struct File {
    pub learner: Learner,
    pub version: [u32; 3],
}

/// A learner: features, booster and objective.
#[derive(Deserialize)]
pub struct Learner {
    #[serde(default)]
    pub attributes: HashMap<String, String>,
    #[serde(default)]
    pub feature_names: Vec<String>,
    #[serde(default)]
    pub feature_types: Vec<String>,
    #[serde(rename = "gradient_booster")]
    pub booster: Booster,
    #[serde(rename = "learner_model_param")]
    pub param: LearnerParam,
    pub objective: ObjectiveName,
}

/// Parameters of a learner. XGBoost writes these numbers as strings.
#[derive(Deserialize)]
pub struct LearnerParam {
    pub base_score: String,
    pub num_class: String,
    pub num_feature: String,
    #[serde(default = "one")]
    pub num_target: String,
}

fn one() -> String {
    "1".to_owned()
}

/// An objective, by its name, such as `binary:logistic`.
#[derive(Deserialize)]
pub struct ObjectiveName {
    pub name: String,
}

/// A booster, tagged with its name in lower case.
#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Booster {
    Gbtree(Gbtree),
    Dart { gbtree: Gbtree, weight_drop: Vec<f32> },
    Gblinear { model: Linear },
}

/// A booster of trees.
#[derive(Deserialize)]
pub struct Gbtree {
    pub model: Trees,
}

/// A linear booster.
#[derive(Deserialize)]
pub struct Linear {
    /// The weights, of shape `[features, groups]`, then a bias for each group. None stands for NaN,
    /// left by a training without convergence.
    pub weights: Vec<Option<f32>>,
}

/// The trees of a booster, with the group of each in `tree_info`.
#[derive(Deserialize)]
pub struct Trees {
    #[serde(rename = "gbtree_model_param")]
    pub param: TreesParam,
    pub tree_info: Vec<usize>,
    pub trees: Vec<FileTree>,
    #[serde(default)]
    pub cats: Categories,
}

/// Parameters of all trees. XGBoost writes these numbers as strings.
#[derive(Deserialize)]
pub struct TreesParam {
    #[serde(default = "one")]
    pub num_parallel_tree: String,
}

/// A tree, in lists with an entry for each node. The lists `categories…` hold the sets of the
/// categorical splits.
#[derive(Deserialize)]
pub struct FileTree {
    pub left_children: Vec<i64>,
    pub right_children: Vec<i64>,
    pub split_indices: Vec<usize>,
    pub split_conditions: Vec<Option<f32>>,
    pub default_left: Vec<Truth>,
    #[serde(default)]
    pub split_type: Vec<u8>,
    #[serde(default)]
    pub categories: Vec<u32>,
    #[serde(default)]
    pub categories_nodes: Vec<usize>,
    #[serde(default)]
    pub categories_segments: Vec<usize>,
    #[serde(default)]
    pub categories_sizes: Vec<usize>,
    #[serde(default)]
    pub sum_hessian: Vec<Option<f32>>,
    #[serde(default)]
    pub base_weights: Vec<Option<f32>>,
    pub tree_param: TreeParam,
}

/// Parameters of a tree. XGBoost writes these numbers as strings.
#[derive(Deserialize)]
pub struct TreeParam {
    #[serde(default = "one")]
    pub size_leaf_vector: String,
}

/// A boolean. Some versions write it as a number.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum Truth {
    Flag(bool),
    Number(u8),
}

impl Truth {
    /// True for `true`, and for numbers other than 0.
    pub fn is_true(self) -> bool {
        matches!(self, Self::Flag(true) | Self::Number(1..))
    }
}

/// The names of categories, in files since version 3.1.
#[derive(Default, Deserialize)]
pub struct Categories {
    #[serde(default)]
    pub enc: Vec<Names>,
}

/// The categories of a feature. With `offsets`, `values` are the bytes of all names, one after the
/// other; without, `values` are numbers and serve as names.
#[derive(Deserialize)]
pub struct Names {
    #[serde(default)]
    pub offsets: Vec<usize>,
    #[serde(default)]
    pub values: Vec<serde_json::Number>,
}

impl Names {
    /// Returns the names as strings.
    ///
    /// # Errors
    ///
    /// If the offsets are not in ascending order, or a name has letters beyond ASCII.
    pub fn texts(&self) -> Result<Vec<String>> {
        if self.offsets.is_empty() {
            return Ok(self.values.iter().map(serde_json::Number::to_string).collect());
        }
        ensure!(self.offsets.is_sorted(), "its names of categories overlap");
        let bytes: Vec<u8> =
            self.values.iter().map(|byte| byte.as_i64().unwrap_or(0) as u8).collect();
        // XGBoost counts letters in the place of bytes, and cuts the last ones off.
        ensure!(
            bytes.is_ascii(),
            "XGBoost has written the names of its categories wrongly, since they have letters beyond ASCII; \
             rename the categories without them, as by frame[column].cat.rename_categories, and train again"
        );
        let text = |pair: &[usize]| {
            let bytes = bytes.get(pair[0]..pair[1]).unwrap_or(&[]);
            String::from_utf8_lossy(bytes).into_owned()
        };
        Ok(self.offsets.windows(2).map(text).collect())
    }
}

/// Replaces `NaN` and infinities by null. Some versions write them, but JSON does not have them.
pub fn without_nan(json: &str) -> std::borrow::Cow<'_, str> {
    let is_plain = !["NaN", "nan", "Infinity", "inf"].iter().any(|word| json.contains(word));
    if is_plain {
        return json.into();
    }
    // Leave strings unchanged. A quote after a backslash does not end a string.
    let mut parts = Vec::new();
    let (mut in_text, mut start, mut escaped) = (false, 0, false);
    for (place, byte) in json.bytes().enumerate() {
        match byte {
            b'"' if !escaped => {
                parts.push((in_text, &json[start..place]));
                (in_text, start) = (!in_text, place + 1);
            }
            _ => {}
        }
        escaped = in_text && byte == b'\\' && !escaped;
    }
    parts.push((in_text, &json[start..]));
    let mut clean = String::with_capacity(json.len());
    for (index, (is_text, part)) in parts.into_iter().enumerate() {
        if index > 0 {
            clean.push('"');
        }
        if is_text {
            clean.push_str(part);
            continue;
        }
        let mut part = part.to_owned();
        for word in ["-NaN", "NaN", "-nan", "nan", "-Infinity", "Infinity", "-inf", "inf"] {
            part = part.replace(word, "null");
        }
        clean.push_str(&part);
    }
    clean.into()
}

/// Parses a number from a string. The error names it `name`.
///
/// # Errors
///
/// If the string is no integer from 0 on.
pub fn number(text: &str, name: &str) -> Result<usize> {
    text.parse().with_context(|| format!("its {name} {text:?} is no number"))
}
