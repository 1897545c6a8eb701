//! Reads ONNX: a graph of operators.

mod attributes;

mod columns;
mod functions;
mod labels;
mod layers;
mod ml;
mod needed;
mod ops;
mod outputs;
mod predictors;
pub mod proto;
mod shapes;
mod tensor;
mod trees;

use crate::ir::graph::{Graph, Input, InputKind, Value};
use crate::ir::model::{Feature, Missing, Model, Values};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use attributes::Attributes;
use columns::{Columns, Known};
use prost::Message;
use proto::{GraphProto, ModelProto, NodeProto, ValueInfoProto, data_type};
use std::collections::{HashMap, HashSet};

/// The newest supported opset of ai.onnx: this code was checked against its operators.
const NEWEST_OPSET: i64 = 28;
const OLDEST_OPSET: i64 = 7;

/// The limit on columns of all inputs together.
const MAX_COLUMNS: usize = 65_536;

/// Reads a model.
///
/// `columns` is the number of features, used if the file lacks it.
///
/// # Errors
///
/// If the file is broken, or if an operator or a type is not supported.
pub fn read(bytes: &[u8], columns: Option<usize>) -> Result<Model> {
    let proto = ModelProto::decode(bytes).context("it is no ONNX file, or is cut off")?;
    let graph_proto = proto.graph.as_ref().context("it is no ONNX file, or is cut off")?;
    check_opsets(&proto)?;
    let mut reader = Reader::new(&proto);
    // CatBoost sends NaN to one side of its branches, but the file does not say so.
    reader.handles_missing = proto.producer_name == "CatBoost";
    let names = reader.inputs(graph_proto, columns)?;
    // A tensor of all columns has no names for them.
    let is_named = names.iter().any(|names| names.len() == 1);
    reader.nodes(graph_proto)?;
    let features = reader.features(&names)?;
    let answers = outputs::read(&mut reader, graph_proto)?;
    let producer =
        if proto.producer_name.is_empty() { "an unknown program" } else { &proto.producer_name };
    Ok(Model {
        features,
        is_named,
        answers,
        precision: if reader.has_doubles { "float64" } else { "float32" },
        source: format!("ONNX, written by {producer}"),
        notes: reader.notes,
        graph: reader.graph,
    })
}

fn check_opsets(proto: &ModelProto) -> Result<()> {
    for opset in &proto.opset_import {
        let (domain, version) = (opset.domain.as_str(), opset.version);
        match domain {
            "" | "ai.onnx" => ensure!(
                (OLDEST_OPSET..=NEWEST_OPSET).contains(&version),
                "opset {version} is not supported; export with target_opset={{'': 18, 'ai.onnx.ml': 3}}"
            ),
            "ai.onnx.ml" => {
                ensure!(version <= 5, "ai.onnx.ml {version} is not supported; export with 3");
            }
            _ => {}
        }
    }
    Ok(())
}

/// The state of reading a graph.
pub struct Reader {
    /// The graph built so far.
    pub graph: Graph,
    /// The values of the file, by name: a scope for the graph, and one for each body being read.
    scopes: Vec<HashMap<String, Value>>,
    /// The maps of ZipMap, by name: the tensor and the keys of each.
    maps: HashMap<String, (Value, Vec<String>)>,
    /// The sequences of tensors, by name.
    sequences: HashMap<String, Vec<Value>>,
    /// The version of the ai.onnx operators; the newest supported one if the file names none.
    pub opset: i64,
    /// True if all inputs are of floats.
    has_floats_only: bool,
    /// True if an input is of doubles.
    has_doubles: bool,
    /// True if a node handles NaN.
    handles_missing: bool,
    /// The inputs of imputers for missing numbers (NaN).
    imputed: Vec<Value>,
    /// Remarks for the user of the import.
    pub notes: Vec<String>,
}

impl Reader {
    fn new(proto: &ModelProto) -> Self {
        let main = |domain: &str| domain.is_empty() || domain == "ai.onnx";
        let opset = proto.opset_import.iter().find(|opset| main(&opset.domain));
        Self {
            graph: Graph::default(),
            scopes: vec![HashMap::new()],
            maps: HashMap::new(),
            sequences: HashMap::new(),
            opset: opset.map_or(NEWEST_OPSET, |opset| opset.version),
            has_floats_only: true,
            has_doubles: false,
            handles_missing: false,
            imputed: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds the inputs, and names their columns.
    fn inputs(&mut self, proto: &GraphProto, columns: Option<usize>) -> Result<Vec<Vec<String>>> {
        let weights: HashSet<&str> =
            proto.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let is_weight = |input: &&ValueInfoProto| weights.contains(input.name.as_str());
        let inputs: Vec<_> = proto.input.iter().filter(|input| !is_weight(input)).collect();
        ensure!(!inputs.is_empty(), "it has no input");
        let (mut names, mut all) = (Vec::new(), 0_usize);
        for input in &inputs {
            let (kind, width) = input_type(input)?;
            let width = match width {
                Some(width) => width,
                None if inputs.len() > 1 => 1,
                None => columns.with_context(|| {
                    format!(
                        "input {:?} does not say how many columns it has; name them in a card, or \
                             give --data",
                        input.name
                    )
                })?,
            };
            ensure!(width > 0, "input {:?} has no columns", input.name);
            all = all.saturating_add(width);
            ensure!(all <= MAX_COLUMNS, "it has {all} columns, and {MAX_COLUMNS} are read at most");
            self.has_floats_only &= kind == InputKind::Float;
            self.has_doubles |= kind == InputKind::Double;
            let value = self.graph.input(Input { name: input.name.clone(), kind, columns: width });
            self.name(&input.name, value);
            names.push(match width {
                1 => vec![input.name.clone()],
                _ if inputs.len() == 1 => (0..width).map(|column| format!("x{column}")).collect(),
                _ => (0..width).map(|column| format!("{}_{column}", input.name)).collect(),
            });
        }
        Ok(names)
    }

    /// Reads the weights, and the nodes needed by the outputs, in their order.
    fn nodes(&mut self, proto: &GraphProto) -> Result<()> {
        for weight in &proto.initializer {
            let value = self.graph.constant(tensor::read(weight)?)?;
            self.name(&weight.name, value);
        }
        for node in needed::nodes(proto) {
            self.node(node)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &NodeProto) -> Result<()> {
        self.graph.reading = match node.name.as_str() {
            "" => node.op_type.clone(),
            name => format!("{} {name:?}", node.op_type),
        };
        let outputs = match node.domain.as_str() {
            "" | "ai.onnx" => ops::translate(self, node),
            "ai.onnx.ml" => ml::translate(self, node),
            _ => functions::translate(self, node),
        };
        // Errors of the graph name the node already.
        let outputs = outputs.map_err(|error| {
            let reading = &self.graph.reading;
            if error.to_string().starts_with(reading) {
                error
            } else {
                error.context(reading.clone())
            }
        })?;
        for (name, value) in node.output.iter().zip(outputs) {
            self.name(name, value);
        }
        Ok(())
    }

    fn name(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    /// Returns the value of a name.
    ///
    /// # Errors
    ///
    /// If no value has this name.
    pub fn value(&self, name: &str) -> Result<Value> {
        let mut found = self.scopes.iter().rev().filter_map(|scope| scope.get(name));
        found.next().copied().ok_or_else(|| anyhow!("value {name:?} is not there"))
    }

    /// Returns the inputs of a node, without the omitted ones.
    ///
    /// # Errors
    ///
    /// If an input has no value.
    pub fn inputs_of(&self, node: &NodeProto) -> Result<Vec<Value>> {
        node.input.iter().filter(|name| !name.is_empty()).map(|name| self.value(name)).collect()
    }

    /// Returns an input, none if it is omitted.
    ///
    /// # Errors
    ///
    /// If the input has no value.
    pub fn optional(&self, node: &NodeProto, place: usize) -> Result<Option<Value>> {
        let name = node.input.get(place).filter(|name| !name.is_empty());
        name.map(|name| self.value(name)).transpose()
    }

    /// Returns an input.
    ///
    /// # Errors
    ///
    /// If the input is omitted, or has no value.
    pub fn required(&self, node: &NodeProto, place: usize) -> Result<Value> {
        self.optional(node, place)?.ok_or_else(|| anyhow!("input {place} is missing"))
    }

    /// Returns the model's treatment of a missing number.
    fn missing(&self, is_imputed: bool) -> Missing {
        if is_imputed {
            Missing::Impute
        } else if self.handles_missing {
            Missing::Handle { is_trained: false }
        } else {
            Missing::Refuse
        }
    }

    /// Reads the body of a scan into slots of its own, and names its one output. Nothing uses the
    /// states after the last run, so they get no value.
    ///
    /// # Errors
    ///
    /// If the scan has several scan inputs or outputs, or axes or directions other than 0.
    pub fn scan(&mut self, node: &NodeProto) -> Result<()> {
        let attributes = Attributes::of(node);
        ensure!(attributes.int("num_scan_inputs", 1) == 1, "only one scan input is supported");
        for name in [
            "scan_input_axes",
            "scan_output_axes",
            "scan_input_directions",
            "scan_output_directions",
        ] {
            ensure!(
                attributes.ints(name).iter().all(|value| *value == 0),
                "{name} other than 0 is not supported"
            );
        }
        let body = attributes.graph("body")?;
        let inputs = self.inputs_of(node)?;
        let states = inputs.len().checked_sub(1).context("it has no input")?;
        ensure!(body.input.len() == inputs.len(), "the body has another number of inputs");
        ensure!(body.output.len() == states + 1, "only one scan output is supported");
        let reading = self.graph.reading.clone();
        self.scopes.push(HashMap::new());
        let mut graph = std::mem::take(&mut self.graph);
        let scanned = graph.scan(&inputs, |graph, before, slice| {
            std::mem::swap(&mut self.graph, graph);
            for (input, value) in body.input.iter().zip(before.iter().chain([&slice])) {
                self.name(&input.name, *value);
            }
            let read = self.nodes(body);
            let outputs = read.and_then(|()| {
                body.output
                    .iter()
                    .map(|output| self.value(&output.name))
                    .collect::<Result<Vec<_>>>()
            });
            std::mem::swap(&mut self.graph, graph);
            let mut outputs = outputs?;
            let output = outputs.pop().context("the body has no output")?;
            Ok((outputs, output))
        });
        self.graph = graph;
        self.graph.reading = reading;
        self.scopes.pop();
        let output = node.output.last().context("it has no output")?;
        self.name(output, scanned?);
        Ok(())
    }

    /// Returns the features, with their properties found in the nodes.
    fn features(&self, names: &[Vec<String>]) -> Result<Vec<Feature>> {
        let mut columns = Columns::find(&self.graph, &self.imputed)?;
        let mut features = Vec::new();
        for (input, (info, names)) in self.graph.inputs.iter().zip(names).enumerate() {
            for (column, name) in names.iter().enumerate() {
                let (values, missing) = match info.kind {
                    InputKind::Float | InputKind::Double => {
                        (Values::Number, self.missing(columns.is_imputed(input, column)))
                    }
                    InputKind::Int => (Values::Whole, Missing::Refuse),
                    InputKind::Bool => (Values::Flag, Missing::Refuse),
                    InputKind::Text => texts(columns.take_known(input, column)),
                };
                features.push(Feature { name: name.clone(), input, column, values, missing });
            }
        }
        Ok(features)
    }
}

/// Returns the values of a column of strings, and the treatment of a missing value. If training had
/// a missing value, skl2onnx writes "nan" after the other strings. The empty string may stand for a
/// missing value too.
fn texts(known: Known) -> (Values, Missing) {
    let Known { texts: mut known, refuses_others } = known;
    let missing = match known.iter().position(String::is_empty) {
        Some(empty) => Some(known.remove(empty)),
        None => known.pop_if(|last| last == "nan"),
    };
    let policy = match missing {
        Some(_) => Missing::Handle { is_trained: true },
        None => Missing::Refuse,
    };
    (Values::Text { known, missing, refuses_others }, policy)
}

/// Returns the first of a node's inputs.
fn first(inputs: &[Value]) -> Result<Value> {
    inputs.first().copied().context("an input is missing")
}

fn input_type(input: &ValueInfoProto) -> Result<(InputKind, Option<usize>)> {
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let tensor = tensor.with_context(|| format!("input {:?} is no tensor", input.name))?;
    let kind = match tensor.elem_type {
        data_type::FLOAT => InputKind::Float,
        data_type::DOUBLE => InputKind::Double,
        data_type::INT64 | data_type::INT32 => InputKind::Int,
        data_type::BOOL => InputKind::Bool,
        data_type::STRING => InputKind::Text,
        other => bail!("input {:?} is of type {other}, which is not supported", input.name),
    };
    let dims = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    let width = match dims {
        [_, width] => usize::try_from(width.dim_value).ok().filter(|width| *width > 0),
        [_] => Some(1),
        [] => None,
        _ => bail!(
            "input {:?} has {} dimensions; rows of columns are supported",
            input.name,
            dims.len()
        ),
    };
    Ok((kind, width))
}
