//! A model as a graph: constants, inputs and nodes, before it is written as a table.

use crate::ir::budget::Rest;
use anyhow::{Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use model_runner::tensor::{Data, Shape, Tensor};
use std::cell::RefCell;
use std::collections::HashSet;

/// A value of the graph: a constant, an input, or what a node computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub usize);

/// Where a value comes from.
pub enum Definition {
    Constant(Tensor<'static>),
    /// The place of an input.
    Input(usize),
    /// A slot of a scan's body, which each run sets.
    Slot,
    Node(Node),
}

/// An operator and what it takes.
pub struct Node {
    pub op: Op,
    pub inputs: Vec<Value>,
    pub attributes: Vec<i32>,
    /// The name by which a person finds it in the file.
    pub name: String,
    /// The nodes of a scan's body.
    pub body: Option<Body>,
}

/// The body of a scan.
pub struct Body {
    /// The nodes, each behind those that it needs.
    pub nodes: Vec<Value>,
    /// The slot of the slice that a run is for.
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
    pub kind: InputKind,
    /// The number of columns.
    pub columns: usize,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    Float,
    Double,
    Int,
    Bool,
    Text,
}

/// A graph in the making. Each node lies behind those that it needs.
#[derive(Default)]
pub struct Graph {
    pub values: Vec<Definition>,
    pub inputs: Vec<Input>,
    /// The nodes of the body that is being read, if one is.
    bodies: Vec<Vec<Value>>,
    /// The name of the node that is being read.
    pub reading: String,
    /// The memory and the steps that are left.
    pub rest: Rest,
}

impl Graph {
    /// A graph whose nodes are named by the part of a file that is read.
    pub fn new(reading: &str) -> Self {
        Self { reading: reading.to_owned(), ..Self::default() }
    }

    /// Adds a constant.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn constant(&mut self, tensor: Tensor<'static>) -> Result<Value> {
        let size = if matches!(tensor.data, Data::Bytes(_)) { 1 } else { 8 };
        let taken = self.rest.spend(|rest| rest.take_bytes(tensor.data.len() * size));
        taken.map_err(|error| self.fault(error))?;
        Ok(self.add(Definition::Constant(tensor)))
    }

    /// A list of floats.
    pub fn floats(&mut self, values: &[f32]) -> Result<Value> {
        self.list(Data::Float(values.to_vec().into()))
    }

    /// A list of doubles.
    pub fn doubles(&mut self, values: &[f64]) -> Result<Value> {
        self.list(Data::Double(values.to_vec().into()))
    }

    /// A list of integers.
    pub fn ints(&mut self, values: &[i64]) -> Result<Value> {
        self.list(Data::Int(values.to_vec().into()))
    }

    /// A list of texts.
    pub fn texts(&mut self, values: &[String]) -> Result<Value> {
        self.list(Data::Text(values.iter().map(|text| keep(text)).collect::<Vec<_>>().into()))
    }

    fn list(&mut self, data: Data<'static>) -> Result<Value> {
        let tensor = Shape::new(&[data.len()]).and_then(|shape| Tensor::new(shape, data));
        self.constant(tensor.map_err(|error| self.fault(error))?)
    }

    /// Records of an operator's own.
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

    pub fn input(&mut self, input: Input) -> Value {
        self.inputs.push(input);
        self.add(Definition::Input(self.inputs.len() - 1))
    }

    /// Adds a node, or computes it if all that it takes is constant.
    ///
    /// # Errors
    ///
    /// If an input is missing, or it is computed and takes something else.
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

    /// Adds a scan, whose body `read` reads into the slots of the states and of the slice. It answers
    /// with the states after a run, and the output.
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

    pub fn as_constant(&self, value: Value) -> Option<&Tensor<'static>> {
        match &self.values[value.0] {
            Definition::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    pub fn as_node(&self, value: Value) -> Option<&Node> {
        match &self.values[value.0] {
            Definition::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The integers of a constant.
    pub fn constant_ints(&self, value: Value) -> Result<&[i64]> {
        match self.as_constant(value).map(|tensor| &tensor.data) {
            Some(Data::Int(values)) => Ok(values),
            _ => bail!("{}: a shape or an index is computed, and not in the file", self.reading),
        }
    }

    /// The values in another type.
    pub fn cast(&mut self, value: Value, kind: Kind) -> Result<Value> {
        self.node(Op::Cast, &[value], &[kind as i32])
    }

    /// The values in a shape.
    pub fn reshape(&mut self, value: Value, dims: &[i64]) -> Result<Value> {
        let shape = self.ints(dims)?;
        self.node(Op::Reshape, &[value, shape], &[])
    }

    /// A column of a matrix, as a matrix of one column.
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

/// Keeps a text for as long as the program runs, each text once.
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
