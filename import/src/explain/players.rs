//! Finds the feature behind each column of a tensor, such as the inputs of an ensemble.

use super::columns::{copied, paired};
use crate::ir::evaluate::columns;
use crate::ir::graph::{Definition, Graph, Node, Value};
use crate::ir::program::Cell;
use model_runner::op::Op;
use std::collections::HashMap;

/// The features behind a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// A constant: no feature.
    None,
    /// One feature, by its index in a row.
    One(usize),
    /// Several features, for example in a product or a principal component.
    Many,
}

impl Player {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, player) | (player, Self::None) => player,
            (a, b) if a == b => a,
            _ => Self::Many,
        }
    }
}

/// Returns the features behind each column of a value. `cells` has the feature of each column of
/// each input.
///
/// A node unknown to this function is taken for a mixture of all its inputs, so a column that
/// depends on a feature is never without it. None if the columns cannot be counted.
pub fn players(graph: &Graph, value: Value, cells: &[Vec<Cell>]) -> Option<Vec<Player>> {
    let found = Search { graph, cells, known: HashMap::new() }.of(value)?;
    (columns(graph, value).ok()? == found.len()).then_some(found)
}

struct Search<'g> {
    graph: &'g Graph,
    cells: &'g [Vec<Cell>],
    known: HashMap<Value, Option<Vec<Player>>>,
}

impl Search<'_> {
    fn of(&mut self, value: Value) -> Option<Vec<Player>> {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        let graph = self.graph;
        let found = match &graph.values[value.0] {
            Definition::Constant(tensor) => Some(vec![Player::None; tensor.shape.size()]),
            Definition::Input(input) => {
                Some(self.cells[*input].iter().map(|cell| Player::One(cell.feature)).collect())
            }
            Definition::Slot => None,
            Definition::Node(node) => self.of_node(value, node),
        };
        self.known.insert(value, found.clone());
        found
    }

    fn of_node(&mut self, value: Value, node: &Node) -> Option<Vec<Player>> {
        if let Some(copied) = copied(self.graph, node, |input| self.of(input)) {
            return Some(copied);
        }
        let own = match node.op {
            // Of each value alone. The other inputs are constants.
            Op::Abs | Op::Ceil | Op::Cos | Op::Erf | Op::Exp | Op::Floor | Op::Log | Op::Neg => {
                self.of(node.inputs[0])
            }
            Op::Reciprocal | Op::Relu | Op::Round | Op::Sigmoid | Op::Sign | Op::Sin => {
                self.of(node.inputs[0])
            }
            Op::Softplus | Op::Sqrt | Op::Tanh | Op::Not | Op::IsNaN | Op::IsInf => {
                self.of(node.inputs[0])
            }
            Op::Imputer | Op::LabelEncoder => self.of(node.inputs[0]),
            // Several columns of each value.
            Op::OneHotEncoder => {
                let categories = self.graph.as_constant(node.inputs[1])?.shape.size();
                let own = self.of(node.inputs[0])?;
                Some(own.iter().flat_map(|one| std::iter::repeat_n(*one, categories)).collect())
            }
            // Of two values each.
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Mod => {
                self.of_two(node)
            }
            Op::Equal | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                self.of_two(node)
            }
            Op::And | Op::Or | Op::Xor => self.of_two(node),
            _ => None,
        };
        own.or_else(|| self.mixture(value, node))
    }

    fn of_two(&mut self, node: &Node) -> Option<Vec<Player>> {
        let (a, b) = (self.of(node.inputs[0])?, self.of(node.inputs[1])?);
        Some(paired(a, b)?.into_iter().map(|(a, b)| a.and(b)).collect())
    }

    /// Each column depends on all inputs.
    fn mixture(&mut self, value: Value, node: &Node) -> Option<Vec<Player>> {
        let count = columns(self.graph, value).ok()?;
        // A body may use any value from outside.
        let mut all = if node.body.is_some() { Player::Many } else { Player::None };
        for input in &node.inputs {
            all = self.of(*input)?.into_iter().fold(all, Player::and);
        }
        Some(vec![all; count])
    }
}
