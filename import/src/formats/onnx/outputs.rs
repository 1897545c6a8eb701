//! What the outputs of a graph mean: a class with its probabilities, or numbers.

use super::Reader;
use super::labels::label_texts;
use super::proto::{GraphProto, data_type};
use crate::ir::classes;
use crate::ir::graph::{Definition, Graph, Node, Value};
use crate::ir::model::Answer;
use crate::ir::trees::Sum;
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::tensor::Data;

/// Finds the model's answer in the outputs of a graph.
///
/// A text or an integer is a class's label, and a float beside it are the probabilities. A float alone
/// is the answer of a classifier if it comes from a softmax or a sigmoid, and a quantity otherwise.
pub fn read(reader: &mut Reader, proto: &GraphProto) -> Result<Answer> {
    let (mut label, mut numbers, mut keys) = (None, Vec::new(), None);
    for output in &proto.output {
        let value = reader.value(&output.name)?;
        if let Some((scores, labels)) = reader.maps.get(&output.name) {
            numbers.push(*scores);
            keys = Some(labels.clone());
            continue;
        }
        let tensor = output.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        match tensor.map_or(data_type::FLOAT, |tensor| tensor.elem_type) {
            data_type::STRING | data_type::INT64 | data_type::INT32 | data_type::BOOL => {
                label = label.or(Some(value));
            }
            _ => numbers.push(value),
        }
    }
    reader.graph.reading = "the output".to_owned();
    match (label, &numbers[..]) {
        (Some(label), scores) => {
            let labels = match keys {
                Some(keys) => keys,
                None => labels_of(&reader.graph, label)?,
            };
            let place = place(&mut reader.graph, label, &labels)?;
            let probabilities = match scores {
                [scores] => Some(*scores),
                // An output for each class.
                columns if columns.len() == labels.len() => {
                    let columns = columns.iter().map(|one| reader.graph.reshape(*one, &[-1, 1]));
                    let columns = columns.collect::<Result<Vec<_>>>()?;
                    Some(reader.graph.node(Op::Concat, &columns, &[1])?)
                }
                _ => None,
            };
            Ok(Answer::Class { place, probabilities, labels })
        }
        (None, []) => bail!("it has no output"),
        (None, &[scores]) if is_probability(&reader.graph, scores) => decide(reader, scores),
        (None, numbers) => {
            let numbers = numbers.to_vec();
            quantities(&mut reader.graph, &numbers)
        }
    }
}

/// The labels among which a label is chosen.
fn labels_of(graph: &Graph, label: Value) -> Result<Vec<String>> {
    let mut label = label;
    // Pass what only changes the shape.
    let node = loop {
        let node = graph.as_node(label).context("its label depends on nothing")?;
        label = match node.op {
            Op::Reshape | Op::Cast | Op::Flatten | Op::Squeeze | Op::Unsqueeze => node.inputs[0],
            Op::Gather if graph.as_constant(node.inputs[0]).is_none() => node.inputs[0],
            Op::Where if graph.as_constant(node.inputs[1]).is_none() => node.inputs[1],
            _ => break node,
        };
    };
    match node.op {
        Op::Gather => {
            let labels = graph.as_constant(node.inputs[0]).context("its labels are computed")?;
            label_texts(labels)
        }
        // The last value is that of an unknown key.
        Op::LabelEncoder => {
            let values = graph.as_constant(node.inputs[2]).context("its labels are computed")?;
            let mut labels = label_texts(values)?;
            labels.pop();
            Ok(labels)
        }
        // 2 x - 1 of a condition, as skl2onnx writes the labels of outliers.
        Op::Add => affine(graph, node).context("the labels of its classes are computed"),
        _ => bail!(
            "the labels of its classes are not in the file; name them in the card: \
                    [output] classes = [\"…\"]"
        ),
    }
}

/// The two values of a condition that is multiplied and shifted.
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

/// The place of a row's label among all labels.
fn place(graph: &mut Graph, label: Value, labels: &[String]) -> Result<Value> {
    // A label that is a place's already needs no search.
    if let Some(node) = graph.as_node(label)
        && node.op == Op::Gather
        && let [all, place] = node.inputs[..]
        && graph.as_constant(all).is_some_and(|all| label_texts(all).is_ok_and(|all| all == labels))
        && graph.as_constant(all).is_some_and(|all| all.shape.rank() == 1)
    {
        return Ok(place);
    }
    let keys = match labels.iter().map(|label| label.parse()).collect::<Result<Vec<i64>, _>>() {
        Ok(numbers) if !is_text(graph, label) => graph.ints(&numbers)?,
        _ => graph.texts(labels)?,
    };
    let mut places: Vec<i64> = (0..labels.len() as i64).collect();
    // No class has this place.
    places.push(-1);
    let places = graph.ints(&places)?;
    graph.node(Op::LabelEncoder, &[label, keys, places], &[])
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

/// A classifier that answers with probabilities alone, as those of PyTorch do: the most probable class
/// is chosen in the model. One column is the probability of the second of two classes.
fn decide(reader: &mut Reader, scores: Value) -> Result<Answer> {
    let columns = columns(&reader.graph, scores)?;
    let graph = &mut reader.graph;
    if columns > 1 {
        let place = graph.node(Op::ArgMax, &[scores], &[1, 0, 0])?;
        let labels = classes::numbered(columns);
        return Ok(Answer::Class { place, probabilities: Some(scores), labels });
    }
    let score = graph.reshape(scores, &[-1, 1])?;
    let (place, scores) = classes::two(graph, score, Sum::Float)?;
    reader.notes.push("it answers one probability: above 0.5 the class is \"1\"".to_owned());
    Ok(Answer::Class { place, probabilities: Some(scores), labels: classes::numbered(2) })
}

fn quantities(graph: &mut Graph, numbers: &[Value]) -> Result<Answer> {
    let mut found = Vec::new();
    for value in numbers {
        let columns = columns(graph, *value)?;
        ensure!((1..=1000).contains(&columns), "it answers {columns} numbers for a row");
        found.extend((0..columns).map(|column| (*value, column)));
    }
    Ok(Answer::Quantities(found))
}

/// The number of columns of a value, by an evaluation of one row.
fn columns(graph: &Graph, value: Value) -> Result<usize> {
    crate::ir::evaluate::columns(graph, value)
}

/// The texts that the model knows for a column of an input.
pub fn categories(graph: &Graph, input: usize, column: usize) -> Vec<String> {
    let mut found = Vec::new();
    for definition in &graph.values {
        let Definition::Node(node) = definition else { continue };
        if !matches!(node.op, Op::OneHotEncoder | Op::LabelEncoder) {
            continue;
        }
        if comes_from(graph, node.inputs[0], 0) == Some((input, column))
            && let Some(Data::Text(texts)) =
                graph.as_constant(node.inputs[1]).map(|keys| &keys.data)
        {
            found.extend(texts.iter().map(|text| (*text).to_owned()));
            break;
        }
    }
    found
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
