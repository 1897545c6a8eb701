//! Ensembles of decision trees.

use crate::error::{Error, Result};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};

/// A node of a tree, in 16 bytes.
///
/// The children of a node are neighbours and come after it, so each walk goes forward and ends.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct TreeNode {
    /// The threshold of a comparison; the index of a set for [`SET`]; the weight of a leaf for
    /// [`LEAF`].
    pub value: f64,
    /// The index of the left child, with the right child next to it. For [`LEAF`], the index of the
    /// target; for [`LEAF_OF_MANY`], of the first weight.
    pub next: u32,
    /// The index of the column to compare; 0 for a leaf.
    pub feature: u16,
    /// [`LESS_OR_EQUAL`], [`LESS_OR_EQUAL_OR_ZERO`], [`EQUAL`], [`SET`], [`LEAF`] or [`LEAF_OF_MANY`].
    pub kind: u8,
    /// The sum of [`MISSING_GOES_LEFT`], if a missing value goes to the left, and
    /// [`ZERO_IS_MISSING`], if a value of 0 counts as missing.
    pub missing: u8,
}

/// The kind of a comparison: to the left if the value is at most the threshold.
pub const LESS_OR_EQUAL: u8 = 0;
/// The kind of such a comparison with [`ZERO_IS_MISSING`].
pub const LESS_OR_EQUAL_OR_ZERO: u8 = 1;
/// The kind of a comparison: to the left if the value equals the threshold.
pub const EQUAL: u8 = 2;
/// The kind of a comparison: to the left if the value, without its fraction, is in a set.
pub const SET: u8 = 3;
/// The kind of a leaf with a weight for one target. All kinds before it are comparisons.
pub const LEAF: u8 = 4;
/// The kind of a leaf with a weight for each target.
pub const LEAF_OF_MANY: u8 = 5;

/// The flag for a missing value to go to the left.
pub const MISSING_GOES_LEFT: u8 = 1;
/// The flag for a value of 0, as LightGBM rounds it, to count as missing.
pub const ZERO_IS_MISSING: u8 = 2;

/// The number of rows that walk through a tree together.
const TOGETHER: usize = 8;

/// LightGBM's `kZeroThreshold`. With [`ZERO_IS_MISSING`], absolute values up to it are 0.
const ZERO: f64 = 1e-35_f32 as f64;

/// The parts of an ensemble, in the program's memory.
pub(super) struct Ensemble<'t> {
    pub(super) nodes: &'t [TreeNode],
    pub(super) roots: &'t [u32],
    /// The weights of leaves with several: one for each target.
    pub(super) weights: &'t [f64],
    /// Sets of categories: each has its length in words, then words with a bit for each of 32
    /// categories.
    sets: &'t [u32],
}

/// Adds up the leaves reached by each row, beginning with the values of `start`.
///
/// `inputs` are the rows, `[rows, columns]`, the records of nodes, roots, weights and sets, and
/// `start`, `[targets]`. The type of `start` is the type of the sum: LightGBM adds in `double`,
/// others in `float`. The result is `[rows, targets]`.
///
/// # Errors
///
/// If an input is missing, or has the wrong type or shape, or a tree is broken.
pub fn ensemble<'t>(inputs: &[&Tensor<'t>]) -> Result<Tensor<'t>> {
    let [x, nodes, roots, weights, sets, start] = inputs else {
        return Err(Error("has another number of inputs"));
    };
    let ensemble = Ensemble::of(nodes, roots, weights, sets)?;
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

impl<'t> Ensemble<'t> {
    /// Reads the records of an ensemble.
    pub(super) fn of(
        nodes: &Tensor<'t>,
        roots: &Tensor<'t>,
        weights: &Tensor<'t>,
        sets: &Tensor<'t>,
    ) -> Result<Self> {
        Ok(Self {
            nodes: nodes.as_records()?,
            roots: roots.as_records()?,
            weights: weights.as_records()?,
            sets: sets.as_records()?,
        })
    }

    /// Calls `add` with the index of a sum and a weight for it. Goes tree after tree, so the nodes
    /// of one tree stay in the cache for all rows.
    fn add(
        &self,
        x: &Tensor,
        columns: usize,
        targets: usize,
        mut add: impl FnMut(usize, f64),
    ) -> Result<()> {
        let rows = x.to_doubles()?;
        let columns = columns.max(1);
        let broken = Error("has a broken tree");
        let are_whole = |rows: &[f64]| !rows.iter().any(|x| x.is_nan());
        let whole: Vec<bool> = rows.chunks_exact(columns * TOGETHER).map(are_whole).collect();
        for root in self.roots {
            let mut together = rows.chunks_exact(columns * TOGETHER);
            let mut first = 0;
            let mut add =
                |row: usize, leaf: &TreeNode| self.add_leaf(leaf, row * targets, targets, &mut add);
            for (rows, are_whole) in together.by_ref().zip(&whole) {
                let leaves = self.leaves(*root, rows, columns, *are_whole).ok_or(broken)?;
                leaves.iter().zip(first..).try_for_each(|(leaf, row)| add(row, leaf))?;
                first += TOGETHER;
            }
            for (values, row) in together.remainder().chunks_exact(columns).zip(first..) {
                add(row, self.leaf(*root, values).ok_or(broken)?)?;
            }
        }
        Ok(())
    }

    /// Calls `add` with the sums from `first` on, and the weights of a leaf for them.
    #[inline]
    fn add_leaf(
        &self,
        leaf: &TreeNode,
        first: usize,
        targets: usize,
        add: &mut impl FnMut(usize, f64),
    ) -> Result<()> {
        if leaf.kind == LEAF {
            let target = leaf.next as usize;
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
        Ok(())
    }

    /// Walks from a root to the leaf of each of several rows. `are_whole` is true if no value of the rows
    /// is missing.
    fn leaves(
        &self,
        root: u32,
        rows: &[f64],
        columns: usize,
        are_whole: bool,
    ) -> Option<[&'t TreeNode; TOGETHER]> {
        let mut places = [root; TOGETHER];
        if are_whole {
            self.descend(&mut places, rows, columns)?;
        }
        let mut nodes = [self.nodes.first()?; TOGETHER];
        for (node, place) in nodes.iter_mut().zip(places) {
            *node = self.nodes.get(place as usize)?;
        }
        match nodes.iter().all(|node| node.kind >= LEAF) {
            true => Some(nodes),
            false => self.walk(nodes, rows, columns),
        }
    }

    /// Moves each row to its leaf, or to the first node of another kind than [`LESS_OR_EQUAL`]. No value
    /// of the rows may be missing.
    ///
    /// The steps of one row wait for memory, and those of the others are done meanwhile. There is no
    /// branch for a row: it would be guessed wrong half of the time.
    #[inline]
    fn descend(&self, places: &mut [u32; TOGETHER], rows: &[f64], columns: usize) -> Option<()> {
        // A broken program may have a loop, but no tree has more levels than nodes.
        for _ in 0..self.nodes.len() {
            let (mut moved, mut row) = (0, 0);
            for place in places.iter_mut() {
                let node = self.nodes.get(*place as usize)?;
                let x = *rows.get(row + usize::from(node.feature))?;
                let child = node.next.wrapping_add(u32::from(x <= node.value) ^ 1);
                // All bits are set at a node to go on from.
                let goes_on = u32::from(node.kind == LESS_OR_EQUAL).wrapping_neg();
                let step = child.wrapping_sub(*place) & goes_on;
                *place = place.wrapping_add(step);
                moved |= step;
                row += columns;
            }
            if moved == 0 {
                break;
            }
        }
        Some(())
    }

    /// Walks on from a node to the leaf of each of several rows.
    // Inlining it would take the registers of the usual walk.
    #[cold]
    #[inline(never)]
    fn walk(
        &self,
        mut nodes: [&'t TreeNode; TOGETHER],
        rows: &[f64],
        columns: usize,
    ) -> Option<[&'t TreeNode; TOGETHER]> {
        loop {
            let mut are_leaves = true;
            for (node, row) in nodes.iter_mut().zip(rows.chunks(columns)) {
                if node.kind < LEAF {
                    are_leaves = false;
                    *node = self.child(node, row)?;
                }
            }
            if are_leaves {
                return Some(nodes);
            }
        }
    }

    /// Walks from a root to a leaf.
    #[inline]
    fn leaf(&self, root: u32, row: &[f64]) -> Option<&'t TreeNode> {
        let mut node = self.nodes.get(root as usize)?;
        while node.kind < LEAF {
            node = self.child(node, row)?;
        }
        Some(node)
    }

    /// Returns the child of a node on the way of a row.
    #[inline]
    fn child(&self, node: &'t TreeNode, row: &[f64]) -> Option<&'t TreeNode> {
        let x = *row.get(usize::from(node.feature))?;
        let left = if node.kind == LESS_OR_EQUAL {
            // Without branches: each would be guessed wrong half of the time.
            (x <= node.value) | (x.is_nan() & (node.missing == MISSING_GOES_LEFT))
        } else {
            self.goes_left(node, x)
        };
        let child = self.nodes.get(node.next as usize + usize::from(!left))?;
        // Children come after their parent: a broken program could loop otherwise.
        (core::ptr::from_ref(child) > core::ptr::from_ref(node)).then_some(child)
    }

    pub(super) fn goes_left(&self, node: &TreeNode, x: f64) -> bool {
        let is_zero = node.missing & ZERO_IS_MISSING != 0 && libm::fabs(x) <= ZERO;
        if x.is_nan() || is_zero {
            return node.missing & MISSING_GOES_LEFT != 0;
        }
        match node.kind {
            LESS_OR_EQUAL | LESS_OR_EQUAL_OR_ZERO => x <= node.value,
            EQUAL => x == node.value,
            _ => self.contains(node.value as usize, x),
        }
    }

    /// Returns true if the set at an index has the category `x`, without its fraction.
    fn contains(&self, set: usize, x: f64) -> bool {
        let words = self
            .sets
            .get(set)
            .and_then(|length| self.sets.get(set + 1..set + 1 + *length as usize));
        // A number below 0, even without its fraction, is no category.
        if x <= -1.0 {
            return false;
        }
        let category = x as usize;
        let word = words.and_then(|words| words.get(category / 32));
        word.is_some_and(|word| word >> (category % 32) & 1 == 1)
    }
}

/// Calls `visit` with the index of each node on the way of a row through each tree.
///
/// # Errors
///
/// If a tree is broken.
pub fn visit(
    [nodes, roots, weights, sets]: [&Tensor; 4],
    row: &[f64],
    mut visit: impl FnMut(usize),
) -> Result<()> {
    let trees = Ensemble::of(nodes, roots, weights, sets)?;
    for root in trees.roots {
        let mut place = *root as usize;
        loop {
            visit(place);
            let node = trees.nodes.get(place).ok_or(Error("has a broken tree"))?;
            if node.kind >= LEAF {
                break;
            }
            let x = *row.get(usize::from(node.feature)).ok_or(Error("lacks a column"))?;
            let next = node.next as usize + usize::from(!trees.goes_left(node, x));
            place = Some(next).filter(|next| *next > place).ok_or(Error("has a broken tree"))?;
        }
    }
    Ok(())
}

/// Encodes a set of categories for [`SET`]: its length in words, then the words with a bit per
/// category.
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
