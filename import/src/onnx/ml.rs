//! The operators of ai.onnx.ml, as the runner has them.

use super::attributes::Attributes;
use super::proto::NodeProto;
use super::{Reader, trees};
use crate::classes;
use crate::graph::{Graph, InputKind, Value};
use crate::trees::{self as ensembles, Node, Sum, Tree};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::{Data, Tensor};
use std::collections::BTreeSet;

/// Translates a node into values, one for each output.
pub fn translate(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let value = match node.op_type.as_str() {
        "ArrayFeatureExtractor" => extract(reader, node)?,
        "Binarizer" => {
            let threshold = reader.graph.floats(&[attributes.float("threshold", 0.0)])?;
            let x = reader.float(node)?;
            let above = reader.graph.node(Op::Greater, &[x, threshold], &[])?;
            reader.graph.cast(above, Kind::Float)?
        }
        "FeatureVectorizer" => {
            let inputs = reader.inputs_of(node)?;
            reader.graph.node(Op::Concat, &inputs, &[1])?
        }
        "Imputer" => imputer(reader, node)?,
        "LabelEncoder" => label_encoder(reader, node)?,
        "Normalizer" => {
            let norm = match attributes.text("norm", "MAX")?.as_str() {
                "MAX" => 0,
                "L1" => 1,
                "L2" => 2,
                other => bail!("norm {other:?} is not supported"),
            };
            let x = reader.float(node)?;
            reader.graph.node(Op::Normalizer, &[x], &[norm])?
        }
        "OneHotEncoder" => one_hot_encoder(reader, node)?,
        "Scaler" => {
            let offset = reader.graph.floats(&attributes.floats("offset"))?;
            let scale = reader.graph.floats(&attributes.floats("scale"))?;
            let x = reader.float(node)?;
            let centred = reader.graph.node(Op::Sub, &[x, offset], &[])?;
            reader.graph.node(Op::Mul, &[centred, scale], &[])?
        }
        "LinearRegressor" => linear_regressor(reader, node)?,
        "LinearClassifier" => return linear_classifier(reader, node),
        "SVMRegressor" => svm_regressor(reader, node)?,
        "SVMClassifier" => return svm_classifier(reader, node),
        "TreeEnsembleRegressor" => tree_regressor(reader, node)?,
        "TreeEnsembleClassifier" => return tree_classifier(reader, node),
        "ZipMap" => {
            let scores = reader.required(node, 0)?;
            let output = node.output.first().context("it has no output")?;
            reader.maps.insert(output.clone(), (scores, labels(&attributes)?));
            scores
        }
        "TreeEnsemble" => {
            bail!("TreeEnsemble is not supported; export with target_opset={{'ai.onnx.ml': 3}}")
        }
        other => bail!(
            "{other} is not supported; CONTRIBUTING.md says how an operator is added, or \
                        export the model another way"
        ),
    };
    Ok(vec![value])
}

impl Reader<'_> {
    /// The first input as `float`, in which ai.onnx.ml computes.
    fn float(&mut self, node: &NodeProto) -> Result<Value> {
        let x = self.required(node, 0)?;
        if self.graph.inputs.iter().all(|input| input.kind == InputKind::Float) {
            return Ok(x);
        }
        self.graph.cast(x, Kind::Float)
    }
}

/// The labels of the classes as texts.
pub fn labels(attributes: &Attributes) -> Result<Vec<String>> {
    let texts = attributes.texts("classlabels_strings")?;
    if !texts.is_empty() {
        return Ok(texts);
    }
    let ints =
        [attributes.ints("classlabels_ints"), attributes.ints("classlabels_int64s")].concat();
    ensure!(!ints.is_empty(), "it has no labels of classes");
    Ok(ints.iter().map(i64::to_string).collect())
}

/// The labels of rows, by the places of their classes. They stay numbers if they are.
fn label_of(graph: &mut Graph, attributes: &Attributes, place: Value) -> Result<Value> {
    let texts = attributes.texts("classlabels_strings")?;
    let ints =
        [attributes.ints("classlabels_ints"), attributes.ints("classlabels_int64s")].concat();
    let labels = if texts.is_empty() { graph.ints(&ints)? } else { graph.texts(&texts)? };
    graph.node(Op::Gather, &[labels, place], &[0])
}

fn extract(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let (mut x, places) = (reader.required(node, 0)?, reader.required(node, 1)?);
    // A list is a row.
    if let Some(&[length]) = reader.graph.as_constant(x).map(|tensor| tensor.shape.dims()) {
        x = reader.graph.reshape(x, &[1, length as i64])?;
    }
    let places = reader.graph.reshape(places, &[-1])?;
    reader.graph.node(Op::Gather, &[x, places], &[-1])
}

fn imputer(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let ints = attributes.ints("imputed_value_int64s");
    if !ints.is_empty() {
        let values = reader.graph.ints(ints)?;
        let replaced = reader.graph.ints(&[attributes.int("replaced_value_int64", 0)])?;
        return reader.graph.node(Op::Imputer, &[x, values, replaced], &[]);
    }
    let replaced = attributes.float("replaced_value_float", 0.0);
    if replaced.is_nan() {
        reader.imputed.push(x);
    }
    let double = reader.graph.inputs.iter().any(|input| input.kind == InputKind::Double);
    let values = reader.graph.floats(&attributes.floats("imputed_value_floats"))?;
    let replaced = reader.graph.floats(&[replaced])?;
    if double {
        let values = reader.graph.cast(values, Kind::Double)?;
        let replaced = reader.graph.cast(replaced, Kind::Double)?;
        return reader.graph.node(Op::Imputer, &[x, values, replaced], &[]);
    }
    reader.graph.node(Op::Imputer, &[x, values, replaced], &[])
}

fn label_encoder(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    // Before version 2 the keys were texts, and the values their places; or the other way round.
    let classes = attributes.texts("classes_strings")?;
    if !classes.is_empty() {
        let keys = reader.graph.texts(&classes)?;
        let mut places: Vec<i64> = (0..classes.len() as i64).collect();
        places.push(attributes.int("default_int64", -1));
        let values = reader.graph.ints(&places)?;
        return reader.graph.node(Op::LabelEncoder, &[x, keys, values], &[]);
    }
    let keys = list(&mut reader.graph, &attributes, "keys")?;
    let values = list_with_default(&mut reader.graph, &attributes)?;
    reader.graph.node(Op::LabelEncoder, &[x, keys, values], &[])
}

/// The list of an attribute that has one of several types.
fn list(graph: &mut Graph, attributes: &Attributes, name: &str) -> Result<Value> {
    if let Some(tensor) = attributes.tensor(&format!("{name}_tensor"))? {
        return Ok(graph.constant(tensor));
    }
    let texts = attributes.texts(&format!("{name}_strings"))?;
    if !texts.is_empty() {
        return graph.texts(&texts);
    }
    let ints = attributes.ints(&format!("{name}_int64s"));
    if !ints.is_empty() {
        return graph.ints(ints);
    }
    graph.floats(&attributes.floats(&format!("{name}_floats")))
}

/// The values of a label encoder, and behind them that of an unknown key.
fn list_with_default(graph: &mut Graph, attributes: &Attributes) -> Result<Value> {
    let values = list(graph, attributes, "values")?;
    let default = match (
        graph.as_constant(values).map(|tensor| &tensor.data),
        attributes.tensor("default_tensor")?,
    ) {
        (_, Some(tensor)) => graph.constant(tensor),
        (Some(Data::Text(_)), None) => {
            graph.texts(&[attributes.text("default_string", "_Unused")?])?
        }
        (Some(Data::Int(_)), None) => graph.ints(&[attributes.int("default_int64", -1)])?,
        _ => graph.floats(&[attributes.float("default_float", -0.0)])?,
    };
    let default = graph.reshape(default, &[1])?;
    graph.node(Op::Concat, &[values, default], &[0])
}

fn one_hot_encoder(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let texts = attributes.texts("cats_strings")?;
    let categories = if texts.is_empty() {
        reader.graph.ints(attributes.ints("cats_int64s"))?
    } else {
        reader.graph.texts(&texts)?
    };
    // Without zeros an unknown category is an error: the attribute tells it to the feature.
    reader.graph.node(Op::OneHotEncoder, &[x, categories], &[attributes.small("zeros", 1)?])
}

/// Scores as ai.onnx.ml transforms them.
fn transform(graph: &mut Graph, scores: Value, attributes: &Attributes) -> Result<Value> {
    match attributes.text("post_transform", "NONE")?.as_str() {
        "NONE" => Ok(scores),
        "LOGISTIC" => graph.node(Op::Sigmoid, &[scores], &[]),
        "SOFTMAX" => graph.node(Op::Softmax, &[scores], &[1]),
        other => bail!("post_transform {other} is not supported"),
    }
}

/// `x` times the coefficients, a row of them for each target, and the intercepts.
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

fn linear_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let targets = usize::try_from(attributes.int("targets", 1))?;
    let sum = linear(reader, node, targets, &attributes.floats("intercepts"))?;
    transform(&mut reader.graph, sum, &attributes)
}

fn linear_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
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

/// Label and scores of two classes that one score decides: above 0 it is the second.
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

/// The kernel of each row with each support vector.
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

fn svm_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

fn svm_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    ensure!(
        attributes.text("post_transform", "NONE")? == "NONE",
        "a post_transform is not supported"
    );
    let classes = labels(&attributes)?.len();
    let counts = attributes.ints("vectors_per_class");
    let vectors = counts.iter().sum::<i64>();
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

/// The sum over the trees of a node, and over its base values.
fn tree_sum(
    reader: &mut Reader,
    node: &NodeProto,
    trees: &[Tree],
    targets: usize,
) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let double = attributes.get("nodes_values_as_tensor").is_some();
    let sum = if double { Sum::Double } else { Sum::Float };
    let mut total = ensembles::add(&mut reader.graph, x, trees, &vec![0.0; targets], sum)?;
    let list = |graph: &mut Graph, values: &[f64]| match sum {
        Sum::Double => graph.doubles(values),
        Sum::Float => graph.floats(&values.iter().map(|value| *value as f32).collect::<Vec<_>>()),
    };
    if attributes.text("aggregate_function", "SUM")? == "AVERAGE" {
        let count = list(&mut reader.graph, &[trees.len() as f64])?;
        total = reader.graph.node(Op::Div, &[total, count], &[])?;
    } else {
        let function = attributes.text("aggregate_function", "SUM")?;
        ensure!(function == "SUM", "aggregate_function {function} is not supported");
    }
    let base = attributes.doubles("base_values")?;
    if base.is_empty() {
        return Ok(total);
    }
    ensure!(base.len() == targets || base.len() == 1, "its base values do not fit its targets");
    let base = list(&mut reader.graph, &base)?;
    reader.graph.node(Op::Add, &[total, base], &[])
}

fn tree_regressor(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (trees, tracks) = trees::read(&attributes, "target")?;
    if tracks {
        reader.handles_missing = true;
    }
    let targets = usize::try_from(attributes.int("n_targets", 1))?;
    ensure!((1..=65_536).contains(&targets), "it has {targets} targets");
    let sum = tree_sum(reader, node, &trees, targets)?;
    transform(&mut reader.graph, sum, &attributes)
}

fn tree_classifier(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
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
        // The score is the probability of the second.
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

/// A tensor of one text or number, as text.
pub fn label_texts(tensor: &Tensor) -> Result<Vec<String>> {
    Ok(match &tensor.data {
        Data::Text(texts) => texts.iter().map(|text| (*text).to_owned()).collect(),
        Data::Int(values) => values.iter().map(i64::to_string).collect(),
        Data::Float(values) => values.iter().map(f32::to_string).collect(),
        Data::Bool(values) => values.iter().map(bool::to_string).collect(),
        _ => return Err(anyhow!("its labels are of a type that is not supported")),
    })
}
