//! The attributes of a node.

use super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto};
use super::tensor;
use anyhow::{Context, Result, anyhow, ensure};
use model_runner::tensor::{Data, Tensor};

/// The attributes of one node, with its name for errors.
pub struct Attributes<'p> {
    node: &'p NodeProto,
}

impl<'p> Attributes<'p> {
    pub fn of(node: &'p NodeProto) -> Self {
        Self { node }
    }

    pub fn get(&self, name: &str) -> Option<&'p AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.i)
    }

    /// An integer as the runner has attributes.
    pub fn small(&self, name: &str, default: i64) -> Result<i32> {
        i32::try_from(self.int(name, default)).with_context(|| format!("{name} is too large"))
    }

    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.get(name).map_or(default, |attribute| attribute.f)
    }

    pub fn text(&self, name: &str, default: &str) -> Result<String> {
        self.get(name).map_or(Ok(default.to_owned()), |attribute| tensor::text(&attribute.s))
    }

    pub fn ints(&self, name: &str) -> &'p [i64] {
        self.get(name).map_or(&[], |attribute| &attribute.ints)
    }

    /// Numbers, which some exporters write as integers.
    pub fn floats(&self, name: &str) -> Vec<f32> {
        let Some(attribute) = self.get(name) else { return Vec::new() };
        if attribute.floats.is_empty() {
            attribute.ints.iter().map(|value| *value as f32).collect()
        } else {
            attribute.floats.clone()
        }
    }

    /// Numbers as `double`: those of the tensor `<name>_as_tensor`, or the floats of `name`.
    pub fn doubles(&self, name: &str) -> Result<Vec<f64>> {
        match self.tensor(&format!("{name}_as_tensor"))? {
            Some(tensor) => numbers(&tensor),
            None => Ok(self.floats(name).into_iter().map(f64::from).collect()),
        }
    }

    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let strings = self.get(name).map_or(&[][..], |attribute| &attribute.strings);
        strings.iter().map(|bytes| tensor::text(bytes)).collect()
    }

    pub fn tensor(&self, name: &str) -> Result<Option<Tensor<'static>>> {
        let proto: Option<&TensorProto> = self.get(name).and_then(|attribute| attribute.t.as_ref());
        proto.map(tensor::read).transpose()
    }

    pub fn graph(&self, name: &str) -> Result<&'p GraphProto> {
        let graph = self.get(name).and_then(|attribute| attribute.g.as_ref());
        graph.ok_or_else(|| anyhow!("{name} is missing"))
    }

    /// Checks that an attribute has its default, which is all that is supported.
    pub fn expect(&self, name: &str, value: i64) -> Result<()> {
        ensure!(self.int(name, value) == value, "{name} is supported as {value} only");
        Ok(())
    }
}

/// The values of a tensor as `double`.
pub fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    match &tensor.data {
        Data::Text(_) | Data::Bytes(_) => Err(anyhow!("a tensor of numbers has texts")),
        _ => Ok(tensor.to_doubles().map_err(|error| anyhow!("a tensor {error}"))?.into_owned()),
    }
}
