//! Finds the labels of classes, in the graph or by trial evaluations.

use crate::ir::evaluate::{ask, shape};
use crate::ir::graph::{Definition, Graph, Node, Value};
use anyhow::{Result, anyhow, ensure};
use model_runner::op::Op;
use model_runner::tensor::{Data, Tensor};
use std::collections::BTreeSet;

/// Returns a number of a made-up row, from -3 to 3. The rows differ from each other.
fn spread(row: usize, column: usize) -> f64 {
    ((row * 37 + column * 61 + row * column * 13) % 97) as f64 / 16.0 - 3.0
}

/// The limit on labels found by trial evaluations.
const MAX_ASKED_LABELS: usize = 20;

/// Returns the possible values of a label, none if the graph does not list them.
///
/// # Errors
///
/// If the labels are neither strings nor numbers.
pub fn of(graph: &Graph, label: Value) -> Result<Option<Vec<String>>> {
    let (node, column) = origin(graph, label);
    let Some(node) = node else { return Ok(None) };
    match node.op {
        Op::Gather => {
            let labels = graph.as_constant(node.inputs[0]);
            labels.map(texts).transpose()
        }
        // The last value is for unknown keys.
        Op::LabelEncoder => {
            let Some(values) = graph.as_constant(node.inputs[2]) else { return Ok(None) };
            let mut labels = texts(values)?;
            labels.pop();
            Ok(Some(labels))
        }
        // 2 x - 1 for a condition x: skl2onnx writes the labels of outliers so.
        Op::Add => Ok(affine(graph, node)),
        Op::Concat => match column {
            Some(column) => of(graph, node.inputs[column]),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Finds the node of a label, and the column of its result. Skips nodes for the shape, the type or
/// the selection of a column.
fn origin(graph: &Graph, label: Value) -> (Option<&Node>, Option<usize>) {
    let (mut value, mut column) = (label, None);
    loop {
        let Some(node) = graph.as_node(value) else { return (None, column) };
        value = match node.op {
            Op::Reshape | Op::Cast | Op::Flatten | Op::Squeeze | Op::Unsqueeze | Op::Transpose => {
                node.inputs[0]
            }
            // The column of one of several labels.
            Op::Gather if graph.as_constant(node.inputs[0]).is_none() => {
                let index =
                    graph.as_constant(node.inputs[1]).and_then(|index| index.as_ints().ok());
                column = match index {
                    Some([index]) => usize::try_from(*index).ok(),
                    _ => column,
                };
                node.inputs[0]
            }
            Op::Where if graph.as_constant(node.inputs[1]).is_none() => node.inputs[1],
            _ => return (Some(node), column),
        };
    }
}

/// Returns the number of classes if a label is the index of its class, none for other labels.
///
/// # Errors
///
/// If the model has no answer for rows of zeros.
pub fn count(graph: &Graph, label: Value) -> Result<Option<usize>> {
    let (Some(node), _) = origin(graph, label) else { return Ok(None) };
    if !matches!(node.op, Op::ArgMax | Op::ArgMin) {
        return Ok(None);
    }
    let axis = node.attributes.first().copied().unwrap_or(0);
    let dims = shape(graph, node.inputs[0])?;
    let axis = if axis < 0 { axis + dims.len() as i32 } else { axis };
    Ok(usize::try_from(axis).ok().and_then(|axis| dims.get(axis)).copied())
}

/// Collects the labels of made-up rows, sorted, for a file without a list of labels.
///
/// # Errors
///
/// If the model has no answer for these rows, or gives many labels.
pub fn asked(graph: &Graph, label: Value) -> Result<Vec<String>> {
    let mut labels = ask(graph, label, spread, |tensor| match &tensor.data {
        Data::Int(labels) => {
            let labels: BTreeSet<i64> = labels.iter().copied().collect();
            labels.iter().map(i64::to_string).collect()
        }
        Data::Text(labels) => {
            let labels: BTreeSet<&str> = labels.iter().copied().collect();
            labels.into_iter().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    })?;
    ensure!(
        !labels.is_empty() && labels.len() <= MAX_ASKED_LABELS,
        "the labels of its classes are not in the file; list them in the card, in [[output]]: \
         classes = [\"…\"]"
    );
    labels.dedup();
    Ok(labels)
}

/// Returns the two values of a condition, after it is multiplied and shifted by constants.
fn affine(graph: &Graph, node: &Node) -> Option<Vec<String>> {
    let whole = |value: Value| match graph.as_constant(value).map(|tensor| &tensor.data) {
        Some(Data::Int(values)) => values.first().copied(),
        _ => None,
    };
    let product = graph.as_node(node.inputs[0]).filter(|product| product.op == Op::Mul)?;
    let condition = graph.as_node(product.inputs[0]).filter(|cast| cast.op == Op::Cast)?;
    let is_condition = graph.as_node(condition.inputs[0]).is_some_and(|test| {
        matches!(test.op, Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual)
    });
    let (factor, shift) = (whole(product.inputs[1])?, whole(node.inputs[1])?);
    is_condition.then(|| vec![shift.to_string(), shift.wrapping_add(factor).to_string()])
}

/// Adds the index of each row's label in `labels`.
///
/// # Errors
///
/// If a node cannot be added to the graph.
pub fn index(graph: &mut Graph, label: Value, labels: &[String]) -> Result<Value> {
    // A label gathered by an index needs no search.
    if let Some(node) = graph.as_node(label)
        && node.op == Op::Gather
        && let [all, index] = node.inputs[..]
        && graph.as_constant(all).is_some_and(|all| texts(all).is_ok_and(|all| all == labels))
        && graph.as_constant(all).is_some_and(|all| all.shape.rank() == 1)
    {
        return Ok(index);
    }
    let keys = match labels.iter().map(|label| label.parse()).collect::<Result<Vec<i64>, _>>() {
        Ok(numbers) if !is_text(graph, label) => graph.ints(&numbers)?,
        _ => graph.texts(labels)?,
    };
    let mut indices: Vec<i64> = (0..labels.len() as i64).collect();
    // This is the index of an unknown label.
    indices.push(-1);
    let indices = graph.ints(&indices)?;
    graph.node(Op::LabelEncoder, &[label, keys, indices], &[])
}

fn is_text(graph: &Graph, label: Value) -> bool {
    let mut value = label;
    loop {
        value = match &graph.values[value.0] {
            Definition::Constant(tensor) => return matches!(tensor.data, Data::Text(_)),
            Definition::Node(node) => match (node.op, &node.inputs[..]) {
                (Op::LabelEncoder, [_, _, values]) => *values,
                (Op::Where, [_, first, ..]) => *first,
                (_, [first, ..]) => *first,
                _ => return false,
            },
            _ => return false,
        };
    }
}

/// Returns the strings or numbers of a tensor, as strings.
fn texts(tensor: &Tensor) -> Result<Vec<String>> {
    Ok(match &tensor.data {
        Data::Text(texts) => texts.iter().map(|text| (*text).to_owned()).collect(),
        Data::Int(values) => values.iter().map(i64::to_string).collect(),
        Data::Float(values) => values.iter().map(f32::to_string).collect(),
        Data::Bool(values) => values.iter().map(bool::to_string).collect(),
        _ => return Err(anyhow!("its labels are of a type that is not supported")),
    })
}
