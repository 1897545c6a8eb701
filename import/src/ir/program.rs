//! Writes a graph as a program for the runner, in the format of `model_runner::table`.

use crate::ir::graph::{Body, Definition, Graph, InputKind, Value};
use anyhow::{Result, ensure};
use bytemuck::Zeroable;
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

/// A way to compute the contributions of features to answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The method.
    pub method: Method,
    /// The numbers to explain, in the order of the attributions.
    pub attributions: Vec<Attribution>,
}

/// The method of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The contributions are values of the graph.
    Contributions,
    /// All coalitions of features.
    Coalitions,
    /// A sample of permutations.
    Permutations,
}

/// A number to explain.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The index of the output.
    pub output: usize,
    /// The index of the class; none for a quantity.
    pub class: Option<usize>,
    /// The source of the contributions.
    pub source: Source,
    /// The value without any contribution. Coalitions and permutations compute it.
    pub base: f64,
}

/// The source of contributions.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A value of the graph, `[rows, …]`, with one contribution after the other.
    Value {
        /// The value.
        value: Value,
        /// The index of the first feature's contribution in a row.
        first: usize,
        /// The factor of each contribution.
        factor: f64,
    },
    /// A number of the answer, by its index among the numbers of a row.
    Number(usize),
}

/// Writes the part of a graph needed by its outputs, and by the explanation if there is one.
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
    explanation: Option<&Explanation>,
    cells: &[Vec<Cell>],
    features: usize,
    block: usize,
) -> Result<Written> {
    let mut writer = Writer::new(graph);
    let mut header = Header { features: features as u32, block: block as u32, ..Header::zeroed() };
    let mut names = writer.program(&mut header, 0, Part::Outputs(outputs), cells)?;
    if let Some(explanation) = explanation {
        let mut own = Header { method: explanation.method as u32, ..header };
        let start = writer.place();
        names.extend(writer.program(&mut own, start, Part::Attributions(explanation), cells)?);
        header.explanation = start;
        writer.set(0, header);
    }
    writer.finish().map(|words| Written { words, names })
}

/// The wanted values of a program.
#[derive(Clone, Copy)]
enum Part<'p> {
    Outputs(&'p [Output]),
    Attributions(&'p Explanation),
}

impl Part<'_> {
    fn values(self) -> Vec<Value> {
        match self {
            Self::Outputs(outputs) => {
                let values = outputs.iter().flat_map(|output| match output {
                    Output::Class { index, probabilities, labels } => {
                        [Some(*index), Some(*labels), *probabilities]
                    }
                    Output::Quantity { value, .. } => [Some(*value), None, None],
                });
                values.flatten().collect()
            }
            Self::Attributions(explanation) => {
                let sources = explanation.attributions.iter().map(|one| &one.source);
                let value = |source: &Source| match source {
                    Source::Value { value, .. } => Some(*value),
                    Source::Number(_) => None,
                };
                sources.filter_map(value).collect()
            }
        }
    }
}

/// Writes the words of a program.
struct Writer<'g> {
    graph: &'g Graph,
    /// The slots of the program being written.
    slots: HashMap<Value, u32>,
    words: Vec<u32>,
    /// The data of the constants, padded to words of 64 bits.
    data: Vec<u8>,
    /// The offset and the length of each constant's data, in bytes. Programs share them.
    stored: HashMap<Value, (u32, u32)>,
    /// The words with an offset into the data.
    offsets: Vec<usize>,
    /// The data with offsets of strings, by offset and length in bytes.
    texts: Vec<(u32, u32)>,
}

impl Writer<'_> {
    fn new(graph: &Graph) -> Writer<'_> {
        Writer {
            graph,
            slots: HashMap::new(),
            words: Vec::new(),
            data: Vec::new(),
            stored: HashMap::new(),
            offsets: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Writes a program from the word `start` on, and fills in its header. Returns the names of its
    /// nodes, if they are those of the outputs.
    fn program(
        &mut self,
        header: &mut Header,
        start: u32,
        part: Part,
        cells: &[Vec<Cell>],
    ) -> Result<HashMap<u32, String>> {
        self.slots.clear();
        // Give slots to the needed values: constants first, then inputs, then nodes.
        let graph = self.graph;
        let needed = needed(graph, part.values(), cells);
        let all = || needed.iter().map(|value| (*value, &graph.values[value.0]));
        let constants: Vec<_> = all()
            .filter_map(|(value, definition)| match definition {
                Definition::Constant(tensor) => Some((value, tensor)),
                _ => None,
            })
            .collect();
        constants.iter().for_each(|(value, _)| self.give(*value));
        for (value, definition) in graph.values.iter().enumerate() {
            if matches!(definition, Definition::Input(_)) {
                self.give(Value(value));
            }
        }
        all().for_each(|(value, _)| self.give(value));
        // Write each part.
        self.words.resize(start as usize + size_of::<Header>() / 4, 0);
        let first = self.place();
        constants.iter().try_for_each(|(value, tensor)| self.constant(*value, tensor))?;
        header.constants = [first, constants.len() as u32];
        header.inputs = self.inputs(cells);
        let (nodes, names) = self.nodes(&needed);
        header.nodes = nodes;
        header.outputs = match part {
            Part::Outputs(outputs) => self.outputs(outputs),
            Part::Attributions(explanation) => self.attributions(&explanation.attributions),
        };
        header.magic = MAGIC;
        header.slots = self.slots.len() as u32;
        self.set(start, *header);
        Ok(if matches!(part, Part::Outputs(_)) { names } else { HashMap::new() })
    }

    fn set(&mut self, start: u32, header: Header) {
        let words: &[u32] = bytemuck::cast_slice(std::slice::from_ref(&header));
        self.words[start as usize..][..words.len()].copy_from_slice(words);
    }
}

/// Finds the values needed by others, in the graph's order.
fn needed(graph: &Graph, wanted: Vec<Value>, cells: &[Vec<Cell>]) -> Vec<Value> {
    let mut open = wanted;
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

impl Writer<'_> {
    fn give(&mut self, value: Value) {
        let next = self.slots.len() as u32;
        self.slots.entry(value).or_insert(next);
    }

    fn place(&self) -> u32 {
        self.words.len() as u32
    }

    /// Writes a constant, with the offset of its data.
    fn constant(&mut self, value: Value, tensor: &Tensor) -> Result<()> {
        let kind = match &tensor.data {
            Data::Float(_) => table::FLOAT,
            Data::Double(_) => table::DOUBLE,
            Data::Int(_) => table::INT,
            Data::Bool(_) => table::BOOL,
            Data::Bytes(_) => table::BYTES,
            Data::Text(_) => table::TEXT,
        };
        let (offset, length) = match self.stored.get(&value) {
            Some(stored) => *stored,
            None => self.store_data(&tensor.data)?,
        };
        self.stored.insert(value, (offset, length));
        self.offsets.push(self.words.len() + 1);
        let dims = tensor.shape.dims();
        self.words.extend([kind, offset, length, dims.len() as u32]);
        self.words.extend(dims.iter().map(|length| *length as u32));
        Ok(())
    }

    fn store_data(&mut self, data: &Data) -> Result<(u32, u32)> {
        match data {
            Data::Float(values) => self.store(bytemuck::cast_slice(values)),
            Data::Double(values) => self.store(bytemuck::cast_slice(values)),
            Data::Int(values) => self.store(bytemuck::cast_slice(values)),
            Data::Bool(values) => {
                self.store(&values.iter().map(|value| u8::from(*value)).collect::<Vec<_>>())
            }
            Data::Bytes(bytes) => self.store(bytes),
            Data::Text(texts) => {
                let places = self.texts(texts)?;
                let stored = self.store(&places)?;
                self.texts.push(stored);
                Ok(stored)
            }
        }
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

    fn attributions(&mut self, attributions: &[Attribution]) -> [u32; 2] {
        let start = self.place();
        for attribution in attributions {
            let (source, first, factor) = match attribution.source {
                Source::Value { value, first, factor } => (self.slots[&value], first, factor),
                Source::Number(index) => (index as u32, 0, 1.0),
            };
            let record = table::Attribution {
                output: attribution.output as u32,
                class: attribution.class.map_or(NONE, |class| class as u32),
                source,
                first: first as u32,
                factor: table::words_of(factor),
                base: table::words_of(attribution.base),
            };
            self.words.extend_from_slice(bytemuck::cast_slice(&[record]));
        }
        [start, attributions.len() as u32]
    }

    /// Moves the offsets of the constants after the words, and joins words and data.
    fn finish(mut self) -> Result<Vec<u64>> {
        self.words.resize(self.words.len().next_multiple_of(2), 0);
        let base = self.words.len() as u32 * 4;
        for place in &self.offsets {
            self.words[*place] += base;
        }
        for (offset, length) in &self.texts {
            let places = &mut self.data[*offset as usize..][..*length as usize];
            for place in places.chunks_exact_mut(8) {
                let moved = u32::from_le_bytes([place[0], place[1], place[2], place[3]]) + base;
                place[..4].copy_from_slice(&moved.to_le_bytes());
            }
        }
        let mut words = vec![0_u64; (base as usize + self.data.len()).div_ceil(8)];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        bytes[..base as usize].copy_from_slice(bytemuck::cast_slice(&self.words));
        bytes[base as usize..].copy_from_slice(&self.data);
        Ok(words)
    }
}

fn nodes_of_body(definition: &Definition) -> impl Iterator<Item = Value> {
    let body = match definition {
        Definition::Node(node) => node.body.as_ref(),
        _ => None,
    };
    body.into_iter().flat_map(|body| body.nodes.iter().copied())
}
