//! The trees of ai.onnx.ml, from their attributes.

use super::attributes::Attributes;
use crate::trees::{Branch, Node, Test, Tree, below_float};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;

/// The trees of a node of ai.onnx.ml 1 or 3, and whether missing values have a way of their own.
///
/// `prefix` is that of the leaves' attributes: `class` or `target`.
pub fn read(attributes: &Attributes, prefix: &str) -> Result<(Vec<Tree>, bool)> {
    // Read the columns, which all have an entry for each node.
    let ids = attributes.ints("nodes_nodeids");
    let tree_ids = attributes.ints("nodes_treeids");
    let features = attributes.ints("nodes_featureids");
    let (yes, no) = (attributes.ints("nodes_truenodeids"), attributes.ints("nodes_falsenodeids"));
    let modes = attributes.texts("nodes_modes")?;
    let values = attributes.doubles("nodes_values")?;
    let double = attributes.get("nodes_values_as_tensor").is_some();
    let tracks = attributes.ints("nodes_missing_value_tracks_true");
    let covers = attributes.doubles("nodes_hitrates")?;
    for length in [tree_ids.len(), features.len(), yes.len(), no.len(), modes.len(), values.len()] {
        ensure!(length == ids.len(), "its lists of nodes are of different lengths");
    }
    // Give each node a place in its tree.
    let mut trees: Vec<Tree> = Vec::new();
    // By the numbers of a tree and its node: the place of the tree, and that of the node in it.
    let mut places: HashMap<(i64, i64), (usize, usize)> = HashMap::new();
    let mut order: HashMap<i64, usize> = HashMap::new();
    for (tree, id) in tree_ids.iter().zip(ids) {
        let index = *order.entry(*tree).or_insert(trees.len());
        if index == trees.len() {
            trees.push(Tree::new());
        }
        let place = (index, trees[index].len());
        ensure!(
            places.insert((*tree, *id), place).is_none(),
            "node {id} of tree {tree} is there twice"
        );
        trees[index].push(Node::Leaf(Vec::new()));
    }
    // Fill in the branches.
    let place = |tree: i64, id: i64| -> Result<usize> {
        let place = places.get(&(tree, id));
        Ok(place.with_context(|| format!("tree {tree} refers to node {id}, which is not there"))?.1)
    };
    for index in 0..ids.len() {
        let (tree, id) = (tree_ids[index], ids[index]);
        if modes[index] == "LEAF" {
            continue;
        }
        let branch = branch(
            &modes[index],
            if double { values[index] } else { f64::from(values[index] as f32) },
            double,
            tracks.get(index) == Some(&1),
            [place(tree, yes[index])?, place(tree, no[index])?],
        )?;
        let feature =
            usize::try_from(features[index]).context("a feature has a negative number")?;
        let cover = covers.get(index).copied().unwrap_or(0.0) as f32;
        let (of_tree, at) = places[&(tree, id)];
        trees[of_tree][at] = Node::Branch(Branch { feature, cover, ..branch });
    }
    // Fill in the leaves.
    let weights = attributes.doubles(&format!("{prefix}_weights"))?;
    let targets = attributes.ints(&format!("{prefix}_ids"));
    let of_trees = attributes.ints(&format!("{prefix}_treeids"));
    let of_nodes = attributes.ints(&format!("{prefix}_nodeids"));
    for length in [targets.len(), of_trees.len(), of_nodes.len()] {
        ensure!(length == weights.len(), "its lists of leaves are of different lengths");
    }
    for (index, weight) in weights.iter().enumerate() {
        let (tree, id) = (of_trees[index], of_nodes[index]);
        let found = places.get(&(tree, id));
        let &(of_tree, at) =
            found.with_context(|| format!("tree {tree} has a leaf {id}, which is not there"))?;
        let target = usize::try_from(targets[index]).context("a target has a negative number")?;
        match &mut trees[of_tree][at] {
            Node::Leaf(weights) => weights.push((target, *weight)),
            Node::Branch(_) => bail!("node {id} of tree {tree} is a branch with a weight"),
        }
    }
    Ok((trees, tracks.contains(&1)))
}

/// A branch as a question whose yes goes to the left.
fn branch(
    mode: &str,
    value: f64,
    double: bool,
    missing_is_yes: bool,
    [yes, no]: [usize; 2],
) -> Result<Branch> {
    let below = if double { value.next_down() } else { below_float(value) };
    // The other half of the questions is the same with the children swapped.
    let (test, swapped) = match mode {
        "BRANCH_LEQ" => (Test::LessOrEqual(value), false),
        "BRANCH_LT" => (Test::LessOrEqual(below), false),
        "BRANCH_GTE" => (Test::LessOrEqual(below), true),
        "BRANCH_GT" => (Test::LessOrEqual(value), true),
        "BRANCH_EQ" => (Test::Equal(value), false),
        "BRANCH_NEQ" => (Test::Equal(value), true),
        other => bail!("a node of mode {other:?} is not supported"),
    };
    // NaN answers each question with no, but NEQ with yes.
    let missing_is_yes = missing_is_yes || mode == "BRANCH_NEQ";
    let (left, right) = if swapped { (no, yes) } else { (yes, no) };
    let missing_left = missing_is_yes != swapped;
    Ok(Branch { feature: 0, test, missing_left, zero_is_missing: false, cover: 0.0, left, right })
}
