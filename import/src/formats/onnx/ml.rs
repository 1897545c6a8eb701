//! Translates the operators of ai.onnx.ml to operators of the runner.

use super::Reader;
use super::attributes::Attributes;
use super::labels::labels;
use super::predictors;
use super::proto::NodeProto;
use crate::ir::graph::{Graph, Value};
use anyhow::{Context, Result, bail};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::Data;

/// Translates a node into values, one for each output.
///
/// # Errors
///
/// If the operator or one of its attributes is not supported, or if an input is missing.
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
        "LinearRegressor" => predictors::linear_regressor(reader, node)?,
        "LinearClassifier" => return predictors::linear_classifier(reader, node),
        "SVMRegressor" => predictors::svm_regressor(reader, node)?,
        "SVMClassifier" => return predictors::svm_classifier(reader, node),
        "TreeEnsembleRegressor" => predictors::tree_regressor(reader, node)?,
        "TreeEnsembleClassifier" => return predictors::tree_classifier(reader, node),
        "ZipMap" => {
            let scores = reader.required(node, 0)?;
            let output = node.output.first().context("it has no output")?;
            reader.maps.insert(output.clone(), (scores, labels(&attributes)?));
            scores
        }
        "TreeEnsemble" => predictors::tree_ensemble(reader, node)?,
        other => bail!(
            "{other} is not supported; CONTRIBUTING.md says how an operator is added, or \
                        export the model another way"
        ),
    };
    Ok(vec![value])
}

impl Reader {
    /// Returns the first input of a node as `float`, the type of ai.onnx.ml.
    ///
    /// # Errors
    ///
    /// If the input is missing.
    pub fn float(&mut self, node: &NodeProto) -> Result<Value> {
        let x = self.required(node, 0)?;
        if self.has_floats_only {
            return Ok(x);
        }
        self.graph.cast(x, Kind::Float)
    }
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
    let double = reader.has_doubles;
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
    // Before version 2 the keys were strings, and the values their indices, or the other way round.
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

/// Adds a list from one of several attributes: `<name>_tensor`, or `<name>_strings`, `_int64s` or
/// `_floats`.
fn list(graph: &mut Graph, attributes: &Attributes, name: &str) -> Result<Value> {
    if let Some(tensor) = attributes.tensor(&format!("{name}_tensor"))? {
        return graph.constant(tensor);
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

/// Adds the values of a label encoder, followed by the value of an unknown key.
fn list_with_default(graph: &mut Graph, attributes: &Attributes) -> Result<Value> {
    let values = list(graph, attributes, "values")?;
    let default = match (
        graph.as_constant(values).map(|tensor| &tensor.data),
        attributes.tensor("default_tensor")?,
    ) {
        (_, Some(tensor)) => graph.constant(tensor)?,
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
    // If `zeros` is 0, an unknown category is an error: the feature reads this from the attribute.
    reader.graph.node(Op::OneHotEncoder, &[x, categories], &[attributes.small("zeros", 1)?])
}
