//! Translates the operators of ai.onnx to operators of the runner.

use super::attributes::Attributes;
use super::layers::{activation, batch_normalization, gemm, layer_normalization, softmax};
use super::proto::{NodeProto, data_type};
use super::shapes::{compress, reshape, shape, slice, split, top_k, with_axes};
use super::{Reader, first};
use crate::ir::evaluate::ask;
use crate::ir::graph::{Graph, Value};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::{Data, Shape, Tensor};

/// Translates a node into values, one for each output.
///
/// # Errors
///
/// If the operator or one of its attributes is not supported, or if an input is missing.
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
        "CastLike" => {
            let kind = kind_of(&reader.graph, *inputs.get(1).context("an input is missing")?)?;
            match kind {
                Some(kind) => reader.graph.cast(first(&inputs)?, kind)?,
                // A string stays a string.
                None => first(&inputs)?,
            }
        }
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
                Some(tensor) => reader.graph.constant(tensor)?,
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
        "Mod" => {
            let is_int = kind_of(&reader.graph, first(&inputs)?)? == Some(Kind::Int);
            ensure!(
                attributes.int("fmod", 0) == i64::from(!is_int),
                "fmod is supported as 1 for floats, and as 0 for integers"
            );
            reader.graph.node(Op::Mod, &inputs, &[])?
        }
        "SequenceConstruct" => {
            let output = node.output.first().context("it has no output")?;
            reader.sequences.insert(output.clone(), inputs);
            return Ok(Vec::new());
        }
        "Scan" => return reader.scan(node).map(|()| Vec::new()),
        other => bail!(
            "{other} is not supported; CONTRIBUTING.md says how an operator is added, or export the \
             model another way"
        ),
    };
    Ok(vec![value])
}

/// Returns the operator of the runner with the same name as in ONNX, and without attributes.
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

/// Applies an operator of two inputs to several, one after the other.
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
        return graph.constant(tensor);
    }
    let scalar = |graph: &mut Graph, data| -> Result<Value> {
        let tensor = Shape::new(&[]).and_then(|shape| Tensor::new(shape, data));
        graph.constant(tensor.map_err(|error| anyhow!("{error}"))?)
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
        // A cast to strings changes nothing: class labels have such casts.
        data_type::STRING => return Ok(x),
        other => bail!("a cast to type {other} is not supported"),
    };
    graph.cast(x, kind)
}

/// Returns the type of a value's numbers, none for strings.
fn kind_of(graph: &Graph, value: Value) -> Result<Option<Kind>> {
    let kind = |tensor: &Tensor| match tensor.data {
        Data::Float(_) => Some(Kind::Float),
        Data::Double(_) => Some(Kind::Double),
        Data::Int(_) => Some(Kind::Int),
        Data::Bool(_) => Some(Kind::Bool),
        Data::Text(_) | Data::Bytes(_) => None,
    };
    match graph.as_constant(value) {
        Some(tensor) => Ok(kind(tensor)),
        None => ask(graph, value, |_, _| 0.0, kind),
    }
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
