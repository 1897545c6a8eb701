//! The labels of classes in the attributes of ai.onnx.ml.

use super::attributes::Attributes;
use crate::ir::graph::{Graph, Value};
use anyhow::{Result, ensure};
use model_runner::op::Op;

/// The labels of the classes as texts.
pub fn labels(attributes: &Attributes) -> Result<Vec<String>> {
    let texts = attributes.texts("classlabels_strings")?;
    if !texts.is_empty() {
        return Ok(texts);
    }
    let ints = whole_labels(attributes);
    ensure!(!ints.is_empty(), "it has no labels of classes");
    Ok(ints.iter().map(i64::to_string).collect())
}

/// Labels that are numbers. Linear models name the attribute otherwise than trees.
fn whole_labels(attributes: &Attributes) -> Vec<i64> {
    [attributes.ints("classlabels_ints"), attributes.ints("classlabels_int64s")].concat()
}

/// The labels of rows, by the places of their classes. They stay numbers if they are.
pub fn label_of(graph: &mut Graph, attributes: &Attributes, place: Value) -> Result<Value> {
    let texts = attributes.texts("classlabels_strings")?;
    let labels = if texts.is_empty() {
        graph.ints(&whole_labels(attributes))?
    } else {
        graph.texts(&texts)?
    };
    graph.node(Op::Gather, &[labels, place], &[0])
}
