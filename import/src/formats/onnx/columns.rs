//! The columns of inputs that nodes read.

use crate::ir::graph::{Definition, Graph, Value};
use model_runner::op::Op;
use model_runner::tensor::Data;

/// The texts that a model knows for a column of texts.
#[derive(Default)]
pub struct Known {
    pub texts: Vec<String>,
    /// True if another text is an error.
    pub refuses_others: bool,
}

/// Finds the texts that the model knows for a column of an input.
pub fn categories(graph: &Graph, input: usize, column: usize) -> Known {
    for definition in &graph.values {
        let Definition::Node(node) = definition else { continue };
        if !matches!(node.op, Op::OneHotEncoder | Op::LabelEncoder) {
            continue;
        }
        if comes_from(graph, node.inputs[0], 0) == Some((input, column))
            && let Some(Data::Text(texts)) =
                graph.as_constant(node.inputs[1]).map(|keys| &keys.data)
        {
            return Known {
                texts: texts.iter().map(|text| (*text).to_owned()).collect(),
                // The attribute `zeros`: if it is 0, an unknown text has no row of zeros.
                refuses_others: node.op == Op::OneHotEncoder && node.attributes[..] == [0],
            };
        }
    }
    Known::default()
}

/// True if a column of a value is this column of an input, or if that cannot be told.
pub fn has_column(graph: &Graph, value: Value, input: usize, column: usize) -> bool {
    match width(graph, value) {
        Some(width) => (0..width).any(|own| comes_from(graph, value, own) == Some((input, column))),
        None => true,
    }
}

/// The input and its column that a column of a value is.
fn comes_from(graph: &Graph, value: Value, column: usize) -> Option<(usize, usize)> {
    let (mut value, mut column) = (value, column);
    loop {
        let node = match &graph.values[value.0] {
            Definition::Input(input) => return Some((*input, column)),
            Definition::Node(node) => node,
            _ => return None,
        };
        value = match node.op {
            Op::Reshape | Op::Cast | Op::Flatten => node.inputs[0],
            Op::Gather => {
                let places = graph.as_constant(node.inputs[1])?.as_ints().ok()?;
                column = usize::try_from(*places.get(column)?).ok()?;
                node.inputs[0]
            }
            Op::Concat => {
                let mut parts = node.inputs.iter();
                loop {
                    let part = parts.next()?;
                    let width = width(graph, *part)?;
                    if column < width {
                        break *part;
                    }
                    column -= width;
                }
            }
            _ => return None,
        };
    }
}

fn width(graph: &Graph, value: Value) -> Option<usize> {
    match &graph.values[value.0] {
        Definition::Input(input) => Some(graph.inputs[*input].columns),
        Definition::Node(node) if node.op == Op::Gather => {
            graph.as_constant(node.inputs[1]).map(|places| places.shape.size())
        }
        Definition::Node(node) if node.op == Op::Concat => {
            node.inputs.iter().map(|part| width(graph, *part)).sum()
        }
        _ => None,
    }
}
