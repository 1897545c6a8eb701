//! The predictors of ai.onnx.ml: linear models, support vector machines and trees.

use super::attributes::Attributes;
use super::labels::{label_of, labels};
use super::proto::NodeProto;
use super::{Reader, trees};
use crate::ir::classes;
use crate::ir::graph::{Graph, Value};
use crate::ir::trees::{self as ensembles, Node, Sum, Tree};
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::Data;
use std::collections::BTreeSet;

/// Transforms scores by `post_transform`.
fn transform(graph: &mut Graph, scores: Value, attributes: &Attributes) -> Result<Value> {
    match attributes.text("post_transform", "NONE")?.as_str() {
        "NONE" => Ok(scores),
        "LOGISTIC" => graph.node(Op::Sigmoid, &[scores], &[]),
        "SOFTMAX" => graph.node(Op::Softmax, &[scores], &[1]),
        other => bail!("post_transform {other} is not supported"),
    }
}

/// Adds a linear model: `x` times the coefficients, plus the intercepts. The coefficients have a
/// row for each target.
fn linear(
    reader: &mut Reader,
    node: &NodeProto,
    targets: usize,
    intercepts: &[f32],
) -> Result<Value> {
    let coefficients = Attributes::of(node).floats("coefficients");
    ensure!(
        targets > 0 && coefficients.len().is_multiple_of(targets),
        "its coefficients do not fit its targets"
    );
    let x = reader.float(node)?;
    let graph = &mut reader.graph;
    let matrix = graph.floats(&coefficients)?;
    let matrix = graph.reshape(matrix, &[targets as i64, -1])?;
    let swapped = graph.ints(&[1, 0])?;
    let matrix = graph.node(Op::Transpose, &[matrix, swapped], &[])?;
    let product = graph.node(Op::MatMul, &[x, matrix], &[])?;
    if intercepts.is_empty() {
        return Ok(product);
    }
    ensure!(intercepts.len() == targets, "its intercepts do not fit its targets");
    let intercepts = graph.floats(intercepts)?;
    graph.node(Op::Add, &[product, intercepts], &[])
}

/// Translates `LinearRegressor`. The result has a column for each target.
///
/// # Errors
///
/// If the lists do not fit the targets, or if a transform is not supported.
pub fn linear_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let targets = usize::try_from(attributes.int("targets", 1))?;
    let sum = linear(reader, node, targets, &attributes.floats("intercepts"))?;
    transform(&mut reader.graph, sum, &attributes)
}

/// Translates `LinearClassifier` into labels and scores.
///
/// # Errors
///
/// If the scores do not fit the classes, or if a transform is not supported.
pub fn linear_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let classes = labels(&attributes)?.len();
    let intercepts = attributes.floats("intercepts");
    let targets = if intercepts.is_empty() { classes } else { intercepts.len() };
    let scores = linear(reader, node, targets, &intercepts)?;
    let graph = &mut reader.graph;
    if targets == 1 {
        ensure!(classes == 2, "it has one score for {classes} classes");
        return binary(graph, scores, &attributes);
    }
    ensure!(targets == classes, "it has {targets} scores for {classes} classes");
    let place = graph.node(Op::ArgMax, &[scores], &[1, 0, 0])?;
    let scores = transform(graph, scores, &attributes)?;
    Ok(vec![label_of(graph, &attributes, place)?, scores])
}

/// Returns labels and scores of two classes, from one score: above 0 the second class is chosen.
fn binary(graph: &mut Graph, score: Value, attributes: &Attributes) -> Result<Vec<Value>> {
    let zero = graph.floats(&[0.0])?;
    let second = graph.node(Op::Greater, &[score, zero], &[])?;
    let opposite = graph.node(Op::Neg, &[score], &[])?;
    let scores = graph.node(Op::Concat, &[opposite, score], &[1])?;
    let scores = match attributes.text("post_transform", "NONE")?.as_str() {
        // The softmax of s and 0 is the logistic function of s.
        "SOFTMAX" => graph.node(Op::Sigmoid, &[scores], &[])?,
        _ => transform(graph, scores, attributes)?,
    };
    let place = graph.cast(second, Kind::Int)?;
    let place = graph.reshape(place, &[-1])?;
    Ok(vec![label_of(graph, attributes, place)?, scores])
}

/// Adds the kernel of each row with each support vector.
fn kernel(reader: &mut Reader, node: &NodeProto, vectors: usize) -> Result<Value> {
    let attributes = Attributes::of(node);
    let kernel = match attributes.text("kernel_type", "LINEAR")?.as_str() {
        "LINEAR" => 0,
        "POLY" => 1,
        "RBF" => 2,
        "SIGMOID" => 3,
        other => bail!("kernel {other:?} is not supported"),
    };
    let mut parameters = attributes.floats("kernel_params");
    parameters.resize(3, 0.0);
    let support = reader.graph.floats(&attributes.floats("support_vectors"))?;
    let support = reader.graph.reshape(support, &[vectors as i64, -1])?;
    let parameters = reader.graph.floats(&parameters)?;
    let x = reader.float(node)?;
    reader.graph.node(Op::SvmKernel, &[x, support, parameters], &[kernel])
}

/// Translates `SVMRegressor`. A model of one class answers with the sign of the sum.
///
/// # Errors
///
/// If the kernel or a transform is not supported.
pub fn svm_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let rho = attributes.floats("rho");
    let rho = rho.first().copied().unwrap_or(0.0);
    let vectors = usize::try_from(attributes.int("n_supports", 0))?;
    let sum = if vectors == 0 {
        linear(reader, node, 1, &[rho])?
    } else {
        let kernels = kernel(reader, node, vectors)?;
        let graph = &mut reader.graph;
        let coefficients = graph.floats(&attributes.floats("coefficients"))?;
        let coefficients = graph.reshape(coefficients, &[-1, 1])?;
        let product = graph.node(Op::MatMul, &[kernels, coefficients], &[])?;
        let rho = graph.floats(&[rho])?;
        graph.node(Op::Add, &[product, rho], &[])?
    };
    if attributes.int("one_class", 0) == 1 {
        return reader.graph.node(Op::Sign, &[sum], &[]);
    }
    transform(&mut reader.graph, sum, &attributes)
}

/// Translates `SVMClassifier` into labels and scores. The scores are probabilities if the node has
/// `prob_a` and `prob_b`, otherwise decisions.
///
/// # Errors
///
/// If the kernel or a transform is not supported, or if the support vectors do not fit the classes.
pub fn svm_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    ensure!(
        attributes.text("post_transform", "NONE")? == "NONE",
        "a post_transform is not supported"
    );
    let classes = labels(&attributes)?.len();
    let counts = attributes.ints("vectors_per_class");
    let vectors = counts.iter().try_fold(0, |sum: i64, count| sum.checked_add(*count));
    let vectors = vectors.context("it has too many support vectors")?;
    let rho = attributes.floats("rho");
    if vectors == 0 {
        let scores = linear(reader, node, classes, &vec![*rho.first().unwrap_or(&0.0); classes])?;
        let place = reader.graph.node(Op::ArgMax, &[scores], &[1, 0, 0])?;
        return Ok(vec![label_of(&mut reader.graph, &attributes, place)?, scores]);
    }
    ensure!(
        counts.len() == classes && counts.iter().all(|count| *count >= 0),
        "its support vectors do not fit its classes"
    );
    let kernels = kernel(reader, node, usize::try_from(vectors)?)?;
    let graph = &mut reader.graph;
    let coefficients = graph.floats(&attributes.floats("coefficients"))?;
    let (rho, counts) = (graph.floats(&rho)?, graph.ints(counts)?);
    let decisions = graph.node(Op::SvmDecisions, &[kernels, coefficients, rho, counts], &[])?;
    let votes = graph.node(Op::SvmVotes, &[decisions], &[classes as i32])?;
    let place = graph.node(Op::ArgMax, &[votes], &[1, 0, 0])?;
    let label = label_of(graph, &attributes, place)?;
    let scaling = [attributes.floats("prob_a"), attributes.floats("prob_b")].concat();
    if scaling.is_empty() {
        return Ok(vec![label, decisions]);
    }
    let scaling = graph.floats(&scaling)?;
    let scores = graph.node(Op::SvmProbabilities, &[decisions, scaling], &[classes as i32])?;
    Ok(vec![label, scores])
}

/// Adds the sum over the trees of a node, plus its base values.
///
/// scikit-learn adds in double. onnxruntime adds in float, in an order depending on its threads.
/// Here the sum is in double and rounded once, so an even vote of trees is even.
fn tree_sum(
    reader: &mut Reader,
    node: &NodeProto,
    trees: &[Tree],
    targets: usize,
) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let base = attributes.doubles("base_values")?;
    ensure!(
        base.is_empty() || base.len() == targets || base.len() == 1,
        "its base values do not fit its targets"
    );
    let is_mean = match attributes.text("aggregate_function", "SUM")?.as_str() {
        "AVERAGE" => true,
        "SUM" => false,
        other => bail!("aggregate_function {other} is not supported"),
    };
    let is_double = attributes.get("nodes_values_as_tensor").is_some();
    let sum = Ensemble { trees, targets, base: &base, is_mean, is_double };
    sum.add(&mut reader.graph, x)
}

/// An ensemble of trees, with its base values and its type of sum.
struct Ensemble<'e> {
    trees: &'e [Tree],
    targets: usize,
    /// Base values: one for each target, one for all, or none.
    base: &'e [f64],
    is_mean: bool,
    /// False if the answer is in float.
    is_double: bool,
}

impl Ensemble<'_> {
    fn add(&self, graph: &mut Graph, x: Value) -> Result<Value> {
        let start = vec![0.0; self.targets];
        let mut total = ensembles::add(graph, x, self.trees, &[], &start, Sum::Double)?;
        if self.is_mean {
            let count = graph.doubles(&[self.trees.len() as f64])?;
            total = graph.node(Op::Div, &[total, count], &[])?;
        }
        if !self.base.is_empty() {
            let base = graph.doubles(self.base)?;
            total = graph.node(Op::Add, &[total, base], &[])?;
        }
        if self.is_double { Ok(total) } else { graph.cast(total, Kind::Float) }
    }
}

/// Translates `TreeEnsembleRegressor`. The result has a column for each target.
///
/// # Errors
///
/// If the trees are broken, or if an attribute is not supported.
pub fn tree_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (trees, tracks) = trees::read(&attributes, "target")?;
    if tracks {
        reader.handles_missing = true;
    }
    let targets = usize::try_from(attributes.int("n_targets", 1))?;
    ensembles::check_outputs(targets)?;
    let sum = tree_sum(reader, node, &trees, targets)?;
    transform(&mut reader.graph, sum, &attributes)
}

/// Translates `TreeEnsemble`, the one operator for trees in ai.onnx.ml 5. Its results are sums;
/// other nodes choose the classes.
///
/// # Errors
///
/// If the trees are broken, or if an attribute is not supported.
pub fn tree_ensemble(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (trees, tracks) = trees::read_version_5(&attributes, &reader.graph.rest)?;
    reader.handles_missing |= tracks;
    let targets = usize::try_from(attributes.int("n_targets", 1))?;
    ensembles::check_outputs(targets)?;
    let splits = attributes.tensor("nodes_splits")?;
    let is_double = splits.is_some_and(|splits| matches!(splits.data, Data::Double(_)));
    let is_mean = match attributes.int("aggregate_function", 1) {
        0 => true,
        1 => false,
        other => bail!("aggregate_function {other} is not supported"),
    };
    let x = reader.required(node, 0)?;
    let graph = &mut reader.graph;
    let sum = Ensemble { trees: &trees, targets, base: &[], is_mean, is_double };
    let total = sum.add(graph, x)?;
    match attributes.int("post_transform", 0) {
        0 => Ok(total),
        1 => graph.node(Op::Softmax, &[total], &[1]),
        2 => graph.node(Op::Sigmoid, &[total], &[]),
        other => bail!("post_transform {other} is not supported"),
    }
}

/// Translates `TreeEnsembleClassifier` into labels and scores.
///
/// # Errors
///
/// If the trees are broken, or if an attribute is not supported.
pub fn tree_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let (mut trees, tracks) = trees::read(&attributes, "class")?;
    if tracks {
        reader.handles_missing = true;
    }
    let count = labels(&attributes)?.len();
    let targets: BTreeSet<usize> = leaves(&mut trees).map(|(target, _)| *target).collect();
    if count == 2 && targets.len() == 1 {
        let is_positive = leaves(&mut trees).all(|(_, weight)| *weight >= 0.0);
        leaves(&mut trees).for_each(|(target, _)| *target = 0);
        let score = tree_sum(reader, node, &trees, 1)?;
        let plain = attributes.text("post_transform", "NONE")? == "NONE";
        if !is_positive || !plain {
            return binary(&mut reader.graph, score, &attributes);
        }
        // The score is the probability of the second class.
        let double = attributes.get("nodes_values_as_tensor").is_some();
        let sum = if double { Sum::Double } else { Sum::Float };
        let (place, scores) = classes::two(&mut reader.graph, score, sum)?;
        return Ok(vec![label_of(&mut reader.graph, &attributes, place)?, scores]);
    }
    let scores = tree_sum(reader, node, &trees, count)?;
    let graph = &mut reader.graph;
    let place = graph.node(Op::ArgMax, &[scores], &[1, 0, 0])?;
    let scores = transform(graph, scores, &attributes)?;
    Ok(vec![label_of(graph, &attributes, place)?, scores])
}

fn leaves(trees: &mut [Tree]) -> impl Iterator<Item = &mut (usize, f64)> {
    trees.iter_mut().flatten().flat_map(|node| match node {
        Node::Leaf(weights) => &mut weights[..],
        Node::Branch(_) => &mut [],
    })
}
