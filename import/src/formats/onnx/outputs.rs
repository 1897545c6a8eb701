//! Finds the answers in the outputs of a graph: a class with its probabilities, or numbers.

use super::Reader;
use super::proto::{GraphProto, data_type};
use crate::ir::classes;
use crate::ir::evaluate::{ROWS, columns, shape};
use crate::ir::graph::{Graph, Value};
use crate::ir::labels;
use crate::ir::model::{Answer, Choice, Class};
use crate::ir::trees::Sum;
use anyhow::{Result, bail, ensure};
use model_runner::op::Op;

/// The outputs of a graph, by their types.
#[derive(Default)]
struct Outputs {
    /// Strings, integers or booleans: labels of classes.
    label: Option<Value>,
    /// Floats: probabilities beside a label, quantities alone.
    scores: Vec<Scores>,
}

/// An output of floats.
enum Scores {
    Tensor(Value),
    /// The input tensor of ZipMap, and its keys.
    Map(Value, Vec<String>),
    /// A tensor for each of several classifiers.
    Sequence(Vec<Value>),
}

/// Finds the model's answers in the outputs of a graph.
///
/// A string or an integer is the label of a class, and floats beside it are the probabilities.
/// Floats alone are the answer of a classifier if they come from a softmax or a sigmoid, and
/// quantities otherwise.
///
/// # Errors
///
/// If there is no output, or the model has no answer for rows of zeros.
pub fn read(reader: &mut Reader, proto: &GraphProto) -> Result<Vec<Answer>> {
    let outputs = by_type(reader, proto)?;
    reader.graph.reading = "the output".to_owned();
    match (outputs.label, &outputs.scores[..]) {
        (Some(label), scores) => classes_of(&mut reader.graph, label, scores),
        (None, []) => bail!("it has no output"),
        (None, [Scores::Tensor(scores)]) if is_probability(&reader.graph, *scores) => {
            decide(reader, *scores)
        }
        (None, scores) => quantities(&mut reader.graph, scores),
    }
}

fn by_type(reader: &Reader, proto: &GraphProto) -> Result<Outputs> {
    let mut outputs = Outputs::default();
    for output in &proto.output {
        if let Some((scores, keys)) = reader.maps.get(&output.name) {
            outputs.scores.push(Scores::Map(*scores, keys.clone()));
            continue;
        }
        if let Some(sequence) = reader.sequences.get(&output.name) {
            outputs.scores.push(Scores::Sequence(sequence.clone()));
            continue;
        }
        let value = reader.value(&output.name)?;
        let tensor = output.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        match tensor.map_or(data_type::FLOAT, |tensor| tensor.elem_type) {
            data_type::STRING | data_type::INT64 | data_type::INT32 | data_type::BOOL => {
                outputs.label = outputs.label.or(Some(value));
            }
            _ => outputs.scores.push(Scores::Tensor(value)),
        }
    }
    Ok(outputs)
}

/// Returns the classes of a label. The label has a column for each of several classifiers.
fn classes_of(graph: &mut Graph, label: Value, scores: &[Scores]) -> Result<Vec<Answer>> {
    let count = columns(graph, label)?;
    if count == 1 {
        let (probabilities, keys) = probabilities_of_one(graph, scores)?;
        let class = class(graph, label, keys, probabilities)?;
        return Ok(vec![Answer::Class(class)]);
    }
    (0..count)
        .map(|column| {
            let label = graph.column(label, column)?;
            let probabilities = probabilities_of_many(graph, scores, column, count)?;
            Ok(Answer::Class(class(graph, label, None, probabilities)?))
        })
        .collect()
}

/// Returns the probabilities beside a single label, and the labels if ZipMap has them.
fn probabilities_of_one(
    graph: &mut Graph,
    scores: &[Scores],
) -> Result<(Option<Value>, Option<Vec<String>>)> {
    Ok(match scores {
        [Scores::Map(scores, keys)] => (Some(*scores), Some(keys.clone())),
        [Scores::Tensor(scores)] => (Some(*scores), None),
        // An output for each class.
        [Scores::Tensor(_), ..] => {
            let mut parts = Vec::new();
            for scores in scores {
                let Scores::Tensor(scores) = scores else { return Ok((None, None)) };
                parts.push(graph.reshape(*scores, &[-1, 1])?);
            }
            (Some(graph.node(Op::Concat, &parts, &[1])?), None)
        }
        _ => (None, None),
    })
}

/// Returns the probabilities of one of several classifiers. The scores have the shape
/// `[classifiers, rows, classes]`, or `[rows, classifiers]` with the probability of the second of
/// two classes, or they are a tensor for each classifier.
fn probabilities_of_many(
    graph: &mut Graph,
    scores: &[Scores],
    column: usize,
    count: usize,
) -> Result<Option<Value>> {
    let tensor = match scores {
        [Scores::Sequence(tensors)] => return Ok(tensors.get(column).copied()),
        [Scores::Tensor(tensor) | Scores::Map(tensor, _)] => *tensor,
        _ => return Ok(None),
    };
    match shape(graph, tensor)?[..] {
        [classifiers, ROWS, _] if classifiers == count => {
            let index = graph.ints(&[column as i64])?;
            let one = graph.node(Op::Gather, &[tensor, index], &[0])?;
            let axis = graph.ints(&[0])?;
            Ok(Some(graph.node(Op::Squeeze, &[one, axis], &[])?))
        }
        [ROWS, classifiers] if classifiers == count => {
            let second = graph.column(tensor, column)?;
            let (_, both) = classes::two(graph, second, Sum::Float)?;
            Ok(Some(both))
        }
        _ => Ok(None),
    }
}

/// Builds the class of a label, with the index of the label if the labels are known.
fn class(
    graph: &mut Graph,
    label: Value,
    keys: Option<Vec<String>>,
    probabilities: Option<Value>,
) -> Result<Class> {
    let named = match keys {
        Some(keys) => Some(keys),
        None => labels::of(graph, label)?,
    };
    if let Some(labels) = named {
        let index = labels::index(graph, label, &labels)?;
        let choice = Choice::Index { index, labels, is_named: true };
        return Ok(Class { choice, probabilities });
    }
    let choice = match labels::count(graph, label)? {
        Some(classes) => classes::numbered(label, classes),
        None => Choice::Label(label),
    };
    Ok(Class { choice, probabilities })
}

/// True if scores come from a softmax or a sigmoid.
fn is_probability(graph: &Graph, scores: Value) -> bool {
    let mut value = scores;
    while let Some(node) = graph.as_node(value) {
        value = match node.op {
            Op::Softmax | Op::Sigmoid => return true,
            Op::Reshape | Op::Squeeze | Op::Flatten => node.inputs[0],
            _ => return false,
        };
    }
    false
}

/// Chooses the most probable class, for a classifier with probabilities only, such as in PyTorch. A
/// single column is the probability of the second of two classes.
fn decide(reader: &mut Reader, scores: Value) -> Result<Vec<Answer>> {
    let columns = columns(&reader.graph, scores)?;
    let graph = &mut reader.graph;
    if columns > 1 {
        return Ok(vec![Answer::Class(classes::most_probable(graph, scores, columns)?)]);
    }
    let second = graph.reshape(scores, &[-1, 1])?;
    let class = classes::one_of_two(graph, second, Sum::Float)?;
    reader.notes.push("it answers one probability: above 0.5 the class is \"1\"".to_owned());
    Ok(vec![Answer::Class(class)])
}

fn quantities(graph: &mut Graph, scores: &[Scores]) -> Result<Vec<Answer>> {
    let mut found = Vec::new();
    for scores in scores {
        let values = match scores {
            Scores::Tensor(value) | Scores::Map(value, _) => &[*value][..],
            Scores::Sequence(values) => &values[..],
        };
        for value in values {
            let columns = columns(graph, *value)?;
            ensure!((1..=1000).contains(&columns), "it answers {columns} numbers for a row");
            found.extend((0..columns).map(|column| Answer::Number { value: *value, column }));
        }
    }
    Ok(found)
}
