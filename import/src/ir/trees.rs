//! Converts ensembles of trees from any file to nodes of the runner.

use crate::ir::budget::Rest;
use crate::ir::graph::{Graph, Value};
use anyhow::{Result, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::tree::{self, TreeNode};
use std::collections::VecDeque;
use std::rc::Rc;

/// The nodes of a tree. The first is the root.
pub type Tree = Vec<Node>;

/// A node of a tree, as in the files.
#[derive(Clone, Debug)]
pub enum Node {
    /// A node with two children.
    Branch(Branch),
    /// Pairs of the index of a target and a weight.
    Leaf(Vec<(usize, f64)>),
}

/// A test of a feature, and the next node of the same tree for each result.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The index of the feature's column, at most 65,535.
    pub feature: usize,
    /// The test of the feature.
    pub test: Test,
    /// True if a missing value goes to the left.
    pub missing_left: bool,
    /// True if 0 is a missing value.
    pub zero_is_missing: bool,
    /// The index of the next node if the test is true.
    pub left: usize,
    /// The index of the next node if the test is false.
    pub right: usize,
}

/// The test of a row. If it is true, the row goes to the left.
#[derive(Clone, Debug)]
pub enum Test {
    /// True if the value is at most this threshold.
    LessOrEqual(f64),
    /// True if the value equals this number.
    Equal(f64),
    /// True if the value, without its fraction, is in this set.
    In(Set),
}

/// A set of categories. Branches may share it.
pub type Set = Rc<[u32]>;

/// The type of the sum of leaves.
#[derive(Clone, Copy, PartialEq)]
pub enum Sum {
    /// `float`, 32 bits.
    Float,
    /// `double`, 64 bits.
    Double,
}

impl Sum {
    /// Adds a list of numbers in this type.
    ///
    /// # Errors
    ///
    /// If all constants together need too much memory.
    pub fn list(self, graph: &mut Graph, values: &[f64]) -> Result<Value> {
        match self {
            Self::Float => {
                graph.floats(&values.iter().map(|value| *value as f32).collect::<Vec<_>>())
            }
            Self::Double => graph.doubles(values),
        }
    }
}

/// The limit on the depth of a tree.
const MAX_DEPTH: usize = 10_000;

/// The limit on outputs of an ensemble: a file of a few bytes may ask for any number of them.
const MAX_OUTPUTS: usize = 1_000;

/// The limit on weights of all leaves, 64 MB in total: a leaf may have a weight for each output.
const MAX_WEIGHTS: usize = 8 << 20;

/// The limit on words of all sets of categories, 16 MB in total: a set has a bit for each category
/// up to its largest.
const MAX_SET_WORDS: usize = 4 << 20;

/// Checks the number of outputs of an ensemble, as given by a file.
///
/// # Errors
///
/// If it is 0, or over the limit.
pub fn check_outputs(count: usize) -> Result<()> {
    ensure!(count > 0, "it has no outputs");
    ensure!(count <= MAX_OUTPUTS, "it has {count} outputs, and {MAX_OUTPUTS} are read at most");
    Ok(())
}

/// Adds an ensemble to the graph: for each row, the sum of `start` and of the leaves reached by the
/// row. `start` has a value for each target.
///
/// `covers` has, for each tree, the number of training rows at each node, or the sum of their
/// weights; it is empty if the file has none.
///
/// # Errors
///
/// If a tree refers to a missing node, feature or target, or if it has a loop.
pub fn add(
    graph: &mut Graph,
    x: Value,
    trees: &[Tree],
    covers: &[Vec<f64>],
    start: &[f64],
    sum: Sum,
) -> Result<Value> {
    let mut table = Table { targets: start.len(), ..Table::default() };
    for (index, tree) in trees.iter().enumerate() {
        let covers = covers.get(index).filter(|covers| covers.len() == tree.len());
        let added = table.add(tree, covers.map_or(&[], Vec::as_slice), &graph.rest);
        added.map_err(|error| error.context(format!("{}, tree {index}", graph.reading)))?;
    }
    let nodes = graph.records(&table.nodes)?;
    let roots = graph.records(&table.roots)?;
    let weights = graph.records(&table.weights)?;
    let sets = graph.records(&table.sets)?;
    let start = sum.list(graph, start)?;
    let value = graph.node(Op::TreeEnsemble, &[x, nodes, roots, weights, sets, start], &[])?;
    let are_covers =
        |covers: &[f64]| covers.iter().all(|cover| (0.0..f64::INFINITY).contains(cover));
    if table.covers.len() == table.nodes.len() && are_covers(&table.covers) {
        graph.covers.insert(value, table.covers);
    }
    Ok(value)
}

#[derive(Default)]
struct Table {
    targets: usize,
    nodes: Vec<TreeNode>,
    roots: Vec<u32>,
    weights: Vec<f64>,
    sets: Vec<u32>,
    /// The cover of each node, for explanations; fewer if a tree has none.
    covers: Vec<f64>,
}

impl Table {
    /// Lays out a tree level by level, with the two children of a node side by side. Every row
    /// passes the first levels, so they share a page.
    fn add(&mut self, tree: &Tree, covers: &[f64], rest: &Rest) -> Result<()> {
        let root = self.nodes.len();
        let have_covers = self.covers.len() == root && !covers.is_empty();
        self.roots.push(u32::try_from(root)?);
        self.nodes.push(empty());
        let mut visited = vec![false; tree.len()];
        let mut open = VecDeque::from([(0, root, 0)]);
        while let Some((index, place, depth)) = open.pop_front() {
            let Some(node) = tree.get(index) else {
                bail!("it refers to node {index}, which is not there")
            };
            ensure!(
                !std::mem::replace(&mut visited[index], true),
                "its node {index} is reached twice"
            );
            ensure!(depth < MAX_DEPTH, "it is deeper than {MAX_DEPTH}");
            if have_covers {
                self.covers.resize(self.covers.len().max(place + 1), 0.0);
                self.covers[place] = covers[index];
            }
            self.nodes[place] = match node {
                Node::Leaf(weights) => self.leaf(weights)?,
                Node::Branch(branch) => {
                    let next = self.nodes.len();
                    self.nodes.extend([empty(), empty()]);
                    open.extend([
                        (branch.left, next, depth + 1),
                        (branch.right, next + 1, depth + 1),
                    ]);
                    self.branch(branch, next, rest)?
                }
            };
        }
        Ok(())
    }

    fn branch(&mut self, branch: &Branch, next: usize, rest: &Rest) -> Result<TreeNode> {
        let (kind, value) = match &branch.test {
            Test::LessOrEqual(threshold) if branch.zero_is_missing => {
                (tree::LESS_OR_EQUAL_OR_ZERO, *threshold)
            }
            Test::LessOrEqual(threshold) => (tree::LESS_OR_EQUAL, *threshold),
            Test::Equal(value) => (tree::EQUAL, *value),
            Test::In(categories) => {
                rest.take_steps(categories.len())?;
                let set = self.sets.len();
                self.sets.extend(tree::set_of(categories.iter().copied()));
                ensure!(
                    self.sets.len() <= MAX_SET_WORDS,
                    "its sets of categories take over {} MB; number the categories from 0",
                    MAX_SET_WORDS >> 18
                );
                (tree::SET, set as f64)
            }
        };
        let left = if branch.missing_left { tree::MISSING_GOES_LEFT } else { 0 };
        let zero = if branch.zero_is_missing { tree::ZERO_IS_MISSING } else { 0 };
        let feature = u16::try_from(branch.feature);
        let Ok(feature) = feature else { bail!("it has more than 65,536 features") };
        Ok(TreeNode { value, next: u32::try_from(next)?, feature, kind, missing: left | zero })
    }

    fn leaf(&mut self, weights: &[(usize, f64)]) -> Result<TreeNode> {
        for (target, _) in weights {
            ensure!(
                *target < self.targets,
                "a leaf has a weight for target {target}, of {}",
                self.targets
            );
        }
        if let &[(target, value)] = weights {
            let next = u32::try_from(target)?;
            return Ok(TreeNode { value, next, feature: 0, kind: tree::LEAF, missing: 0 });
        }
        let next = u32::try_from(self.weights.len())?;
        ensure!(
            self.weights.len() + self.targets <= MAX_WEIGHTS,
            "its leaves have more than {MAX_WEIGHTS} weights; use fewer or smaller trees"
        );
        self.weights.resize(self.weights.len() + self.targets, 0.0);
        for (target, weight) in weights {
            self.weights[next as usize + target] += weight;
        }
        Ok(TreeNode { value: 0.0, next, feature: 0, kind: tree::LEAF_OF_MANY, missing: 0 })
    }
}

fn empty() -> TreeNode {
    TreeNode { value: 0.0, next: 0, feature: 0, kind: tree::LEAF, missing: 0 }
}

/// Returns the greatest number of type `float` below `x`. A `float` is less than `x` exactly if it
/// is at most this number.
pub fn below_float(x: f64) -> f64 {
    f64::from((x as f32).next_down())
}
