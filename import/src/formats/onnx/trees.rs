//! Reads the trees of ai.onnx.ml from their attributes.

use super::attributes::{Attributes, numbers};
use crate::ir::budget::Rest;
use crate::ir::trees::{Branch, Node, Set, Test, Tree, below_float};
use anyhow::{Context, Result, bail, ensure};
use model_runner::tensor::Data;
use std::collections::HashMap;

/// Reads the trees of a node of ai.onnx.ml 1 or 3. The flag is true if a branch sends missing
/// values to its true child.
///
/// `prefix` is the prefix of the leaves' attributes: `class` or `target`.
///
/// # Errors
///
/// If lists have different lengths, if a node is missing or there twice, or if a mode is not
/// supported.
pub fn read(attributes: &Attributes, prefix: &str) -> Result<(Vec<Tree>, bool)> {
    // Read the columns. Each has an entry for each node.
    let ids = attributes.ints("nodes_nodeids");
    let tree_ids = attributes.ints("nodes_treeids");
    let features = attributes.ints("nodes_featureids");
    let (yes, no) = (attributes.ints("nodes_truenodeids"), attributes.ints("nodes_falsenodeids"));
    let modes = attributes.texts("nodes_modes")?;
    let values = attributes.doubles("nodes_values")?;
    let double = attributes.get("nodes_values_as_tensor").is_some();
    let tracks = attributes.ints("nodes_missing_value_tracks_true");
    for length in [tree_ids.len(), features.len(), yes.len(), no.len(), modes.len(), values.len()] {
        ensure!(length == ids.len(), "its lists of nodes are of different lengths");
    }
    // Give each node an index in its tree.
    let mut trees: Vec<Tree> = Vec::new();
    // By the numbers of a tree and its node: the index of the tree, and of the node in it.
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
        let (of_tree, at) = places[&(tree, id)];
        trees[of_tree][at] = Node::Branch(Branch { feature, ..branch });
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
    trees.iter_mut().for_each(merge_equal);
    Ok((trees, tracks.contains(&1)))
}

/// The largest category of a set.
const MAX_CATEGORY: f64 = (1 << 24) as f64;

/// Merges chains of branches on one category each into a branch on a set. In a chain, the "no" of
/// each branch leads to the next, and all have the same "yes". onnxmltools writes the sets of
/// LightGBM in this way.
fn merge_equal(tree: &mut Tree) {
    // Find the first branch of each chain.
    let mut is_next = vec![false; tree.len()];
    for node in tree.iter() {
        if let Some((branch, _)) = by_category(node)
            && let Some((next, _)) = tree.get(branch.right).and_then(by_category)
            && continues(branch, next)
        {
            is_next[branch.right] = true;
        }
    }
    // Merge. Chains with shared branches would take long, and are refused later.
    let mut steps = tree.len();
    for index in 0..tree.len() {
        let Some((first, category)) = by_category(&tree[index]).filter(|_| !is_next[index]) else {
            continue;
        };
        let (mut categories, mut right) = (vec![category], first.right);
        while let Some((next, category)) = tree.get(right).and_then(by_category)
            && continues(first, next)
            && steps > 0
        {
            categories.push(category);
            right = next.right;
            steps -= 1;
        }
        if categories.len() > 1 {
            let merged = Branch { test: Test::In(categories.into()), right, ..first.clone() };
            tree[index] = Node::Branch(merged);
        }
    }
}

/// True if `next` tests one more category of the same set.
fn continues(first: &Branch, next: &Branch) -> bool {
    (first.feature, first.left, first.missing_left) == (next.feature, next.left, next.missing_left)
}

/// Returns a branch on one category, and the category; none for other nodes.
fn by_category(node: &Node) -> Option<(&Branch, u32)> {
    match node {
        Node::Branch(branch) => match branch.test {
            Test::Equal(value) if value.fract() == 0.0 && (0.0..MAX_CATEGORY).contains(&value) => {
                Some((branch, value as u32))
            }
            _ => None,
        },
        Node::Leaf(_) => None,
    }
}

/// Builds a branch. If its test is true, a row goes to the left.
fn branch(
    mode: &str,
    value: f64,
    double: bool,
    missing_is_yes: bool,
    [yes, no]: [usize; 2],
) -> Result<Branch> {
    let below = if double { value.next_down() } else { below_float(value) };
    // The other half of the modes is the same with the children swapped.
    let (test, swapped) = match mode {
        "BRANCH_LEQ" => (Test::LessOrEqual(value), false),
        "BRANCH_LT" => (Test::LessOrEqual(below), false),
        "BRANCH_GTE" => (Test::LessOrEqual(below), true),
        "BRANCH_GT" => (Test::LessOrEqual(value), true),
        "BRANCH_EQ" => (Test::Equal(value), false),
        "BRANCH_NEQ" => (Test::Equal(value), true),
        other => bail!("a node of mode {other:?} is not supported"),
    };
    // NaN fails each test, except NEQ.
    let missing_is_yes = missing_is_yes || mode == "BRANCH_NEQ";
    let (left, right) = if swapped { (no, yes) } else { (yes, no) };
    let missing_left = missing_is_yes != swapped;
    Ok(Branch { feature: 0, test, missing_left, zero_is_missing: false, left, right })
}

/// The modes of version 5, by their numbers. The last mode, `MEMBER`, tests for a member of a set.
const MODES: [&str; 6] =
    ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];
const MEMBER: i64 = 6;

/// Reads the trees of `TreeEnsemble`, with separate lists of branches and leaves. The flag is true
/// if a branch sends missing values to its true child.
///
/// # Errors
///
/// If a node is missing, if trees loop, or if a mode is not supported.
pub fn read_version_5(attributes: &Attributes, rest: &Rest) -> Result<(Vec<Tree>, bool)> {
    let list = |name: &str| -> Result<Vec<f64>> {
        match attributes.tensor(name)? {
            Some(tensor) => numbers(&tensor),
            None => Ok(Vec::new()),
        }
    };
    let modes = list("nodes_modes")?;
    let members_of_sets = list("membership_values")?;
    let members = (0..modes.len()).filter(|node| modes[*node] as i64 == MEMBER);
    let columns = Version5 {
        features: attributes.ints("nodes_featureids"),
        sets: members.zip(sets(&members_of_sets)).collect(),
        modes,
        splits: list("nodes_splits")?,
        children: [attributes.ints("nodes_truenodeids"), attributes.ints("nodes_falsenodeids")],
        is_leaf: [attributes.ints("nodes_trueleafs"), attributes.ints("nodes_falseleafs")],
        tracks: attributes.ints("nodes_missing_value_tracks_true"),
        targets: attributes.ints("leaf_targetids"),
        weights: list("leaf_weights")?,
        is_double: attributes
            .tensor("nodes_splits")?
            .is_some_and(|tensor| matches!(tensor.data, Data::Double(_))),
    };
    let trees = attributes.ints("tree_roots").iter().map(|root| columns.tree(*root, rest));
    Ok((trees.collect::<Result<_>>()?, columns.tracks.contains(&1)))
}

struct Version5<'a> {
    features: &'a [i64],
    modes: Vec<f64>,
    splits: Vec<f64>,
    /// The children for "yes" and for "no": leaves if `is_leaf` is 1, otherwise branches.
    children: [&'a [i64]; 2],
    is_leaf: [&'a [i64]; 2],
    tracks: &'a [i64],
    targets: &'a [i64],
    weights: Vec<f64>,
    is_double: bool,
    /// The sets of the branches of mode `MEMBER`, by the index of the branch.
    sets: HashMap<usize, Set>,
}

/// Splits the members into sets. Each set ends with NaN.
fn sets(values: &[f64]) -> impl Iterator<Item = Set> {
    let sets = values.split(|value| value.is_nan());
    sets.map(|set| set.iter().map(|value| *value as u32).collect())
}

impl Version5<'_> {
    /// Copies the branches and leaves under a root, in the order of the walk.
    fn tree(&self, root: i64, rest: &Rest) -> Result<Tree> {
        let mut tree = vec![Node::Leaf(Vec::new())];
        let mut open = vec![(root, false, 0)];
        while let Some((index, is_leaf, place)) = open.pop() {
            ensure!(tree.len() <= 2 * self.features.len() + 2, "its trees loop");
            let index = usize::try_from(index).context("a node has a negative number")?;
            if is_leaf {
                tree[place] = self.leaf(index)?;
                continue;
            }
            let next = tree.len();
            // Several roots may lead to the same nodes.
            rest.take_bytes(4 * size_of::<Node>())?;
            tree.extend([Node::Leaf(Vec::new()), Node::Leaf(Vec::new())]);
            tree[place] = Node::Branch(self.branch(index, [next, next + 1])?);
            for side in 0..2 {
                let child = self.children[side].get(index).context("a node has no child")?;
                let is_leaf = self.is_leaf[side].get(index) == Some(&1);
                open.push((*child, is_leaf, next + side));
            }
        }
        merge_equal(&mut tree);
        Ok(tree)
    }

    fn leaf(&self, index: usize) -> Result<Node> {
        let (target, weight) = (self.targets.get(index), self.weights.get(index));
        let target = usize::try_from(*target.context("a leaf is not there")?)?;
        Ok(Node::Leaf(vec![(target, *weight.context("a leaf is not there")?)]))
    }

    fn branch(&self, index: usize, children: [usize; 2]) -> Result<Branch> {
        let lists = (self.modes.get(index), self.splits.get(index), self.features.get(index));
        let (Some(mode), Some(split), Some(feature)) = lists else { bail!("a node is not there") };
        let missing_is_yes = self.tracks.get(index) == Some(&1);
        let mode = *mode as i64;
        let branch = if mode == MEMBER {
            let set = self.sets.get(&index).context("a node has no set")?.clone();
            let ([left, right], missing_left) = (children, missing_is_yes);
            let (test, zero_is_missing) = (Test::In(set), false);
            Branch { feature: 0, test, missing_left, zero_is_missing, left, right }
        } else {
            let name = usize::try_from(mode).ok().and_then(|mode| MODES.get(mode));
            let name = name.with_context(|| format!("a node of mode {mode} is not supported"))?;
            branch(name, *split, self.is_double, missing_is_yes, children)?
        };
        let feature = usize::try_from(*feature).context("a feature has a negative number")?;
        Ok(Branch { feature, ..branch })
    }
}
