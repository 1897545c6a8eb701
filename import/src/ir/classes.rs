//! The choice between two classes by one probability.

use crate::ir::graph::{Graph, Value};
use crate::ir::trees::Sum;
use anyhow::Result;
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;

/// The place of a class and the probabilities of both, from that of the second, which is chosen above
/// one half.
pub fn two(graph: &mut Graph, second: Value, sum: Sum) -> Result<(Value, Value)> {
    let (one, half) = (sum.list(graph, &[1.0])?, sum.list(graph, &[0.5])?);
    let first = graph.node(Op::Sub, &[one, second], &[])?;
    let probabilities = graph.node(Op::Concat, &[first, second], &[1])?;
    let chosen = graph.node(Op::Greater, &[second, half], &[])?;
    let place = graph.cast(chosen, Kind::Int)?;
    Ok((graph.reshape(place, &[-1])?, probabilities))
}

/// Labels for classes that the file does not name: their places.
pub fn numbered(classes: usize) -> Vec<String> {
    (0..classes).map(|class| class.to_string()).collect()
}
