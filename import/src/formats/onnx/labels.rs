//! The labels of classes in the attributes of ai.onnx.ml.

use super::attributes::Attributes;
use crate::ir::graph::{Graph, Value};
use anyhow::{Result, ensure};
use model_runner::op::Op;

/// Returns the labels of the classes as strings.
///
/// # Errors
///
/// If there are none.
pub fn labels(attributes: &Attributes) -> Result<Vec<String>> {
    let texts = attributes.texts("classlabels_strings")?;
    if !texts.is_empty() {
        return Ok(texts);
    }
    let ints = whole_labels(attributes);
    ensure!(!ints.is_empty(), "it has no labels of classes");
    Ok(ints.iter().map(i64::to_string).collect())
}

/// Returns the labels given as integers. This attribute has different names in linear models and in
/// trees.
fn whole_labels(attributes: &Attributes) -> Vec<i64> {
    [attributes.ints("classlabels_ints"), attributes.ints("classlabels_int64s")].concat()
}

/// Adds the labels of rows, by the indices of their classes. Integer labels stay integers.
///
/// # Errors
///
/// If a label is not UTF-8, or if a node cannot be added.
pub fn label_of(graph: &mut Graph, attributes: &Attributes, place: Value) -> Result<Value> {
    let texts = attributes.texts("classlabels_strings")?;
    let labels = if texts.is_empty() {
        graph.ints(&whole_labels(attributes))?
    } else {
        graph.texts(&texts)?
    };
    graph.node(Op::Gather, &[labels, place], &[0])
}
