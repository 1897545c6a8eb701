//! Writes a graph as a program for the runner, in the format of `model_runner::table`.

use crate::ir::graph::{Body, Definition, Graph, InputKind, Value};
use anyhow::{Result, ensure};
use model_runner::op::Op;
use model_runner::table::{self, Column, Header, MAGIC, NONE};
use model_runner::tensor::{Data, Tensor};
use std::collections::{HashMap, HashSet};

/// An answer for each row, by the values of the graph.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// A class for each row.
    Class {
        /// The index of each row's class in `labels`.
        index: Value,
        /// The probabilities, `[rows, classes]`; none if the answer is the class alone.
        probabilities: Option<Value>,
        /// The labels of all classes, a constant of strings.
        labels: Value,
    },
    /// A column of numbers.
    Quantity {
        /// The numbers, `[rows, columns]`.
        value: Value,
        /// The index of the column.
        column: usize,
    },
}

/// The feature of an input column, and its coding.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The feature's index in a row.
    pub feature: usize,
    /// The coding of the feature's value.
    pub coding: Coding,
}

/// The coding of a value in a column.
#[derive(Clone, Copy, Debug)]
pub enum Coding {
    /// Unchanged.
    Plain,
    /// Categories by their names, with their codes.
    Codes {
        /// The names of the categories, a constant of strings.
        names: Value,
        /// The code of each category, then of an unknown one, then of a missing one.
        codes: Value,
    },
    /// A string.
    Text {
        /// A list of one string, the replacement for a missing value.
        missing: Value,
    },
}

impl Coding {
    fn values(self) -> impl Iterator<Item = Value> {
        let values = match self {
            Self::Plain => [None, None],
            Self::Codes { names, codes } => [Some(names), Some(codes)],
            Self::Text { missing } => [None, Some(missing)],
        };
        values.into_iter().flatten()
    }
}

/// A written program, with the names of its nodes by slot.
pub struct Written {
    /// The program, in words of eight bytes.
    pub words: Vec<u64>,
    /// The names of the nodes, by the slots of their results, for messages.
    pub names: HashMap<u32, String>,
}

/// Writes the part of a graph needed by its outputs.
///
/// `cells` has the columns of each input, `features` is the number of features of a row, and
/// `block` is the largest number of rows evaluated at once.
///
/// # Errors
///
/// If the constants take more than 2 GiB.
pub fn write(
    graph: &Graph,
    outputs: &[Output],
    cells: &[Vec<Cell>],
    features: usize,
    block: usize,
) -> Result<Written> {
    let mut writer = Writer { graph, slots: HashMap::new(), words: Vec::new(), data: Vec::new() };
    // Give slots to the needed values: constants first, then inputs, then nodes.
    let needed = needed(graph, outputs, cells);
    let all = || needed.iter().map(|value| (*value, &graph.values[value.0]));
    let constants: Vec<_> = all()
        .filter_map(|(value, definition)| match definition {
            Definition::Constant(tensor) => Some((value, tensor)),
            _ => None,
        })
        .collect();
    constants.iter().for_each(|(value, _)| writer.give(*value));
    for (value, definition) in graph.values.iter().enumerate() {
        if matches!(definition, Definition::Input(_)) {
            writer.give(Value(value));
        }
    }
    all().for_each(|(value, _)| writer.give(value));
    // Write each part.
    writer.words.resize(size_of::<Header>() / 4, 0);
    let start = writer.place();
    constants.iter().try_for_each(|(_, tensor)| writer.constant(tensor))?;
    let constants = [start, constants.len() as u32];
    let inputs = writer.inputs(cells);
    let (nodes, names) = writer.nodes(&needed);
    let outputs = writer.outputs(outputs);
    // Write the header, and move the data after the words.
    let header = Header {
        magic: MAGIC,
        slots: writer.slots.len() as u32,
        features: features as u32,
        block: block as u32,
        constants,
        inputs,
        nodes,
        outputs,
    };
    writer.finish(header, constants).map(|words| Written { words, names })
}

/// Finds the values needed by the outputs, in the graph's order.
fn needed(graph: &Graph, outputs: &[Output], cells: &[Vec<Cell>]) -> Vec<Value> {
    let mut open: Vec<Value> = Vec::new();
    for output in outputs {
        match output {
            Output::Class { index, probabilities, labels } => {
                open.extend([*index, *labels].into_iter().chain(*probabilities));
            }
            Output::Quantity { value, .. } => open.push(*value),
        }
    }
    open.extend(cells.iter().flatten().flat_map(|cell| cell.coding.values()));
    let mut found = vec![false; graph.values.len()];
    while let Some(value) = open.pop() {
        if std::mem::replace(&mut found[value.0], true) {
            continue;
        }
        if let Definition::Node(node) = &graph.values[value.0] {
            open.extend(&node.inputs);
            if let Some(body) = &node.body {
                open.extend([body.slice, body.output]);
                open.extend(body.states.iter().flat_map(|(before, after)| [*before, *after]));
            }
        }
    }
    (0..found.len()).filter(|value| found[*value]).map(Value).collect()
}

struct Writer<'g> {
    graph: &'g Graph,
    slots: HashMap<Value, u32>,
    words: Vec<u32>,
    /// The data of the constants, padded to words of 64 bits.
    data: Vec<u8>,
}

impl Writer<'_> {
    fn give(&mut self, value: Value) {
        let next = self.slots.len() as u32;
        self.slots.entry(value).or_insert(next);
    }

    fn place(&self) -> u32 {
        self.words.len() as u32
    }

    /// Writes a constant, with the offset of its data.
    fn constant(&mut self, tensor: &Tensor) -> Result<()> {
        let (kind, bytes): (u32, Vec<u8>) = match &tensor.data {
            Data::Float(values) => (table::FLOAT, bytemuck::cast_slice(values).to_vec()),
            Data::Double(values) => (table::DOUBLE, bytemuck::cast_slice(values).to_vec()),
            Data::Int(values) => (table::INT, bytemuck::cast_slice(values).to_vec()),
            Data::Bool(values) => (table::BOOL, values.iter().map(|value| *value as u8).collect()),
            Data::Bytes(bytes) => (table::BYTES, bytes.to_vec()),
            Data::Text(texts) => (table::TEXT, self.texts(texts)?),
        };
        let (offset, length) = self.store(&bytes)?;
        let dims = tensor.shape.dims();
        self.words.extend([kind, offset, length, dims.len() as u32]);
        self.words.extend(dims.iter().map(|length| *length as u32));
        Ok(())
    }

    fn texts(&mut self, texts: &[&str]) -> Result<Vec<u8>> {
        let mut places = Vec::with_capacity(texts.len() * 8);
        for text in texts {
            let (offset, length) = self.store(text.as_bytes())?;
            places.extend_from_slice(&offset.to_le_bytes());
            places.extend_from_slice(&length.to_le_bytes());
        }
        Ok(places)
    }

    fn store(&mut self, bytes: &[u8]) -> Result<(u32, u32)> {
        let offset = self.data.len();
        self.data.extend_from_slice(bytes);
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        ensure!(self.data.len() < 1 << 31, "the model has more than 2 GiB of constants");
        Ok((offset as u32, bytes.len() as u32))
    }

    fn inputs(&mut self, cells: &[Vec<Cell>]) -> [u32; 2] {
        let start = self.place();
        for (input, cells) in self.graph.inputs.iter().zip(cells) {
            let kind = match input.kind {
                InputKind::Float => table::FLOAT,
                InputKind::Double => table::DOUBLE,
                InputKind::Int => table::INT,
                InputKind::Bool => table::BOOL,
                InputKind::Text => table::TEXT,
            };
            self.words.extend([kind, cells.len() as u32]);
            for cell in cells {
                let (names, codes) = match cell.coding {
                    Coding::Plain => (NONE, NONE),
                    Coding::Codes { names, codes } => (self.slots[&names], self.slots[&codes]),
                    Coding::Text { missing } => (NONE, self.slots[&missing]),
                };
                let column =
                    Column { feature: cell.feature as u32, categories: names, codes, reserved: 0 };
                self.words.extend_from_slice(bytemuck::cast_slice(&[column]));
            }
        }
        [start, self.graph.inputs.len() as u32]
    }

    fn nodes(&mut self, needed: &[Value]) -> ([u32; 2], HashMap<u32, String>) {
        // The bodies come first, so the scans know their positions.
        let in_bodies: HashSet<Value> = self.graph.values.iter().flat_map(nodes_of_body).collect();
        let mut bodies = HashMap::new();
        for value in needed {
            let Some(body) = self.graph.as_node(*value).and_then(|node| node.body.as_ref()) else {
                continue;
            };
            let start = self.place();
            let nodes: Vec<_> =
                body.nodes.iter().filter(|value| self.slots.contains_key(value)).collect();
            nodes.iter().for_each(|value| self.node(**value, &bodies));
            bodies.insert(*value, [start, nodes.len() as u32]);
        }
        let (start, mut count, mut names) = (self.place(), 0, HashMap::new());
        for value in needed {
            let Some(node) = self.graph.as_node(*value) else { continue };
            names.insert(self.slots[value], node.name.clone());
            if !in_bodies.contains(value) {
                self.node(*value, &bodies);
                count += 1;
            }
        }
        ([start, count], names)
    }

    fn node(&mut self, value: Value, bodies: &HashMap<Value, [u32; 2]>) {
        let Some(node) = self.graph.as_node(value) else { return };
        let mut attributes = node.attributes.clone();
        if let (Op::Scan, Some(body)) = (node.op, &node.body) {
            attributes.extend(self.scan(body, bodies[&value]));
        }
        let counts = [node.inputs.len() as u32, attributes.len() as u32];
        self.words.extend([node.op as u32, self.slots[&value], counts[0], counts[1]]);
        let inputs: Vec<u32> = node.inputs.iter().map(|input| self.slots[input]).collect();
        self.words.extend(inputs);
        self.words.extend(attributes.iter().map(|attribute| *attribute as u32));
    }

    fn scan(&self, body: &Body, [place, count]: [u32; 2]) -> Vec<i32> {
        let slot = |value: &Value| self.slots[value] as i32;
        let states = body.states.iter().flat_map(|(before, after)| [slot(before), slot(after)]);
        [place as i32, count as i32, slot(&body.slice), slot(&body.output)]
            .into_iter()
            .chain(states)
            .collect()
    }

    fn outputs(&mut self, outputs: &[Output]) -> [u32; 2] {
        let start = self.place();
        for output in outputs {
            let words = match output {
                Output::Class { index, probabilities, labels } => [
                    table::CLASS,
                    self.slots[index],
                    probabilities.map_or(NONE, |value| self.slots[&value]),
                    self.slots[labels],
                ],
                Output::Quantity { value, column } => {
                    [table::QUANTITY, self.slots[value], NONE, *column as u32]
                }
            };
            self.words.extend(words);
        }
        [start, outputs.len() as u32]
    }

    /// Sets the header, moves the offsets of the constants after the words, and joins words and
    /// data.
    fn finish(mut self, header: Header, [start, count]: [u32; 2]) -> Result<Vec<u64>> {
        self.words[..size_of::<Header>() / 4].copy_from_slice(bytemuck::cast_slice(&[header]));
        self.words.resize(self.words.len().next_multiple_of(2), 0);
        let base = self.words.len() as u32 * 4;
        let mut place = start as usize;
        for _ in 0..count {
            self.words[place + 1] += base;
            if self.words[place] == table::TEXT {
                self.move_texts(place, base);
            }
            place += 4 + self.words[place + 3] as usize;
        }
        let mut words = vec![0_u64; (base as usize + self.data.len()).div_ceil(8)];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        bytes[..base as usize].copy_from_slice(bytemuck::cast_slice(&self.words));
        bytes[base as usize..].copy_from_slice(&self.data);
        Ok(words)
    }

    fn move_texts(&mut self, constant: usize, base: u32) {
        let first = (self.words[constant + 1] - base) as usize;
        for place in (first..first + self.words[constant + 2] as usize).step_by(8) {
            let offset = &mut self.data[place..place + 4];
            let moved = u32::from_le_bytes([offset[0], offset[1], offset[2], offset[3]]) + base;
            offset.copy_from_slice(&moved.to_le_bytes());
        }
    }
}

fn nodes_of_body(definition: &Definition) -> impl Iterator<Item = Value> {
    let body = match definition {
        Definition::Node(node) => node.body.as_ref(),
        _ => None,
    };
    body.into_iter().flat_map(|body| body.nodes.iter().copied())
}
