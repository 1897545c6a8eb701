//! Ensembles of decision trees.

use crate::error::{Error, Result};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};

/// A node of a tree, in 16 bytes.
///
/// The children of a node lie side by side, behind it, so that a walk goes forward and ends.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct TreeNode {
    /// The threshold of a comparison, or the weight of a leaf with one.
    pub value: f64,
    /// The place of the left child, which the right one follows; of a set, for [`SET`] the set's
    /// place instead of a threshold is in `value`. Of a leaf of many weights, the place of its first.
    pub next: u32,
    /// The column that is compared, or the target of a leaf with one weight.
    pub feature: u16,
    /// [`LESS_OR_EQUAL`], [`EQUAL`], [`SET`], [`LEAF`] or [`LEAF_OF_MANY`].
    pub kind: u8,
    /// 1 if a missing value goes to the left; with [`ZERO_IS_MISSING`] added, so does 0.
    pub missing: u8,
}

/// To the left if the value is at most the threshold.
pub const LESS_OR_EQUAL: u8 = 0;
/// To the left if the value is the threshold.
pub const EQUAL: u8 = 1;
/// To the left if the value, without its fraction, is in a set.
pub const SET: u8 = 2;
/// Ends with a weight for one target.
pub const LEAF: u8 = 3;
/// Ends with a weight for each target.
pub const LEAF_OF_MANY: u8 = 4;

/// A missing value goes to the left.
pub const MISSING_GOES_LEFT: u8 = 1;
/// A value that is 0, as LightGBM rounds it, is a missing one.
pub const ZERO_IS_MISSING: u8 = 2;

/// LightGBM's `kZeroThreshold`: smaller values are 0 where zero means missing.
const ZERO: f64 = 1e-35_f32 as f64;

/// The parts of an ensemble, as they lie in the table.
struct Ensemble<'t> {
    nodes: &'t [TreeNode],
    roots: &'t [u32],
    /// The weights of leaves with many, one for each target.
    weights: &'t [f64],
    /// Sets of categories: a length in words, and as many words of 32 categories.
    sets: &'t [u32],
}

/// Adds up the leaves that each row reaches, from the values of `start` on.
///
/// `inputs` are the rows, the nodes, roots, weights and sets, and the start, whose type is that of
/// the sum: LightGBM adds in `double`, others in `float`. Behind these may come the nodes' covers, for
/// explanations.
pub fn ensemble<'t>(inputs: &[&Tensor<'t>]) -> Result<Tensor<'t>> {
    let [x, nodes, roots, weights, sets, start, ..] = inputs else {
        return Err(Error("has another number of inputs"));
    };
    let ensemble = Ensemble {
        nodes: nodes.as_records()?,
        roots: roots.as_records()?,
        weights: weights.as_records()?,
        sets: sets.as_records()?,
    };
    // Read the rows.
    let &[rows, columns] = x.shape.dims() else {
        return Err(Error("takes rows of columns only"));
    };
    let targets = start.shape.size();
    let shape = Shape::new(&[rows, targets])?;
    // Add up in the type of the start.
    match &start.data {
        Data::Float(start) => {
            let mut sums = repeat(start, rows);
            ensemble.add(x, columns, targets, |at, weight| sums[at] += weight as f32)?;
            Tensor::float(shape, sums)
        }
        Data::Double(start) => {
            let mut sums = repeat(start, rows);
            ensemble.add(x, columns, targets, |at, weight| sums[at] += weight)?;
            Tensor::double(shape, sums)
        }
        _ => Err(Error("adds float or double only")),
    }
}

fn repeat<T: Copy>(start: &[T], rows: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(start.len() * rows);
    (0..rows).for_each(|_| values.extend_from_slice(start));
    values
}

impl Ensemble<'_> {
    /// Calls `add` with the place of a sum and a weight for it, tree after tree, so that the nodes
    /// of one tree stay close for all rows.
    fn add(
        &self,
        x: &Tensor,
        columns: usize,
        targets: usize,
        mut add: impl FnMut(usize, f64),
    ) -> Result<()> {
        let rows = x.to_doubles()?;
        for root in self.roots {
            for (row, values) in rows.chunks_exact(columns.max(1)).enumerate() {
                let leaf = self.leaf(*root, values).ok_or(Error("has a broken tree"))?;
                let first = row * targets;
                if leaf.kind == LEAF {
                    let target = usize::from(leaf.feature);
                    if target >= targets {
                        return Err(Error("has a leaf for another target"));
                    }
                    add(first + target, leaf.value);
                } else {
                    let weights = self.weights.get(leaf.next as usize..);
                    let weights = weights.ok_or(Error("has a leaf without weights"))?;
                    for (target, weight) in weights.iter().take(targets).enumerate() {
                        add(first + target, *weight);
                    }
                }
            }
        }
        Ok(())
    }

    /// Walks from a root to a leaf.
    #[inline]
    fn leaf(&self, root: u32, row: &[f64]) -> Option<&TreeNode> {
        let mut place = root as usize;
        loop {
            let node = self.nodes.get(place)?;
            if node.kind >= LEAF {
                return Some(node);
            }
            let x = *row.get(usize::from(node.feature))?;
            let left = if node.kind == LESS_OR_EQUAL && node.missing < ZERO_IS_MISSING {
                x <= node.value || x.is_nan() && node.missing == MISSING_GOES_LEFT
            } else {
                self.goes_left(node, x)
            };
            let next = node.next as usize + usize::from(!left);
            // The children lie behind their parent: a table that says otherwise would loop.
            place = if next > place { next } else { return None };
        }
    }

    fn goes_left(&self, node: &TreeNode, x: f64) -> bool {
        let is_zero = node.missing & ZERO_IS_MISSING != 0 && libm::fabs(x) <= ZERO;
        if x.is_nan() || is_zero {
            return node.missing & MISSING_GOES_LEFT != 0;
        }
        match node.kind {
            LESS_OR_EQUAL => x <= node.value,
            EQUAL => x == node.value,
            _ => self.contains(node.value as usize, x),
        }
    }

    /// True if the set at a place has the category, which is a number without its fraction.
    fn contains(&self, set: usize, x: f64) -> bool {
        let words = self
            .sets
            .get(set)
            .and_then(|length| self.sets.get(set + 1..set + 1 + *length as usize));
        // What is negative, even after its fraction is cut off, is no category.
        if x <= -1.0 {
            return false;
        }
        let category = x as usize;
        let word = words.and_then(|words| words.get(category / 32));
        word.is_some_and(|word| word >> (category % 32) & 1 == 1)
    }
}

/// The sets of categories, for those who make tables.
pub fn set_of(categories: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut words = vec![0];
    for category in categories {
        let word = category as usize / 32 + 1;
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= 1 << (category % 32);
    }
    words[0] = words.len() as u32 - 1;
    words
}
