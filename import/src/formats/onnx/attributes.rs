//! The attributes of a node.

use super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};
use super::tensor;
use anyhow::{Context, Result, anyhow, ensure};
use model_runner::tensor::{Data, Tensor};

/// The attributes of one node, by their names.
pub struct Attributes<'p> {
    node: &'p NodeProto,
}

impl<'p> Attributes<'p> {
    /// Wraps the attributes of a node.
    pub fn of(node: &'p NodeProto) -> Self {
        Self { node }
    }

    /// Returns an attribute, none if it is missing.
    pub fn get(&self, name: &str) -> Option<&'p AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// Returns an integer, `default` if it is missing.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.i)
    }

    /// Returns an integer in the type of the runner's attributes, `default` if it is missing.
    ///
    /// # Errors
    ///
    /// If it is too large.
    pub fn small(&self, name: &str, default: i64) -> Result<i32> {
        i32::try_from(self.int(name, default)).with_context(|| format!("{name} is too large"))
    }

    /// Returns a float, `default` if it is missing.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.get(name).map_or(default, |attribute| attribute.f)
    }

    /// Returns a string, `default` if it is missing.
    ///
    /// # Errors
    ///
    /// If it is not UTF-8.
    pub fn text(&self, name: &str, default: &str) -> Result<String> {
        self.get(name).map_or(Ok(default.to_owned()), |attribute| tensor::text(&attribute.s))
    }

    /// Returns a list of integers, empty if it is missing.
    pub fn ints(&self, name: &str) -> &'p [i64] {
        self.get(name).map_or(&[], |attribute| &attribute.ints)
    }

    /// Returns a list of floats, empty if it is missing. Some exporters write integers.
    pub fn floats(&self, name: &str) -> Vec<f32> {
        let Some(attribute) = self.get(name) else { return Vec::new() };
        if attribute.floats.is_empty() {
            attribute.ints.iter().map(|value| *value as f32).collect()
        } else {
            attribute.floats.clone()
        }
    }

    /// Returns numbers as `double`: the tensor `<name>_as_tensor` if the node has it, otherwise the
    /// floats of `name`.
    ///
    /// # Errors
    ///
    /// If the tensor is broken or has strings.
    pub fn doubles(&self, name: &str) -> Result<Vec<f64>> {
        match self.tensor(&format!("{name}_as_tensor"))? {
            Some(tensor) => numbers(&tensor),
            None => Ok(self.floats(name).into_iter().map(f64::from).collect()),
        }
    }

    /// Returns a list of strings, empty if it is missing.
    ///
    /// # Errors
    ///
    /// If a string is not UTF-8.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let strings = self.get(name).map_or(&[][..], |attribute| &attribute.strings);
        strings.iter().map(|bytes| tensor::text(bytes)).collect()
    }

    /// Returns a tensor, none if it is missing.
    ///
    /// # Errors
    ///
    /// If the tensor is broken or not supported.
    pub fn tensor(&self, name: &str) -> Result<Option<Tensor<'static>>> {
        let proto: Option<&TensorProto> = self.get(name).and_then(|attribute| attribute.t.as_ref());
        proto.map(tensor::read).transpose()
    }

    /// Returns a subgraph.
    ///
    /// # Errors
    ///
    /// If it is missing.
    pub fn graph(&self, name: &str) -> Result<&'p GraphProto> {
        let graph = self.get(name).and_then(|attribute| attribute.g.as_ref());
        graph.ok_or_else(|| anyhow!("{name} is missing"))
    }

    /// Checks the value of an attribute: only `value`, its default, is supported.
    ///
    /// # Errors
    ///
    /// If the attribute has another value.
    pub fn expect(&self, name: &str, value: i64) -> Result<()> {
        ensure!(self.int(name, value) == value, "{name} is supported as {value} only");
        Ok(())
    }
}

/// Returns the values of a tensor as `double`.
///
/// # Errors
///
/// If they are strings or bytes.
pub fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    match &tensor.data {
        Data::Text(_) | Data::Bytes(_) => Err(anyhow!("a tensor of numbers has texts")),
        _ => Ok(tensor.to_doubles().map_err(|error| anyhow!("a tensor {error}"))?.into_owned()),
    }
}
