//! The layers of neural networks, built from simpler operators.

use super::attributes::Attributes;
use super::proto::NodeProto;
use super::{Reader, first};
use crate::ir::graph::{Graph, Value};
use anyhow::{Result, bail, ensure};
use model_runner::op::Op;

/// Translates `Gemm`: alpha A B + beta C. A and B may be transposed, and C may be missing.
pub fn gemm(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let (mut a, mut b) = (reader.required(node, 0)?, reader.required(node, 1)?);
    let addend = reader.optional(node, 2)?;
    let graph = &mut reader.graph;
    let swapped = graph.ints(&[1, 0])?;
    if attributes.int("transA", 0) == 1 {
        a = graph.node(Op::Transpose, &[a, swapped], &[])?;
    }
    if attributes.int("transB", 0) == 1 {
        b = graph.node(Op::Transpose, &[b, swapped], &[])?;
    }
    let product = graph.node(Op::MatMul, &[a, b], &[])?;
    let product = scaled(graph, product, attributes.float("alpha", 1.0))?;
    let Some(addend) = addend else { return Ok(product) };
    let addend = scaled(graph, addend, attributes.float("beta", 1.0))?;
    graph.node(Op::Add, &[product, addend], &[])
}

/// Multiplies the values by a number. Returns them unchanged if it is 1.
fn scaled(graph: &mut Graph, x: Value, factor: f32) -> Result<Value> {
    if factor == 1.0 {
        return Ok(x);
    }
    let factor = graph.floats(&[factor])?;
    graph.node(Op::Mul, &[x, factor], &[])
}

/// Translates `BatchNormalization`: (x - mean) scale / √(variance + epsilon) + bias.
///
/// # Errors
///
/// If the node is in training mode, or lacks an input.
pub fn batch_normalization(
    graph: &mut Graph,
    inputs: &[Value],
    attributes: &Attributes,
) -> Result<Value> {
    attributes.expect("training_mode", 0)?;
    let &[x, scale, bias, mean, variance] = inputs else { bail!("it needs five inputs") };
    let epsilon = graph.floats(&[attributes.float("epsilon", 1e-5)])?;
    let variance = graph.node(Op::Add, &[variance, epsilon], &[])?;
    let deviation = graph.node(Op::Sqrt, &[variance], &[])?;
    let scale = graph.node(Op::Div, &[scale, deviation], &[])?;
    let centred = graph.node(Op::Sub, &[x, mean], &[])?;
    let scaled = graph.node(Op::Mul, &[centred, scale], &[])?;
    graph.node(Op::Add, &[scaled, bias], &[])
}

/// Translates `LayerNormalization` over the last axis.
///
/// # Errors
///
/// If the node has another axis, or lacks an input.
pub fn layer_normalization(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let axis = attributes.int("axis", -1);
    ensure!(axis == -1 || axis == 1, "axis {axis} is not supported; the last one is");
    let (x, scale) = (reader.required(node, 0)?, reader.required(node, 1)?);
    let bias = reader.optional(node, 2)?;
    let graph = &mut reader.graph;
    let axes = graph.ints(&[-1])?;
    let mean = graph.node(Op::ReduceMean, &[x, axes], &[1])?;
    let centred = graph.node(Op::Sub, &[x, mean], &[])?;
    let square = graph.node(Op::Mul, &[centred, centred], &[])?;
    let variance = graph.node(Op::ReduceMean, &[square, axes], &[1])?;
    let epsilon = graph.floats(&[attributes.float("epsilon", 1e-5)])?;
    let variance = graph.node(Op::Add, &[variance, epsilon], &[])?;
    let deviation = graph.node(Op::Sqrt, &[variance], &[])?;
    let normal = graph.node(Op::Div, &[centred, deviation], &[])?;
    let scaled = graph.node(Op::Mul, &[normal, scale], &[])?;
    match bias {
        Some(bias) => graph.node(Op::Add, &[scaled, bias], &[]),
        None => Ok(scaled),
    }
}

/// Translates an activation function, built from simpler operators.
///
/// # Errors
///
/// If the function is not supported.
pub fn activation(
    graph: &mut Graph,
    name: &str,
    inputs: &[Value],
    attributes: &Attributes,
) -> Result<Value> {
    let x = first(inputs)?;
    let number = |graph: &mut Graph, value: f32| graph.floats(&[value]);
    let zero = number(graph, 0.0)?;
    Ok(match name {
        "LeakyRelu" | "PRelu" => {
            let slope = match inputs.get(1) {
                Some(slope) => *slope,
                None => number(graph, attributes.float("alpha", 0.01))?,
            };
            let negative = graph.node(Op::Mul, &[x, slope], &[])?;
            let is_negative = graph.node(Op::Less, &[x, zero], &[])?;
            graph.node(Op::Where, &[is_negative, negative, x], &[])?
        }
        "Elu" | "Selu" => {
            let (alpha, gamma) = match name {
                "Elu" => (attributes.float("alpha", 1.0), 1.0),
                _ => (attributes.float("alpha", 1.673_263_2), attributes.float("gamma", 1.050_701)),
            };
            let (alpha, one) = (number(graph, alpha)?, number(graph, 1.0)?);
            let power = graph.node(Op::Exp, &[x], &[])?;
            let power = graph.node(Op::Sub, &[power, one], &[])?;
            let negative = graph.node(Op::Mul, &[power, alpha], &[])?;
            let is_negative = graph.node(Op::Less, &[x, zero], &[])?;
            let value = graph.node(Op::Where, &[is_negative, negative, x], &[])?;
            scaled(graph, value, gamma)?
        }
        "HardSigmoid" | "HardSwish" => {
            let (alpha, beta) = match name {
                "HardSigmoid" => (attributes.float("alpha", 0.2), attributes.float("beta", 0.5)),
                _ => (1.0 / 6.0, 0.5),
            };
            let (beta, one) = (number(graph, beta)?, number(graph, 1.0)?);
            let line = scaled(graph, x, alpha)?;
            let line = graph.node(Op::Add, &[line, beta], &[])?;
            let line = graph.node(Op::Max, &[line, zero], &[])?;
            let line = graph.node(Op::Min, &[line, one], &[])?;
            if name == "HardSigmoid" { line } else { graph.node(Op::Mul, &[x, line], &[])? }
        }
        // x (1 + erf(x / √2)) / 2, or its approximation by tanh.
        "Gelu" => {
            let (one, half) = (number(graph, 1.0)?, number(graph, 0.5)?);
            let inner = match attributes.text("approximate", "none")?.as_str() {
                "tanh" => {
                    let three = number(graph, 3.0)?;
                    let cube = graph.node(Op::Pow, &[x, three], &[])?;
                    let cube = scaled(graph, cube, 0.044_715)?;
                    let inner = graph.node(Op::Add, &[x, cube], &[])?;
                    let inner = scaled(graph, inner, (2.0_f32 / std::f32::consts::PI).sqrt())?;
                    graph.node(Op::Tanh, &[inner], &[])?
                }
                _ => {
                    let inner = scaled(graph, x, std::f32::consts::FRAC_1_SQRT_2)?;
                    graph.node(Op::Erf, &[inner], &[])?
                }
            };
            let inner = graph.node(Op::Add, &[inner, one], &[])?;
            let value = graph.node(Op::Mul, &[x, inner], &[])?;
            graph.node(Op::Mul, &[value, half], &[])?
        }
        _ => bail!("{name} is not supported"),
    })
}

/// Translates `Softmax` and `LogSoftmax`.
pub fn softmax(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    // Before opset 13, Softmax joined the axes from this one on. For rows of columns this is the
    // same.
    let axis = attributes.small("axis", if reader.opset < 13 { 1 } else { -1 })?;
    let x = reader.required(node, 0)?;
    let value = reader.graph.node(Op::Softmax, &[x], &[axis])?;
    if node.op_type == "Softmax" {
        return Ok(value);
    }
    reader.graph.node(Op::Log, &[value], &[])
}
