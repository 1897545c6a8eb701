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
        Op::Concat if is_of_columns(graph, node, &node.inputs) => {
            let parts = node.inputs.iter().map(|input| columns(*input));
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        }
        Op::Gather if is_of_columns(graph, node, &node.inputs[..1]) => {
            let all = columns(node.inputs[0])?;
            let places = graph.as_constant(node.inputs[1])?.as_ints().ok()?;
            let place = |place: &i64| match place {
                0.. => usize::try_from(*place).ok(),
                _ => all.len().checked_add_signed(*place as isize),
            };
            places.iter().map(|at| all.get(place(at)?).cloned()).collect()
        }
        _ => None,
    }
}

/// True if the node's axis is that of the columns, and its inputs are matrices.
fn is_of_columns(graph: &Graph, node: &Node, inputs: &[Value]) -> bool {
    let axis = node.attributes.first().copied().unwrap_or(0);
    let is_matrix = |input: &Value| shape(graph, *input).is_ok_and(|dims| dims.len() == 2);
    (axis == 1 || axis == -1) && inputs.iter().all(is_matrix)
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
