//! Operators with shapes or indices as attributes in some opsets, and as inputs in others.

use super::Reader;
use super::attributes::Attributes;
use super::proto::NodeProto;
use crate::ir::graph::Value;
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::tensor::Data;

/// Translates `TopK` into values and their indices.
pub fn top_k(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let (x, k) = (reader.required(node, 0)?, reader.optional(node, 1)?);
    let k = match k {
        Some(k) => k,
        None => reader.graph.ints(&[attributes.int("k", 1)])?,
    };
    let axis = attributes.small("axis", -1)?;
    let largest = attributes.small("largest", 1)?;
    let places = reader.graph.node(Op::TopK, &[x, k], &[axis, largest])?;
    let values = reader.graph.node(Op::GatherElements, &[x, places], &[axis])?;
    Ok(vec![values, places])
}

/// Translates `Shape`: the dimensions from `start` to `end`.
pub fn shape(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let dims = reader.graph.node(Op::Shape, &[x], &[])?;
    let (start, end) = (attributes.int("start", 0), attributes.int("end", i64::MAX));
    if (start, end) == (0, i64::MAX) {
        return Ok(dims);
    }
    let (start, end) = (reader.graph.ints(&[start])?, reader.graph.ints(&[end])?);
    reader.graph.node(Op::Slice, &[dims, start, end], &[])
}

/// Translates `Reshape`.
///
/// # Errors
///
/// If `allowzero` is set.
pub fn reshape(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    attributes.expect("allowzero", 0)?;
    let x = reader.required(node, 0)?;
    let dims = match reader.optional(node, 1)? {
        Some(dims) => dims,
        None => reader.graph.ints(attributes.ints("shape"))?,
    };
    reader.graph.node(Op::Reshape, &[x, dims], &[])
}

/// Translates `Squeeze`, `Unsqueeze` and `Transpose`, with their list of axes as an attribute or an
/// input.
pub fn with_axes(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (op, name) = match node.op_type.as_str() {
        "Squeeze" => (Op::Squeeze, "axes"),
        "Unsqueeze" => (Op::Unsqueeze, "axes"),
        _ => (Op::Transpose, "perm"),
    };
    let x = reader.required(node, 0)?;
    let axes = match reader.optional(node, 1)? {
        Some(axes) => axes,
        None => reader.graph.ints(attributes.ints(name))?,
    };
    reader.graph.node(op, &[x, axes], &[])
}

/// Translates `Slice`.
pub fn slice(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let mut inputs = reader.inputs_of(node)?;
    if inputs.len() == 1 {
        for name in ["starts", "ends", "axes"] {
            if attributes.get(name).is_some() {
                inputs.push(reader.graph.ints(attributes.ints(name))?);
            }
        }
    }
    reader.graph.node(Op::Slice, &inputs, &[])
}

/// Translates `Split` into a slice for each part.
///
/// # Errors
///
/// If the lengths of the parts are not in the file.
pub fn split(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let (x, axis) = (reader.required(node, 0)?, attributes.int("axis", 0));
    let lengths = match reader.optional(node, 1)? {
        Some(lengths) => reader.graph.constant_ints(lengths)?.to_vec(),
        None => attributes.ints("split").to_vec(),
    };
    ensure!(
        lengths.len() == node.output.len(),
        "parts of a length that is not in the file are not supported"
    );
    let (mut start, mut parts) = (0, Vec::new());
    for length in lengths {
        let end = length.checked_add(start).filter(|end| *end >= start);
        let end = end.context("a part has a length that no tensor has")?;
        let bounds = [reader.graph.ints(&[start])?, reader.graph.ints(&[end])?];
        let axis = reader.graph.ints(&[axis])?;
        parts.push(reader.graph.node(Op::Slice, &[x, bounds[0], bounds[1], axis], &[])?);
        start = end;
    }
    Ok(parts)
}

/// Translates `Compress` with a constant condition: keeps the slices with a true condition.
///
/// # Errors
///
/// If there is no axis, or if the condition is computed.
pub fn compress(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (x, condition) = (reader.required(node, 0)?, reader.required(node, 1)?);
    let axis = attributes.get("axis").context("a flat Compress is not supported")?.i as i32;
    let Some(Data::Bool(chosen)) = reader.graph.as_constant(condition).map(|tensor| &tensor.data)
    else {
        bail!("a condition that is computed is not supported");
    };
    let places = chosen.iter().enumerate().filter(|(_, chosen)| **chosen);
    let places: Vec<i64> = places.map(|(place, _)| place as i64).collect();
    let places = reader.graph.ints(&places)?;
    reader.graph.node(Op::Gather, &[x, places], &[axis])
}
