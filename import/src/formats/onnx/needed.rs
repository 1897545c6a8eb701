//! Finds the nodes of a graph needed by its outputs.

use super::functions;
use super::proto::{GraphProto, NodeProto};
use std::collections::HashSet;

/// Returns the nodes needed by the outputs, directly or through other nodes, in their order in the
/// file.
pub fn nodes(graph: &GraphProto) -> Vec<&NodeProto> {
    let mut wanted: HashSet<&str> =
        graph.output.iter().map(|output| output.name.as_str()).collect();
    let mut needed = Vec::new();
    for node in graph.node.iter().rev() {
        let is_wanted = |name: &String| !name.is_empty() && wanted.contains(name.as_str());
        if node.output.iter().any(is_wanted) {
            add_inputs(node, &mut wanted);
            needed.push(node);
        }
    }
    needed.reverse();
    needed
}

/// Adds the inputs of a node, and the inputs of the nodes in its subgraphs: a subgraph sees the
/// values around it.
fn add_inputs<'n>(node: &'n NodeProto, wanted: &mut HashSet<&'n str>) {
    wanted.extend(functions::inputs(node));
    let subgraphs = node.attribute.iter().filter_map(|attribute| attribute.g.as_ref());
    for subgraph in subgraphs {
        wanted.extend(subgraph.output.iter().map(|output| output.name.as_str()));
        for node in &subgraph.node {
            add_inputs(node, wanted);
        }
    }
}
