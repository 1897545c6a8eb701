//! A model as a graph: constants, inputs and nodes, before it is written as a program.

use crate::ir::budget::Rest;
use anyhow::{Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::{Data, Shape, Tensor};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// A value of the graph, by its index: a constant, an input, or the result of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub usize);

/// The source of a value.
pub enum Definition {
    /// A tensor known during the import.
    Constant(Tensor<'static>),
    /// The index of an input.
    Input(usize),
    /// A slot of a scan's body, set before each run.
    Slot,
    /// The result of a node.
    Node(Node),
}

/// An operator with its inputs and attributes.
pub struct Node {
    /// The operator.
    pub op: Op,
    /// The inputs, in the operator's order.
    pub inputs: Vec<Value>,
    /// The attributes; their meaning depends on the operator.
    pub attributes: Vec<i32>,
    /// The name in the file, for messages.
    pub name: String,
    /// The body, if the node is a scan.
    pub body: Option<Body>,
}

/// The body of a scan.
pub struct Body {
    /// The nodes. Each comes after the nodes it needs.
    pub nodes: Vec<Value>,
    /// The slot of the current slice.
    pub slice: Value,
    /// The output of a run.
    pub output: Value,
    /// The slot of each state before a run, and its value after it.
    pub states: Vec<(Value, Value)>,
}

/// An input of the model.
pub struct Input {
    /// The name in the file.
    pub name: String,
    /// The type of all its columns.
    pub kind: InputKind,
    /// The number of columns.
    pub columns: usize,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// `float`, 32 bits.
    Float,
    /// `double`, 64 bits.
    Double,
    /// Integers; evaluated as `int64`.
    Int,
    /// `bool`.
    Bool,
    /// `string`.
    Text,
}

/// A graph under construction. Each node comes after the nodes it needs.
#[derive(Default)]
pub struct Graph {
    /// The source of each [`Value`], by its index.
    pub values: Vec<Definition>,
    /// The inputs of the model, in order.
    pub inputs: Vec<Input>,
    /// The nodes of each body being read, the innermost last.
    bodies: Vec<Vec<Value>>,
    /// The name of the node being read.
    pub reading: String,
    /// The covers of each ensemble of trees, in the order of its nodes, if the file has them.
    pub covers: HashMap<Value, Vec<f64>>,
    /// The remaining memory and steps.
    pub rest: Rest,
}

impl Graph {
    /// Makes an empty graph. Its nodes are named after `reading`, the part of a file being read.
    pub fn new(reading: &str) -> Self {
        Self { reading: reading.to_owned(), ..Self::default() }
    }

    /// Adds a constant.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn constant(&mut self, tensor: Tensor<'static>) -> Result<Value> {
        let taken = self.rest.spend(|rest| rest.take_bytes(tensor.bytes()));
        taken.map_err(|error| self.fault(error))?;
        Ok(self.add(Definition::Constant(tensor)))
    }

    /// Adds a list of floats.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn floats(&mut self, values: &[f32]) -> Result<Value> {
        self.list(Data::Float(values.to_vec().into()))
    }

    /// Adds a list of doubles.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn doubles(&mut self, values: &[f64]) -> Result<Value> {
        self.list(Data::Double(values.to_vec().into()))
    }

    /// Adds a list of integers.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn ints(&mut self, values: &[i64]) -> Result<Value> {
        self.list(Data::Int(values.to_vec().into()))
    }

    /// Adds a list of strings.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn texts(&mut self, values: &[String]) -> Result<Value> {
        self.list(Data::Text(values.iter().map(|text| keep(text)).collect::<Vec<_>>().into()))
    }

    fn list(&mut self, data: Data<'static>) -> Result<Value> {
        let tensor = Shape::new(&[data.len()]).and_then(|shape| Tensor::new(shape, data));
        self.constant(tensor.map_err(|error| self.fault(error))?)
    }

    /// Adds records in an operator's own format.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn records<T: bytemuck::NoUninit>(&mut self, records: &[T]) -> Result<Value> {
        let bytes: &[u8] = bytemuck::cast_slice(records);
        let words = vec![0_u64; bytes.len().div_ceil(8)];
        let kept: &'static mut [u8] = bytemuck::cast_slice_mut(Vec::leak(words));
        kept[..bytes.len()].copy_from_slice(bytes);
        let shape = Shape::new(&[]).expect("a scalar is a shape");
        self.constant(Tensor { shape, data: Data::Bytes(&kept[..bytes.len()]) })
    }

    /// Adds an input.
    pub fn input(&mut self, input: Input) -> Value {
        self.inputs.push(input);
        self.add(Definition::Input(self.inputs.len() - 1))
    }

    /// Adds a node, or computes its result if all inputs are constants.
    ///
    /// # Errors
    ///
    /// If an input is missing, or if the computation fails.
    pub fn node(&mut self, op: Op, inputs: &[Value], attributes: &[i32]) -> Result<Value> {
        ensure!(inputs.len() >= op.inputs(), "{} lacks an input", self.reading);
        let constants = inputs.iter().map(|value| self.as_constant(*value));
        if let Some(constants) = constants.collect::<Option<Vec<_>>>() {
            let folded = self.rest.spend(|rest| op.run(&constants, attributes, rest));
            return self.constant(folded.map_err(|error| self.fault(error))?);
        }
        Ok(self.push(op, inputs, attributes, None))
    }

    fn push(&mut self, op: Op, inputs: &[Value], attributes: &[i32], body: Option<Body>) -> Value {
        let (inputs, attributes) = (inputs.to_vec(), attributes.to_vec());
        let name = self.reading.clone();
        let value = self.add(Definition::Node(Node { op, inputs, attributes, name, body }));
        if let Some(nodes) = self.bodies.last_mut() {
            nodes.push(value);
        }
        value
    }

    /// Adds a scan. `read` adds the body: it takes the slots of the states and of the slice, and
    /// returns the states after a run, and the output.
    ///
    /// # Errors
    ///
    /// If there is no input, or if `read` fails.
    pub fn scan(
        &mut self,
        inputs: &[Value],
        read: impl FnOnce(&mut Self, &[Value], Value) -> Result<(Vec<Value>, Value)>,
    ) -> Result<Value> {
        let count = inputs.len().checked_sub(1).ok_or_else(|| anyhow!("a scan needs an input"))?;
        let before: Vec<Value> = (0..count).map(|_| self.add(Definition::Slot)).collect();
        let slice = self.add(Definition::Slot);
        self.bodies.push(Vec::new());
        let read = read(self, &before, slice);
        let nodes = self.bodies.pop().unwrap_or_default();
        let (after, output) = read?;
        let states = before.into_iter().zip(after).collect();
        Ok(self.push(Op::Scan, inputs, &[], Some(Body { nodes, slice, output, states })))
    }

    /// Returns the tensor of a constant, none for other values.
    pub fn as_constant(&self, value: Value) -> Option<&Tensor<'static>> {
        match &self.values[value.0] {
            Definition::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// Returns the node of a value, none for other values.
    pub fn as_node(&self, value: Value) -> Option<&Node> {
        match &self.values[value.0] {
            Definition::Node(node) => Some(node),
            _ => None,
        }
    }

    /// Returns the integers of a constant.
    ///
    /// # Errors
    ///
    /// If the value is no constant of integers.
    pub fn constant_ints(&self, value: Value) -> Result<&[i64]> {
        match self.as_constant(value).map(|tensor| &tensor.data) {
            Some(Data::Int(values)) => Ok(values),
            _ => bail!("{}: a shape or an index is computed, and not in the file", self.reading),
        }
    }

    /// Adds a conversion of the values to another type.
    ///
    /// # Errors
    ///
    /// If the node cannot be added.
    pub fn cast(&mut self, value: Value, kind: Kind) -> Result<Value> {
        self.node(Op::Cast, &[value], &[kind as i32])
    }

    /// Adds a reshape of the values to `dims`.
    ///
    /// # Errors
    ///
    /// If the node cannot be added.
    pub fn reshape(&mut self, value: Value, dims: &[i64]) -> Result<Value> {
        let shape = self.ints(dims)?;
        self.node(Op::Reshape, &[value, shape], &[])
    }

    /// Adds the selection of a column of a matrix, as a matrix of one column.
    ///
    /// # Errors
    ///
    /// If the node cannot be added.
    pub fn column(&mut self, value: Value, column: usize) -> Result<Value> {
        let column = self.ints(&[column as i64])?;
        self.node(Op::Gather, &[value, column], &[1])
    }

    fn add(&mut self, definition: Definition) -> Value {
        self.values.push(definition);
        Value(self.values.len() - 1)
    }

    fn fault(&self, error: model_runner::error::Error) -> anyhow::Error {
        anyhow!("{} {error}", self.reading)
    }
}

/// Keeps a string until the process ends. Equal strings are kept once.
pub fn keep(text: &str) -> &'static str {
    thread_local! {
        static KEPT: RefCell<HashSet<&'static str>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| match kept.get(text) {
        Some(known) => *known,
        None => {
            let leaked: &str = String::leak(text.to_owned());
            kept.insert(leaked);
            leaked
        }
    })
}
