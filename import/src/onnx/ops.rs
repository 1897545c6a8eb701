//! The operators of ai.onnx, as the runner has them.

use super::Reader;
use super::attributes::Attributes;
use super::proto::{NodeProto, data_type};
use crate::graph::{Graph, Value};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::{Data, Shape, Tensor};

/// Translates a node into values, one for each output.
pub fn translate(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    let attributes = Attributes::of(node);
    let inputs = reader.inputs_of(node)?;
    if let Some(op) = same(&node.op_type) {
        return Ok(vec![reader.graph.node(op, &inputs, &[])?]);
    }
    if let Some(op) = variadic(&node.op_type) {
        return Ok(vec![chain(&mut reader.graph, op, &inputs)?]);
    }
    if let Some(op) = reduction(&node.op_type) {
        return Ok(vec![reduce(reader, node, op)?]);
    }
    let value = match node.op_type.as_str() {
        "Identity" | "Dropout" => first(&inputs)?,
        "IsNaN" => {
            reader.handles_missing = true;
            reader.graph.node(Op::IsNaN, &inputs, &[])?
        }
        "Constant" => constant(&mut reader.graph, &attributes)?,
        "Cast" => cast(&mut reader.graph, first(&inputs)?, attributes.int("to", 0))?,
        "Clip" => clip(reader, node)?,
        "Mean" => {
            let sum = chain(&mut reader.graph, Op::Add, &inputs)?;
            let count = reader.graph.floats(&[inputs.len() as f32])?;
            reader.graph.node(Op::Div, &[sum, count], &[])?
        }
        "Gemm" => gemm(reader, node)?,
        "BatchNormalization" => batch_normalization(&mut reader.graph, &inputs, &attributes)?,
        "LayerNormalization" => layer_normalization(reader, node)?,
        "Elu" | "LeakyRelu" | "Gelu" | "HardSigmoid" | "PRelu" | "Selu" | "HardSwish" => {
            activation(&mut reader.graph, &node.op_type, &inputs, &attributes)?
        }
        "Softmax" | "LogSoftmax" => softmax(reader, node)?,
        "ArgMax" | "ArgMin" => {
            let op = if node.op_type == "ArgMax" { Op::ArgMax } else { Op::ArgMin };
            let keep = attributes.small("keepdims", 1)?;
            let last = attributes.small("select_last_index", 0)?;
            reader.graph.node(op, &inputs, &[attributes.small("axis", 0)?, keep, last])?
        }
        "CumSum" => {
            attributes.expect("exclusive", 0)?;
            attributes.expect("reverse", 0)?;
            let axis = reader.graph.constant_ints(reader.required(node, 1)?)?;
            let axis = *axis.first().context("axis is missing")? as i32;
            reader.graph.node(Op::CumSum, &inputs[..1], &[axis])?
        }
        "TopK" => return top_k(reader, node),
        "Shape" => shape(reader, node)?,
        "Reshape" => reshape(reader, node)?,
        "Flatten" => reader.graph.node(Op::Flatten, &inputs, &[attributes.small("axis", 1)?])?,
        "Squeeze" | "Unsqueeze" | "Transpose" => with_axes(reader, node)?,
        "ConstantOfShape" => {
            let value = match attributes.tensor("value")? {
                Some(tensor) => reader.graph.constant(tensor),
                None => reader.graph.floats(&[0.0])?,
            };
            reader.graph.node(Op::ConstantOfShape, &[first(&inputs)?, value], &[])?
        }
        "Concat" => reader.graph.node(Op::Concat, &inputs, &[attributes.small("axis", 1)?])?,
        "Slice" => slice(reader, node)?,
        "Split" => return split(reader, node),
        "Gather" => reader.graph.node(Op::Gather, &inputs, &[attributes.small("axis", 0)?])?,
        "GatherElements" => {
            reader.graph.node(Op::GatherElements, &inputs, &[attributes.small("axis", 0)?])?
        }
        "Compress" => compress(reader, node)?,
        "Mod" => reader.graph.node(Op::Mod, &inputs, &[])?,
        "Scan" => return Ok(scan_outputs(node, reader.scan(node)?)),
        "NonZero" => bail!(
            "NonZero is not supported, which skl2onnx writes for KNNImputer; impute by SimpleImputer"
        ),
        other => bail!(
            "{other} is not supported; CONTRIBUTING.md says how an operator is added, or export the \
             model another way"
        ),
    };
    Ok(vec![value])
}

/// The states that come before the one output of a scan are the ones after its last run. Nobody asks
/// for them in what exporters write.
fn scan_outputs(node: &NodeProto, output: Value) -> Vec<Value> {
    vec![output; node.output.len()]
}

/// Operators that the runner has under ONNX's name, without attributes.
fn same(name: &str) -> Option<Op> {
    Some(match name {
        "Abs" => Op::Abs,
        "Ceil" => Op::Ceil,
        "Cos" => Op::Cos,
        "Erf" => Op::Erf,
        "Exp" => Op::Exp,
        "Floor" => Op::Floor,
        "Log" => Op::Log,
        "Neg" => Op::Neg,
        "Reciprocal" => Op::Reciprocal,
        "Relu" => Op::Relu,
        "Round" => Op::Round,
        "Sigmoid" => Op::Sigmoid,
        "Sign" => Op::Sign,
        "Sin" => Op::Sin,
        "Softplus" => Op::Softplus,
        "Sqrt" => Op::Sqrt,
        "Tanh" => Op::Tanh,
        "Add" => Op::Add,
        "Sub" => Op::Sub,
        "Mul" => Op::Mul,
        "Div" => Op::Div,
        "Pow" => Op::Pow,
        "Equal" => Op::Equal,
        "Less" => Op::Less,
        "LessOrEqual" => Op::LessOrEqual,
        "Greater" => Op::Greater,
        "GreaterOrEqual" => Op::GreaterOrEqual,
        "And" => Op::And,
        "Or" => Op::Or,
        "Xor" => Op::Xor,
        "MatMul" => Op::MatMul,
        "Not" => Op::Not,
        "IsInf" => Op::IsInf,
        "Where" => Op::Where,
        "Expand" => Op::Expand,
        _ => return None,
    })
}

fn variadic(name: &str) -> Option<Op> {
    Some(match name {
        "Sum" => Op::Add,
        "Max" => Op::Max,
        "Min" => Op::Min,
        _ => return None,
    })
}

fn reduction(name: &str) -> Option<Op> {
    Some(match name {
        "ReduceSum" => Op::ReduceSum,
        "ReduceMean" => Op::ReduceMean,
        "ReduceSumSquare" => Op::ReduceSumSquare,
        "ReduceL1" => Op::ReduceL1,
        "ReduceL2" => Op::ReduceL2,
        "ReduceLogSum" => Op::ReduceLogSum,
        "ReduceLogSumExp" => Op::ReduceLogSumExp,
        "ReduceProd" => Op::ReduceProd,
        "ReduceMax" => Op::ReduceMax,
        "ReduceMin" => Op::ReduceMin,
        _ => return None,
    })
}

fn first(inputs: &[Value]) -> Result<Value> {
    inputs.first().copied().ok_or_else(|| anyhow!("an input is missing"))
}

/// One after the other.
fn chain(graph: &mut Graph, op: Op, inputs: &[Value]) -> Result<Value> {
    let (start, rest) = inputs.split_first().ok_or_else(|| anyhow!("an input is missing"))?;
    rest.iter().try_fold(*start, |sum, next| graph.node(op, &[sum, *next], &[]))
}

fn reduce(reader: &mut Reader, node: &NodeProto, op: Op) -> Result<Value> {
    let attributes = Attributes::of(node);
    let x = reader.required(node, 0)?;
    let axes = match reader.optional(node, 1)? {
        Some(axes) => axes,
        None => reader.graph.ints(attributes.ints("axes"))?,
    };
    if attributes.int("noop_with_empty_axes", 0) == 1
        && reader.graph.constant_ints(axes)?.is_empty()
    {
        return Ok(x);
    }
    reader.graph.node(op, &[x, axes], &[attributes.small("keepdims", 1)?])
}

fn constant(graph: &mut Graph, attributes: &Attributes) -> Result<Value> {
    if let Some(tensor) = attributes.tensor("value")? {
        return Ok(graph.constant(tensor));
    }
    let scalar = |graph: &mut Graph, data| -> Result<Value> {
        let tensor = Shape::new(&[]).and_then(|shape| Tensor::new(shape, data));
        Ok(graph.constant(tensor.map_err(|error| anyhow!("{error}"))?))
    };
    if let Some(value) = attributes.get("value_float") {
        return scalar(graph, Data::Float(vec![value.f].into()));
    }
    if let Some(value) = attributes.get("value_int") {
        return scalar(graph, Data::Int(vec![value.i].into()));
    }
    if let Some(values) = attributes.get("value_ints") {
        return graph.ints(&values.ints);
    }
    if let Some(values) = attributes.get("value_floats") {
        return graph.floats(&values.floats);
    }
    bail!("its value is of a kind that is not supported")
}

fn cast(graph: &mut Graph, x: Value, to: i64) -> Result<Value> {
    let kind = match to as i32 {
        data_type::FLOAT => Kind::Float,
        data_type::DOUBLE => Kind::Double,
        data_type::INT64
        | data_type::INT32
        | data_type::INT16
        | data_type::INT8
        | data_type::UINT8
        | data_type::UINT16
        | data_type::UINT32
        | data_type::UINT64 => Kind::Int,
        data_type::BOOL => Kind::Bool,
        // A text stays a text: labels of classes are cast so.
        data_type::STRING => return Ok(x),
        other => bail!("a cast to type {other} is not supported"),
    };
    graph.cast(x, kind)
}

fn clip(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    let mut value = reader.required(node, 0)?;
    for (place, name, op) in [(1, "min", Op::Max), (2, "max", Op::Min)] {
        let bound = match (reader.optional(node, place)?, attributes.get(name)) {
            (Some(bound), _) => bound,
            (None, Some(attribute)) => reader.graph.floats(&[attribute.f])?,
            (None, None) => continue,
        };
        value = reader.graph.node(op, &[value, bound], &[])?;
    }
    Ok(value)
}

fn gemm(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

/// The values times a number; themselves if it is 1.
fn scaled(graph: &mut Graph, x: Value, factor: f32) -> Result<Value> {
    if factor == 1.0 {
        return Ok(x);
    }
    let factor = graph.floats(&[factor])?;
    graph.node(Op::Mul, &[x, factor], &[])
}

fn batch_normalization(
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

fn layer_normalization(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

/// Functions that are put together from others.
fn activation(
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
        // x (1 + erf(x / √2)) / 2, or by the tangent that approximates it.
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

fn softmax(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    // Before opset 13 the axes from this one on were one; of rows of columns that is the same.
    let axis = attributes.small("axis", if reader.opset < 13 { 1 } else { -1 })?;
    let x = reader.required(node, 0)?;
    let value = reader.graph.node(Op::Softmax, &[x], &[axis])?;
    if node.op_type == "Softmax" {
        return Ok(value);
    }
    reader.graph.node(Op::Log, &[value], &[])
}

fn top_k(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
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

fn shape(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

fn reshape(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let attributes = Attributes::of(node);
    attributes.expect("allowzero", 0)?;
    let x = reader.required(node, 0)?;
    let dims = match reader.optional(node, 1)? {
        Some(dims) => dims,
        None => reader.graph.ints(attributes.ints("shape"))?,
    };
    reader.graph.node(Op::Reshape, &[x, dims], &[])
}

/// Operators with a list of axes, as an attribute or an input.
fn with_axes(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

fn slice(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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

fn split(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
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
        let bounds = [reader.graph.ints(&[start])?, reader.graph.ints(&[start + length])?];
        let axis = reader.graph.ints(&[axis])?;
        parts.push(reader.graph.node(Op::Slice, &[x, bounds[0], bounds[1], axis], &[])?);
        start += length;
    }
    Ok(parts)
}

/// The slices for which a condition of the file's is true.
fn compress(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
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
