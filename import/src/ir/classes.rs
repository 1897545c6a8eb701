//! Chooses classes by their probabilities.

use crate::ir::graph::{Graph, Value};
use crate::ir::model::{Choice, Class};
use crate::ir::trees::Sum;
use anyhow::Result;
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;

/// Adds the choice between two classes by the probability of the second, `[rows, 1]`: above 0.5 the
/// second class is chosen. Returns the index of the class, `[rows]`, and the probabilities of both
/// classes, `[rows, 2]`.
///
/// # Errors
///
/// If a node cannot be added to the graph.
pub fn two(graph: &mut Graph, second: Value, sum: Sum) -> Result<(Value, Value)> {
    let (one, half) = (sum.list(graph, &[1.0])?, sum.list(graph, &[0.5])?);
    let first = graph.node(Op::Sub, &[one, second], &[])?;
    let probabilities = graph.node(Op::Concat, &[first, second], &[1])?;
    let chosen = graph.node(Op::Greater, &[second, half], &[])?;
    let index = graph.cast(chosen, Kind::Int)?;
    Ok((graph.reshape(index, &[-1])?, probabilities))
}

/// Adds the choice between two unnamed classes by the probability of the second, `[rows, 1]`.
///
/// # Errors
///
/// If a node cannot be added to the graph.
pub fn one_of_two(graph: &mut Graph, second: Value, sum: Sum) -> Result<Class> {
    let (index, probabilities) = two(graph, second, sum)?;
    Ok(Class { choice: numbered(index, 2), probabilities: Some(probabilities) })
}

/// Adds the choice of the most probable of several unnamed classes, by the probabilities of all,
/// `[rows, classes]`.
///
/// # Errors
///
/// If a node cannot be added to the graph.
pub fn most_probable(graph: &mut Graph, probabilities: Value, classes: usize) -> Result<Class> {
    let index = graph.node(Op::ArgMax, &[probabilities], &[1, 0, 0])?;
    Ok(Class { choice: numbered(index, classes), probabilities: Some(probabilities) })
}

/// Returns the choice of an unnamed class: its label is its index.
pub fn numbered(index: Value, classes: usize) -> Choice {
    let labels = (0..classes).map(|class| class.to_string()).collect();
    Choice::Index { index, labels, is_named: false }
}
