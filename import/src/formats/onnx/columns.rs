//! Finds the input columns read by nodes.

use crate::ir::graph::{Definition, Graph, Value};
use anyhow::Result;
use model_runner::op::Op;
use model_runner::tensor::Data;
use std::collections::{HashMap, HashSet};

/// The index of an input, and the index of a column in it.
type Column = (usize, usize);

/// The strings known to a model for a column of strings.
#[derive(Default)]
pub struct Known {
    pub texts: Vec<String>,
    /// True if any other string is an error.
    pub refuses_others: bool,
}

/// Properties of the input columns, found in the nodes.
pub struct Columns {
    known: HashMap<Column, Known>,
    imputed: HashSet<Column>,
    /// True if a node imputes columns of unknown origin.
    all_imputed: bool,
}

impl Columns {
    /// Searches all nodes. `imputed` has the inputs of imputers for missing numbers (NaN).
    ///
    /// # Errors
    ///
    /// If the paths from the nodes back to the inputs are too long.
    pub fn find(graph: &Graph, imputed: &[Value]) -> Result<Self> {
        let ways = Ways { graph, widths: widths(graph) };
        let mut found = Self { known: HashMap::new(), imputed: HashSet::new(), all_imputed: false };
        for definition in &graph.values {
            let Definition::Node(node) = definition else { continue };
            if !matches!(node.op, Op::OneHotEncoder | Op::LabelEncoder) {
                continue;
            }
            let keys = graph.as_constant(node.inputs[1]).map(|keys| &keys.data);
            let Some(Data::Text(texts)) = keys else { continue };
            if let Some(column) = ways.origin(node.inputs[0], 0)? {
                found.known.entry(column).or_insert_with(|| Known {
                    texts: texts.iter().map(|text| (*text).to_owned()).collect(),
                    // The attribute `zeros`: if it is 0, an unknown string has no row of zeros.
                    refuses_others: node.op == Op::OneHotEncoder && node.attributes[..] == [0],
                });
            }
        }
        for value in imputed {
            let Some(width) = ways.widths[value.0] else {
                found.all_imputed = true;
                continue;
            };
            for column in 0..width {
                found.imputed.extend(ways.origin(*value, column)?);
            }
        }
        Ok(found)
    }

    /// Takes the strings known for a column, empty if there are none.
    pub fn take_known(&mut self, input: usize, column: usize) -> Known {
        self.known.remove(&(input, column)).unwrap_or_default()
    }

    /// True if a missing number of the column is replaced, or may be replaced.
    pub fn is_imputed(&self, input: usize, column: usize) -> bool {
        self.all_imputed || self.imputed.contains(&(input, column))
    }
}

/// The steps counted for a hop from a value to the value before.
const HOP: usize = 100;

/// The paths from values back to the inputs.
struct Ways<'g> {
    graph: &'g Graph,
    widths: Vec<Option<usize>>,
}

impl Ways<'_> {
    /// Finds the input column of a value's column, none if the column is computed.
    fn origin(&self, value: Value, column: usize) -> Result<Option<Column>> {
        let (mut value, mut column) = (value, column);
        loop {
            self.graph.rest.take_steps(HOP)?;
            let node = match &self.graph.values[value.0] {
                Definition::Input(input) => return Ok(Some((*input, column))),
                Definition::Node(node) => node,
                _ => return Ok(None),
            };
            let before = match node.op {
                Op::Reshape | Op::Cast | Op::Flatten => Some((node.inputs[0], column)),
                Op::Gather => self.gathered(node.inputs[1], column).map(|at| (node.inputs[0], at)),
                Op::Concat => {
                    self.graph.rest.take_steps(node.inputs.len() * HOP)?;
                    self.part(&node.inputs, column)
                }
                _ => None,
            };
            let Some(before) = before else { return Ok(None) };
            (value, column) = before;
        }
    }

    fn gathered(&self, places: Value, column: usize) -> Option<usize> {
        let places = self.graph.as_constant(places)?.as_ints().ok()?;
        usize::try_from(*places.get(column)?).ok()
    }

    /// Finds the part of a concatenation with a column, and the index of the column in this part.
    fn part(&self, parts: &[Value], mut column: usize) -> Option<(Value, usize)> {
        for part in parts {
            let width = self.widths[part.0]?;
            if column < width {
                return Some((*part, column));
            }
            column -= width;
        }
        None
    }
}

/// Returns the number of columns of each value, none if it is unknown.
fn widths(graph: &Graph) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = Vec::with_capacity(graph.values.len());
    for definition in &graph.values {
        // A node comes after the nodes it needs.
        let width = match definition {
            Definition::Input(input) => Some(graph.inputs[*input].columns),
            Definition::Node(node) if node.op == Op::Gather => {
                graph.as_constant(node.inputs[1]).map(|places| places.shape.size())
            }
            Definition::Node(node) if node.op == Op::Concat => {
                let mut parts = node.inputs.iter().map(|part| widths[part.0]);
                parts.try_fold(0_usize, |sum, part| sum.checked_add(part?))
            }
            _ => None,
        };
        widths.push(width);
    }
    widths
}
