//! Follows the columns of tensors through the graph. A column is a value of each row, by its index
//! among the values of the row.

use crate::ir::evaluate::shape;
use crate::ir::graph::{Graph, Node, Value};
use model_runner::op::Op;

/// Returns the columns of a node that only copies, converts or selects columns of its inputs; none
/// for other nodes. `columns` has those of an input.
pub fn copied<T: Clone>(
    graph: &Graph,
    node: &Node,
    mut columns: impl FnMut(Value) -> Option<Vec<T>>,
) -> Option<Vec<T>> {
    match node.op {
        Op::Cast | Op::Reshape | Op::Flatten | Op::Squeeze | Op::Unsqueeze => {
            columns(node.inputs[0])
        }
        Op::Concat if is_of_columns(graph, &node.inputs, axis(node)) => {
            let parts = node.inputs.iter().map(|input| columns(*input));
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        }
        Op::Gather if is_of_columns(graph, &node.inputs[..1], axis(node)) => {
            let all = columns(node.inputs[0])?;
            let places = graph.as_constant(node.inputs[1])?.as_ints().ok()?;
            let place = |place: &i64| match place {
                0.. => usize::try_from(*place).ok(),
                _ => all.len().checked_add_signed(*place as isize),
            };
            places.iter().map(|at| all.get(place(at)?).cloned()).collect()
        }
        Op::Slice => sliced(graph, node, columns),
        _ => None,
    }
}

fn axis(node: &Node) -> i64 {
    node.attributes.first().copied().unwrap_or(0).into()
}

/// Returns a range of columns, without steps.
fn sliced<T: Clone>(
    graph: &Graph,
    node: &Node,
    mut columns: impl FnMut(Value) -> Option<Vec<T>>,
) -> Option<Vec<T>> {
    let [x, start, end, axis] = node.inputs[..] else { return None };
    let number = |value: Value| match graph.as_constant(value)?.as_ints().ok()? {
        [number] => Some(*number),
        _ => None,
    };
    if !is_of_columns(graph, &[x], number(axis)?) {
        return None;
    }
    let all = columns(x)?;
    let (start, end) = (usize::try_from(number(start)?).ok()?, usize::try_from(number(end)?).ok()?);
    Some(all.get(start..end.min(all.len()))?.to_vec())
}

/// True if the only dimension beside that of the rows is the one of this axis, so that its places
/// are columns.
fn is_of_columns(graph: &Graph, inputs: &[Value], axis: i64) -> bool {
    inputs.iter().all(|input| {
        let Ok(dims) = shape(graph, *input) else { return false };
        let axis = if axis < 0 { axis + dims.len() as i64 } else { axis };
        let others = dims.iter().enumerate().filter(|(at, _)| *at > 0 && *at as i64 != axis);
        axis > 0 && others.map(|(_, length)| length).all(|length| *length == 1)
    })
}

/// Returns both lists at the same length: a single value stands for any number of them. None if
/// they have different lengths.
pub fn paired<T: Clone>(a: Vec<T>, b: Vec<T>) -> Option<Vec<(T, T)>> {
    match (a.len(), b.len()) {
        (length, other) if length == other => Some(a.into_iter().zip(b).collect()),
        (_, 1) => Some(a.into_iter().map(|a| (a, b[0].clone())).collect()),
        (1, _) => Some(b.into_iter().map(|b| (a[0].clone(), b)).collect()),
        _ => None,
    }
}
