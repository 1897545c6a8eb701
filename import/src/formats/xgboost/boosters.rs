//! Adds the margins of the boosters to a graph: trees, with or without weights, and a linear
//! booster.

use super::file::{FileTree, Learner, Trees, number};
use super::objective::Objective;
use crate::ir::budget::Rest;
use crate::ir::graph::{Graph, Value};
use crate::ir::trees::{self, Branch, Node, Set, Sum, Test, Tree, below_float};
use anyhow::{Context, Result, ensure};
use model_runner::op::Op;
use std::collections::HashMap;

/// Adds the trees used by predictions, in the order of the file. Returns the margins, a column for
/// each group.
///
/// `weights` has a factor for the leaves of each tree; none counts as 1. `notes` receives remarks
/// for the user.
///
/// # Errors
///
/// If a tree has no weight, or if its lists are broken or do not fit together.
pub fn trees_of(
    graph: &mut Graph,
    x: Value,
    file: &Trees,
    weights: Option<&Vec<f32>>,
    learner: &Learner,
    objective: &Objective,
    notes: &mut Vec<String>,
) -> Result<Value> {
    ensure!(file.tree_info.len() == file.trees.len(), "its tree_info does not fit its trees");
    let used = used_trees(file, learner, objective.groups, notes)?;
    let trees = file.trees.iter().zip(&file.tree_info).enumerate().take(used);
    let trees = trees.map(|(index, (tree, group))| {
        let weight = weights.map_or(Some(&1.0), |weights| weights.get(index));
        let weight = *weight.context("it has a tree without a weight_drop")?;
        tree_of(tree, *group, weight, &graph.rest).with_context(|| format!("tree {index}"))
    });
    let trees = trees.collect::<Result<Vec<_>>>()?;
    let covers: Vec<Vec<f64>> = file.trees.iter().take(used).map(covers_of).collect();
    trees::add(graph, x, &trees, &covers, &objective.base, Sum::Float)
}

/// Counts the trees used by predictions: those up to the best iteration if scikit-learn's wrapper
/// wrote the file, otherwise all. The wrapper's `predict` does the same.
fn used_trees(
    file: &Trees,
    learner: &Learner,
    groups: usize,
    notes: &mut Vec<String>,
) -> Result<usize> {
    let all = file.trees.len();
    let Some(best) = learner.attributes.get("best_iteration") else { return Ok(all) };
    let best = number(best, "best_iteration")?;
    if !learner.attributes.contains_key("scikit_learn") {
        notes.push(format!(
            "training stopped early at iteration {best}; all trees are used, as Booster.predict does"
        ));
        return Ok(all);
    }
    let parallel = number(&file.param.num_parallel_tree, "num_parallel_tree")?.max(1);
    // 1.7 writes 0 where later versions write 1.
    let has_vectors = file
        .trees
        .first()
        .map(|tree| number(&tree.tree_param.size_leaf_vector, "size_leaf_vector"));
    let has_vectors = has_vectors.transpose()?.is_some_and(|width| width > 1);
    let each = parallel.saturating_mul(if has_vectors { 1 } else { groups });
    Ok((best.saturating_add(1)).saturating_mul(each).min(all))
}

/// The sums of the hessians; an entry that is no number makes them useless.
fn covers_of(file: &FileTree) -> Vec<f64> {
    file.sum_hessian.iter().map(|cover| cover.map_or(f64::NAN, f64::from)).collect()
}

fn tree_of(file: &FileTree, group: usize, weight: f32, rest: &Rest) -> Result<Tree> {
    let size = file.left_children.len();
    for length in [
        file.right_children.len(),
        file.split_indices.len(),
        file.split_conditions.len(),
        file.default_left.len(),
    ] {
        ensure!(length == size, "its lists of nodes are of different lengths");
    }
    let width = number(&file.tree_param.size_leaf_vector, "size_leaf_vector")?.max(1);
    let sets = sets(file, rest)?;
    (0..size).map(|node| node_of(file, node, group, weight, width, &sets)).collect()
}

fn node_of(
    file: &FileTree,
    node: usize,
    group: usize,
    weight: f32,
    width: usize,
    sets: &HashMap<usize, Set>,
) -> Result<Node> {
    if file.left_children[node] < 0 {
        if width > 1 {
            let start = node.saturating_mul(width);
            let leaves = file.base_weights.get(start..start.saturating_add(width));
            let leaves = leaves.context("it has no vector for a leaf")?.iter().enumerate();
            let leaves =
                leaves.map(|(target, leaf)| (target, f64::from(leaf.unwrap_or(f32::NAN) * weight)));
            return Ok(Node::Leaf(leaves.collect()));
        }
        let leaf = file.split_conditions[node].context("it has a leaf that is no number")?;
        return Ok(Node::Leaf(vec![(group, f64::from(leaf * weight))]));
    }
    let (left, right) = (file.left_children[node] as usize, file.right_children[node]);
    let right = usize::try_from(right).context("it has a node with one child")?;
    let missing_left = file.default_left[node].is_true();
    let feature = file.split_indices[node];
    let zero_is_missing = false;
    if file.split_type.get(node) == Some(&1) {
        // XGBoost sends the categories of the set to the right, so the children are swapped.
        let set = sets.get(&node).context("it has a categorical split without categories")?;
        let test = Test::In(set.clone());
        let missing_left = !missing_left;
        return Ok(Node::Branch(Branch {
            feature,
            test,
            missing_left,
            zero_is_missing,
            left: right,
            right: left,
        }));
    }
    let split = file.split_conditions[node].context("it has a split that is no number")?;
    let test = Test::LessOrEqual(below_float(f64::from(split)));
    Ok(Node::Branch(Branch { feature, test, missing_left, zero_is_missing, left, right }))
}

/// Reads the categories of each categorical split, by the index of its node.
fn sets(file: &FileTree, rest: &Rest) -> Result<HashMap<usize, Set>> {
    let mut sets = HashMap::new();
    for (index, node) in file.categories_nodes.iter().enumerate() {
        let start = file.categories_segments.get(index).copied().unwrap_or(usize::MAX);
        let size = file.categories_sizes.get(index).copied().unwrap_or(0);
        let found = file.categories.get(start..).and_then(|rest| rest.get(..size));
        let found = found.context("it has a categorical split without categories")?;
        rest.take_bytes(size_of_val(found))?;
        ensure!(
            found.iter().all(|category| *category < 1 << 24),
            "it has a category over 16,777,216"
        );
        sets.entry(*node).or_insert_with(|| found.into());
    }
    Ok(sets)
}

/// Adds a linear booster: `x` times the weights of each group, plus the bias of the group. A
/// missing value counts as 0.
///
/// Since version 3.1 a file has a base score for each group, and XGBoost adds the first to all
/// groups.
///
/// # Errors
///
/// If the weights do not fit the features, or if some are NaN because training did not converge.
pub fn linear(
    graph: &mut Graph,
    x: Value,
    weights: &[Option<f32>],
    count: usize,
    objective: &Objective,
) -> Result<Value> {
    let groups = objective.groups;
    ensure!(weights.len() == (count + 1) * groups, "its weights do not fit its features");
    let weights: Option<Vec<f32>> = weights.iter().copied().collect();
    let weights = weights.context("its weights are no numbers: its training did not converge")?;
    let zeros = graph.floats(&[0.0])?;
    let missing = graph.floats(&[f32::NAN])?;
    let x = graph.node(Op::Imputer, &[x, zeros, missing], &[])?;
    let (weights, biases) = weights.split_at(count * groups);
    let matrix = graph.floats(weights)?;
    let matrix = graph.reshape(matrix, &[count as i64, groups as i64])?;
    let product = graph.node(Op::MatMul, &[x, matrix], &[])?;
    let base = objective.base[0] as f32;
    let sums = graph.floats(&biases.iter().map(|bias| bias + base).collect::<Vec<_>>())?;
    graph.node(Op::Add, &[product, sums], &[])
}
