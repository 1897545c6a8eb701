//! The nodes of a graph that its outputs need.

use super::functions;
use super::proto::{GraphProto, NodeProto};
use std::collections::HashSet;

/// The nodes that the outputs need, directly or by way of others, in their order in the file.
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

/// Adds what a node takes, and what the nodes of its subgraphs take, which see the values around them.
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
