//! XGBoost's own JSON (<https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html>), of
//! versions 1.7 to 3.2.

use crate::classes;
use crate::graph::{Graph, Input, InputKind, Value};
use crate::model::{Answer, Feature, Missing, Model, Values};
use crate::trees::{self, Branch, Node, Sum, Test, Tree, below_float};
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use serde::Deserialize;
use std::collections::HashMap;

/// Reads a model from JSON.
///
/// # Errors
///
/// If it is no model of XGBoost, or has an objective or a booster that is not supported.
pub fn read(json: &str) -> Result<Model> {
    let file: File =
        serde_json::from_str(&without_nan(json)).context("it is no model of XGBoost")?;
    let learner = &file.learner;
    let count = number(&learner.param.num_feature, "num_feature")?;
    ensure!((1..=65_536).contains(&count), "it has {count} features");
    let mut graph = Graph::new("the booster");
    let input = Input { name: "input".to_owned(), kind: InputKind::Float, columns: count };
    let x = graph.input(input);
    let mut notes = Vec::new();
    // Add up the margins, and turn them into an answer.
    let objective = Objective::new(learner)?;
    let margin = match &learner.booster {
        Booster::Gbtree { model } => {
            trees_of(&mut graph, x, model, None, learner, &objective, &mut notes)?
        }
        Booster::Dart { gbtree, weight_drop } => {
            let Booster::Gbtree { model } = &**gbtree else { bail!("a dart booster has no trees") };
            trees_of(&mut graph, x, model, Some(weight_drop), learner, &objective, &mut notes)?
        }
        Booster::Gblinear { model } => linear(&mut graph, x, &model.weights, count, &objective)?,
    };
    let answer = objective.answer(&mut graph, margin)?;
    let [major, minor, patch] = file.version;
    Ok(Model {
        graph,
        features: features(learner, count)?,
        answer,
        precision: "float32",
        source: format!("XGBoost {major}.{minor}.{patch}, {}", learner.objective.name),
        notes,
    })
}

#[derive(Deserialize)]
struct File {
    learner: Learner,
    version: [u32; 3],
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: HashMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    #[serde(default)]
    feature_types: Vec<String>,
    #[serde(rename = "gradient_booster")]
    booster: Booster,
    #[serde(rename = "learner_model_param")]
    param: LearnerParam,
    objective: ObjectiveName,
}

#[derive(Deserialize)]
struct LearnerParam {
    base_score: String,
    num_class: String,
    num_feature: String,
    #[serde(default = "one")]
    num_target: String,
}

fn one() -> String {
    "1".to_owned()
}

#[derive(Deserialize)]
struct ObjectiveName {
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
enum Booster {
    Gbtree { model: Trees },
    Dart { gbtree: Box<Booster>, weight_drop: Vec<f32> },
    Gblinear { model: Linear },
}

#[derive(Deserialize)]
struct Linear {
    weights: Vec<f32>,
}

#[derive(Deserialize)]
struct Trees {
    #[serde(rename = "gbtree_model_param")]
    param: TreesParam,
    tree_info: Vec<usize>,
    trees: Vec<FileTree>,
    #[serde(default)]
    cats: Categories,
}

#[derive(Deserialize)]
struct TreesParam {
    #[serde(default = "one")]
    num_parallel_tree: String,
}

#[derive(Deserialize)]
struct FileTree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<usize>,
    split_conditions: Vec<Option<f32>>,
    default_left: Vec<Truth>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(default)]
    categories: Vec<u32>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
    #[serde(default)]
    sum_hessian: Vec<Option<f32>>,
    #[serde(default)]
    base_weights: Vec<Option<f32>>,
    tree_param: TreeParam,
}

#[derive(Deserialize)]
struct TreeParam {
    #[serde(default = "one")]
    size_leaf_vector: String,
}

/// A flag, which some versions write as a number.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Truth {
    Flag(bool),
    Number(u8),
}

impl Truth {
    fn is_true(self) -> bool {
        matches!(self, Self::Flag(true) | Self::Number(1..))
    }
}

/// The names of categories, which versions from 3.1 on keep.
#[derive(Default, Deserialize)]
struct Categories {
    #[serde(default)]
    enc: Vec<Names>,
}

/// Names one after the other, or numbers.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    offsets: Vec<usize>,
    #[serde(default)]
    values: Vec<serde_json::Number>,
}

impl Names {
    fn texts(&self) -> Vec<String> {
        if self.offsets.is_empty() {
            return self.values.iter().map(serde_json::Number::to_string).collect();
        }
        let bytes: Vec<u8> =
            self.values.iter().map(|byte| byte.as_i64().unwrap_or(0) as u8).collect();
        let text = |pair: &[usize]| {
            let bytes = bytes.get(pair[0]..pair[1]).unwrap_or(&[]);
            String::from_utf8_lossy(bytes).into_owned()
        };
        self.offsets.windows(2).map(text).collect()
    }
}

/// `NaN` and infinities, which some versions write and JSON has not, as null.
fn without_nan(json: &str) -> std::borrow::Cow<'_, str> {
    let is_plain = !["NaN", "nan", "Infinity", "inf"].iter().any(|word| json.contains(word));
    if is_plain {
        return json.into();
    }
    // Between quotes, where a text is, nothing changes; a quote behind a backslash ends no text.
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

fn number(text: &str, name: &str) -> Result<usize> {
    text.parse().with_context(|| format!("its {name} {text:?} is no number"))
}

/// How a margin becomes an answer.
struct Objective {
    name: String,
    /// The number of margins.
    groups: usize,
    /// The margin of each before any tree.
    base: Vec<f64>,
}

impl Objective {
    fn new(learner: &Learner) -> Result<Self> {
        let name = learner.objective.name.clone();
        let classes = number(&learner.param.num_class, "num_class")?;
        let targets = number(&learner.param.num_target, "num_target")?;
        let groups = classes.max(targets).max(1);
        ensure!(groups <= 65_536, "it has {groups} outputs");
        let text = learner.param.base_score.trim_matches(['[', ']']);
        let scores = text.split(',').map(|score| score.trim().parse::<f32>());
        let scores = scores.collect::<Result<Vec<_>, _>>();
        let scores = scores.with_context(|| format!("its base_score {text:?} is no number"))?;
        let mut base: Vec<f64> =
            scores.iter().map(|score| f64::from(margin_of(&name, *score))).collect();
        if let [one] = base[..] {
            base = vec![one; groups];
        }
        ensure!(base.len() == groups, "it has {} base scores for {groups} outputs", base.len());
        Ok(Self { name, groups, base })
    }

    fn answer(&self, graph: &mut Graph, margin: Value) -> Result<Answer> {
        let columns = |value: Value| {
            Answer::Quantities((0..self.groups).map(|column| (value, column)).collect())
        };
        Ok(match self.name.as_str() {
            "binary:logistic" if self.groups == 1 => {
                let second = graph.node(Op::Sigmoid, &[margin], &[])?;
                let (place, probabilities) = classes::two(graph, second, Sum::Float)?;
                let labels = classes::numbered(2);
                Answer::Class { place, probabilities: Some(probabilities), labels }
            }
            "binary:hinge" => {
                let zero = graph.floats(&[0.0])?;
                let second = graph.node(Op::Greater, &[margin, zero], &[])?;
                let place = graph.cast(second, Kind::Int)?;
                Answer::Class { place, probabilities: None, labels: classes::numbered(2) }
            }
            "multi:softprob" | "multi:softmax" => {
                let probabilities = graph.node(Op::Softmax, &[margin], &[1])?;
                let place = graph.node(Op::ArgMax, &[probabilities], &[1, 0, 0])?;
                let labels = classes::numbered(self.groups);
                Answer::Class { place, probabilities: Some(probabilities), labels }
            }
            "reg:logistic" | "binary:logistic" => {
                columns(graph.node(Op::Sigmoid, &[margin], &[])?)
            }
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                columns(graph.node(Op::Exp, &[margin], &[])?)
            }
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "binary:logitraw"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => columns(margin),
            other => bail!(
                "objective {other:?} is not supported; set booster.set_param({{'objective': \
                 'reg:squarederror'}}) to be answered with the margin"
            ),
        })
    }
}

/// The margin that belongs to a base score.
fn margin_of(objective: &str, score: f32) -> f32 {
    match objective {
        "binary:logistic" | "reg:logistic" | "binary:logitraw" => -((1.0 / score - 1.0).ln()),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            score.ln()
        }
        _ => score,
    }
}

/// Adds the trees that predictions use, in the order of the file.
fn trees_of(
    graph: &mut Graph,
    x: Value,
    file: &Trees,
    weights: Option<&Vec<f32>>,
    learner: &Learner,
    objective: &Objective,
    notes: &mut Vec<String>,
) -> Result<Value> {
    ensure!(file.tree_info.len() == file.trees.len(), "its tree_info does not fit its trees");
    let used = used_trees(file, learner, objective.groups, notes)?;
    let trees = file.trees.iter().zip(&file.tree_info).enumerate().take(used);
    let trees = trees.map(|(index, (tree, group))| {
        let weight = weights.map_or(Some(&1.0), |weights| weights.get(index));
        let weight = *weight.context("it has a tree without a weight_drop")?;
        tree_of(tree, *group, weight).with_context(|| format!("tree {index}"))
    });
    let trees = trees.collect::<Result<Vec<_>>>()?;
    trees::add(graph, x, &trees, &objective.base, Sum::Float)
}

/// The number of trees: all, or those up to the best iteration if scikit-learn's wrapper wrote the
/// file, as its `predict` has it.
fn used_trees(
    file: &Trees,
    learner: &Learner,
    groups: usize,
    notes: &mut Vec<String>,
) -> Result<usize> {
    let all = file.trees.len();
    let Some(best) = learner.attributes.get("best_iteration") else { return Ok(all) };
    let best = number(best, "best_iteration")?;
    if !learner.attributes.contains_key("scikit_learn") {
        notes.push(format!(
            "training stopped early at iteration {best}; all trees are used, as Booster.predict does"
        ));
        return Ok(all);
    }
    let parallel = number(&file.param.num_parallel_tree, "num_parallel_tree")?.max(1);
    let one_tree_for_all =
        file.trees.first().is_some_and(|tree| tree.tree_param.size_leaf_vector != "1");
    let each = parallel.saturating_mul(if one_tree_for_all { 1 } else { groups });
    Ok((best.saturating_add(1)).saturating_mul(each).min(all))
}

fn tree_of(file: &FileTree, group: usize, weight: f32) -> Result<Tree> {
    let size = file.left_children.len();
    for length in [
        file.right_children.len(),
        file.split_indices.len(),
        file.split_conditions.len(),
        file.default_left.len(),
    ] {
        ensure!(length == size, "its lists of nodes are of different lengths");
    }
    let width = number(&file.tree_param.size_leaf_vector, "size_leaf_vector")?.max(1);
    (0..size).map(|node| node_of(file, node, group, weight, width)).collect()
}

fn node_of(file: &FileTree, node: usize, group: usize, weight: f32, width: usize) -> Result<Node> {
    if file.left_children[node] < 0 {
        if width > 1 {
            let start = node.saturating_mul(width);
            let leaves = file.base_weights.get(start..start.saturating_add(width));
            let leaves = leaves.context("it has no vector for a leaf")?.iter().enumerate();
            let leaves =
                leaves.map(|(target, leaf)| (target, f64::from(leaf.unwrap_or(f32::NAN) * weight)));
            return Ok(Node::Leaf(leaves.collect()));
        }
        let leaf = file.split_conditions[node].context("it has a leaf that is no number")?;
        return Ok(Node::Leaf(vec![(group, f64::from(leaf * weight))]));
    }
    let (left, right) = (file.left_children[node] as usize, file.right_children[node]);
    let right = usize::try_from(right).context("it has a node with one child")?;
    let missing_left = file.default_left[node].is_true();
    let (feature, cover) =
        (file.split_indices[node], file.sum_hessian.get(node).copied().flatten());
    let cover = cover.unwrap_or(0.0);
    let zero_is_missing = false;
    if file.split_type.get(node) == Some(&1) {
        // What is in the set goes to the right, so that the children change places.
        let test = Test::In(categories(file, node)?);
        let missing_left = !missing_left;
        return Ok(Node::Branch(Branch {
            feature,
            test,
            missing_left,
            zero_is_missing,
            cover,
            left: right,
            right: left,
        }));
    }
    let split = file.split_conditions[node].context("it has a split that is no number")?;
    let test = Test::LessOrEqual(below_float(f64::from(split)));
    Ok(Node::Branch(Branch { feature, test, missing_left, zero_is_missing, cover, left, right }))
}

fn categories(file: &FileTree, node: usize) -> Result<Vec<u32>> {
    let place = file.categories_nodes.iter().position(|of| *of == node);
    let place = place.context("it has a categorical split without categories")?;
    let start = file.categories_segments.get(place).copied().unwrap_or(usize::MAX);
    let size = file.categories_sizes.get(place).copied().unwrap_or(0);
    let found = file.categories.get(start..).and_then(|rest| rest.get(..size));
    let found = found.context("it has a categorical split without categories")?;
    ensure!(found.iter().all(|category| *category < 1 << 24), "it has a category over 16,777,216");
    Ok(found.to_vec())
}

/// `x` times the weights of each group, where a missing value counts as 0, and the groups' biases.
fn linear(
    graph: &mut Graph,
    x: Value,
    weights: &[f32],
    count: usize,
    objective: &Objective,
) -> Result<Value> {
    let groups = objective.groups;
    ensure!(weights.len() == (count + 1) * groups, "its weights do not fit its features");
    let zeros = graph.floats(&[0.0])?;
    let missing = graph.floats(&[f32::NAN])?;
    let x = graph.node(Op::Imputer, &[x, zeros, missing], &[])?;
    let (weights, biases) = weights.split_at(count * groups);
    let matrix = graph.floats(weights)?;
    let matrix = graph.reshape(matrix, &[count as i64, groups as i64])?;
    let product = graph.node(Op::MatMul, &[x, matrix], &[])?;
    let sums = biases.iter().zip(&objective.base).map(|(bias, base)| bias + *base as f32);
    let sums = graph.floats(&sums.collect::<Vec<_>>())?;
    graph.node(Op::Add, &[product, sums], &[])
}

fn features(learner: &Learner, count: usize) -> Result<Vec<Feature>> {
    for names in [&learner.feature_names, &learner.feature_types] {
        ensure!(
            names.is_empty() || names.len() == count,
            "it names {} of {count} features",
            names.len()
        );
    }
    let categories = match &learner.booster {
        Booster::Gbtree { model } => &model.cats.enc[..],
        Booster::Dart { gbtree, .. } => match &**gbtree {
            Booster::Gbtree { model } => &model.cats.enc[..],
            _ => &[],
        },
        Booster::Gblinear { .. } => &[],
    };
    Ok((0..count)
        .map(|column| {
            let name = learner.feature_names.get(column).cloned();
            let names = categories.get(column).map(Names::texts).unwrap_or_default();
            let values = match learner.feature_types.get(column).map(String::as_str) {
                Some("c") => categorical(names),
                Some("int") => Values::Whole,
                Some("i") => Values::Flag,
                _ => Values::Number,
            };
            let name = name.unwrap_or_else(|| format!("x{column}"));
            Feature { name, input: 0, column, values, missing: Missing::Handle }
        })
        .collect())
}

/// Categories that stand for their places. Without names, the places are what a client sends.
fn categorical(names: Vec<String>) -> Values {
    if names.is_empty() {
        return Values::Whole;
    }
    let codes = (0..names.len()).map(|place| place as f64).collect();
    // A place that no category has is an unknown one.
    Values::Category { unknown: names.len() as f64, names, codes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_becomes_null_and_stays_a_name() {
        let json = r#"{"a": [NaN, -nan, 1.5, -Infinity], "NaN \" inf": "inf", "b": inf}"#;
        let clean = r#"{"a": [null, null, 1.5, null], "NaN \" inf": "inf", "b": null}"#;
        assert_eq!(without_nan(json), clean);
    }
}
