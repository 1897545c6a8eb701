//! The contribution of each feature to the sum of an ensemble of trees.
//!
//! A leaf with the weight `w` is a game of the features tested on its path. Feature `j` lets a part
//! `r_j` of the training rows pass: the product of the covers of its branches, each relative to the
//! node before it. It lets this row pass wholly or not at all: `o_j` is 1 or 0. The Shapley value
//! of the game is
//!
//! ```text
//! φ_i = w (o_i - r_i) ∫₀¹ Π_{j≠i} ((1 - t) r_j + t o_j) dt
//! ```
//!
//! The integrand is a polynomial, so a Gauss-Legendre rule of half as many points as features on a
//! path is exact. All leaves below a branch share its factor, so two walks over the nodes are
//! enough: down for the products, and up for the sums of the leaves below each branch.

use super::tree::{Ensemble, LEAF, TreeNode};
use crate::error::{Error, Result};
use crate::table::NONE;
use crate::tensor::{Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The index of an ancestor's branch on the same feature, if there is none.
const FIRST: u32 = NONE;

/// The ensemble, prepared by the importer for contributions. Each list has an entry for each node.
struct Game<'t> {
    trees: Ensemble<'t>,
    /// The part of the training rows that passes all tests, from the root to this node, of the
    /// feature tested just before the node; from 0 to 1.
    shares: &'t [f64],
    /// The index of the node just after the last test of the same feature above, or [`FIRST`].
    previous: &'t [u32],
    /// The feature of each column.
    players: &'t [u32],
    /// The points of the rule, between 0 and 1, and then their weights. The weights add up to 1.
    rule: &'t [f64],
    features: usize,
    targets: usize,
}

/// Computes the contribution of each feature to the sum of each target.
///
/// `inputs` are the rows, `[rows, columns]`, the records of nodes, roots, weights and sets as for
/// [`ensemble`](super::tree::ensemble), and then those of `shares`, `previous`, `players` and the
/// rule. The result is `[rows, targets, features]`, without the base: the sum of the leaves of an
/// average training row.
///
/// # Errors
///
/// If an input is missing, or has the wrong type or shape, or a tree is broken.
pub fn contributions<'t>(
    inputs: &[&Tensor<'t>],
    targets: usize,
    features: usize,
) -> Result<Tensor<'t>> {
    let [x, nodes, roots, weights, sets, shares, previous, players, rule] = inputs else {
        return Err(Error("has another number of inputs"));
    };
    let game = Game {
        trees: Ensemble::of(nodes, roots, weights, sets)?,
        shares: shares.as_records()?,
        previous: previous.as_records()?,
        players: players.as_records()?,
        rule: rule.as_records()?,
        features,
        targets,
    };
    let &[rows, columns] = x.shape.dims() else {
        return Err(Error("takes rows of columns only"));
    };
    let size = game.trees.nodes.len();
    if game.shares.len() != size || game.previous.len() != size {
        return Err(Error("has lists of other lengths"));
    }
    let x = x.to_doubles()?;
    let mut values = vec![0.0; rows * targets * features];
    let mut walk = Walk::default();
    // Tree after tree, so that the nodes of one tree stay in the cache for all rows.
    for (index, root) in game.trees.roots.iter().enumerate() {
        let root = *root as usize;
        let end = game.trees.roots.get(index + 1).map_or(size, |next| *next as usize);
        let rows = x.chunks_exact(columns.max(1)).zip(values.chunks_exact_mut(targets * features));
        for (row, values) in rows {
            // A number of points known to the compiler lets it use vectors.
            let walked = match game.rule.len() / 2 {
                1 => walk.tree::<1>(&game, root..end, row, values),
                2 => walk.tree::<2>(&game, root..end, row, values),
                4 => walk.tree::<4>(&game, root..end, row, values),
                8 => walk.tree::<8>(&game, root..end, row, values),
                16 => walk.tree::<16>(&game, root..end, row, values),
                32 => walk.tree::<32>(&game, root..end, row, values),
                _ => None,
            };
            walked.ok_or(Error("has a broken tree"))?;
        }
    }
    Tensor::double(Shape::new(&[rows, targets, features])?, values)
}

/// The numbers of points that a rule may have.
pub const POINTS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// The state of a walk through one tree, with an entry for each node, or one for each node and
/// point of the rule.
#[derive(Default)]
struct Walk {
    /// True if the row passes all tests so far of the feature tested just before the node.
    passes: Vec<bool>,
    /// The product of the factors of all features on the path.
    products: Vec<f64>,
    /// The inverse of the factor of the feature tested just before the node, if the row passes.
    inverses: Vec<f64>,
    /// The sum, over all leaves below, of their weights times their products.
    sums: Vec<f64>,
}

/// The targets of a tree's leaves.
#[derive(Clone, Copy, PartialEq)]
enum Targets {
    None,
    One(usize),
    All,
}

impl Walk {
    /// Adds the contributions of a tree to `values`, `[targets, features]`.
    fn tree<const K: usize>(
        &mut self,
        game: &Game,
        nodes: Range<usize>,
        row: &[f64],
        values: &mut [f64],
    ) -> Option<()> {
        let size = nodes.len();
        self.passes.resize(size, false);
        for list in [&mut self.products, &mut self.inverses, &mut self.sums] {
            list.resize(size * K, 0.0);
        }
        let targets = match self.down::<K>(game, &nodes, row)? {
            Targets::None => 0..0,
            Targets::One(target) => target..target + 1,
            Targets::All => 0..game.targets,
        };
        for target in targets {
            let values = values.get_mut(target * game.features..(target + 1) * game.features)?;
            self.up::<K>(game, &nodes, target, values)?;
        }
        Some(())
    }

    /// Computes the product of each node, from the root to the leaves.
    fn down<const K: usize>(
        &mut self,
        game: &Game,
        nodes: &Range<usize>,
        row: &[f64],
    ) -> Option<Targets> {
        let (points, _) = game.rule.split_at_checked(K)?;
        let points: &[f64; K] = points.try_into().ok()?;
        let (products, _) = self.products.as_chunks_mut::<K>();
        let (inverses, _) = self.inverses.as_chunks_mut::<K>();
        *products.first_mut()? = [1.0; K];
        let mut targets = Targets::None;
        for (place, node) in game.trees.nodes.get(nodes.clone())?.iter().enumerate() {
            if node.kind >= LEAF {
                let own =
                    if node.kind == LEAF { Targets::One(node.next as usize) } else { Targets::All };
                targets =
                    if targets == Targets::None || targets == own { own } else { Targets::All };
                continue;
            }
            let goes_left = game.trees.goes_left(node, *row.get(usize::from(node.feature))?);
            let parent = *products.get(place)?;
            for (child, goes) in
                children(node, nodes, place)?.into_iter().zip([goes_left, !goes_left])
            {
                let (share, previous) = game.branch(nodes, child)?;
                let mut product = parent;
                let passed = previous.map(|previous| self.passes[previous]);
                let passes = goes && passed != Some(false);
                self.passes[child] = passes;
                // Take the factor of an earlier test of the same feature out.
                match (previous, passed) {
                    (Some(previous), Some(true)) => {
                        let inverse = inverses[previous];
                        (0..K).for_each(|at| product[at] *= inverse[at]);
                    }
                    (Some(previous), Some(false)) => {
                        let before = game.shares[nodes.start + previous];
                        let ratio = if before > 0.0 { share / before } else { 0.0 };
                        product.iter_mut().for_each(|product| *product *= ratio);
                    }
                    _ => (),
                }
                if passes {
                    let mut inverse = [0.0; K];
                    for at in 0..K {
                        let factor = share + points[at] * (1.0 - share);
                        product[at] *= factor;
                        inverse[at] = 1.0 / factor;
                    }
                    inverses[child] = inverse;
                } else if passed != Some(false) {
                    (0..K).for_each(|at| product[at] *= (1.0 - points[at]) * share);
                }
                products[child] = product;
            }
        }
        Some(targets)
    }

    /// Adds the contribution of each branch to its feature, from the leaves to the root.
    fn up<const K: usize>(
        &mut self,
        game: &Game,
        nodes: &Range<usize>,
        target: usize,
        values: &mut [f64],
    ) -> Option<()> {
        let (points, weights) = game.rule.split_at_checked(K)?;
        let points: &[f64; K] = points.try_into().ok()?;
        let weights: &[f64; K] = weights.try_into().ok()?;
        let (products, _) = self.products.as_chunks::<K>();
        let (inverses, _) = self.inverses.as_chunks::<K>();
        let (sums, _) = self.sums.as_chunks_mut::<K>();
        for (place, node) in game.trees.nodes.get(nodes.clone())?.iter().enumerate().rev() {
            if node.kind >= LEAF {
                let weight = game.weight(node, target)?;
                sums[place] = products[place].map(|product| product * weight);
                continue;
            }
            let player = *game.players.get(usize::from(node.feature))? as usize;
            let mut sum = [0.0; K];
            for child in children(node, nodes, place)? {
                let below = &sums[child];
                // (o - r) over the factor, for this test and for the one before it.
                let part = |at: usize| -> f64 {
                    if self.passes[at] {
                        let share = 1.0 - game.shares[nodes.start + at];
                        let terms = (0..K).map(|k| weights[k] * inverses[at][k] * below[k]);
                        share * terms.sum::<f64>()
                    } else {
                        -(0..K).map(|k| weights[k] / (1.0 - points[k]) * below[k]).sum::<f64>()
                    }
                };
                let (_, previous) = game.branch(nodes, child)?;
                *values.get_mut(player)? += part(child) - previous.map_or(0.0, part);
                (0..K).for_each(|k| sum[k] += below[k]);
            }
            sums[place] = sum;
        }
        Some(())
    }
}

/// Returns the indices of a branch's children within its tree. They come after the branch: a broken
/// program could loop otherwise.
fn children(node: &TreeNode, nodes: &Range<usize>, place: usize) -> Option<[usize; 2]> {
    let left = (node.next as usize).checked_sub(nodes.start)?;
    (left > place && left + 1 < nodes.len()).then_some([left, left + 1])
}

impl Game<'_> {
    /// Returns the share of a node, and the index within its tree of the node after the previous
    /// test of the same feature.
    fn branch(&self, nodes: &Range<usize>, node: usize) -> Option<(f64, Option<usize>)> {
        let share = *self.shares.get(nodes.start + node)?;
        match *self.previous.get(nodes.start + node)? {
            FIRST => Some((share, None)),
            previous => {
                let previous = (previous as usize).checked_sub(nodes.start)?;
                (previous < node).then_some((share, Some(previous)))
            }
        }
    }

    /// Returns the weight of a leaf for a target.
    fn weight(&self, leaf: &TreeNode, target: usize) -> Option<f64> {
        if leaf.kind == LEAF {
            return Some(if leaf.next as usize == target { leaf.value } else { 0.0 });
        }
        self.trees.weights.get(leaf.next as usize + target).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::LESS_OR_EQUAL;
    use super::*;
    use crate::tensor::Data;

    fn records<T: bytemuck::NoUninit>(records: &[T]) -> Tensor<'static> {
        let bytes: &[u8] = bytemuck::cast_slice(records);
        let words = Vec::leak(vec![0_u64; bytes.len().div_ceil(8)]);
        let kept: &mut [u8] = bytemuck::cast_slice_mut(words);
        kept[..bytes.len()].copy_from_slice(bytes);
        Tensor { shape: Shape::new(&[]).unwrap(), data: Data::Bytes(&kept[..bytes.len()]) }
    }

    /// The root tests `x0 <= -0.5`, with a cover of 10. True leads to the leaf 1, with a cover of 4.
    /// False leads to the test `x1 <= -0.5` with a cover of 6, and to the leaves 2, with a cover of
    /// 1, and 5, with a cover of 5.
    #[test]
    fn a_tree_made_by_hand_has_the_contributions_calculated_by_hand() {
        let branch = |feature, next| TreeNode {
            value: -0.5,
            next,
            feature,
            kind: LESS_OR_EQUAL,
            missing: 0,
        };
        let leaf = |value| TreeNode { value, next: 0, feature: 0, kind: LEAF, missing: 0 };
        let nodes = records(&[branch(0, 1), leaf(1.0), branch(1, 3), leaf(2.0), leaf(5.0)]);
        let shares = records(&[1.0, 0.4, 0.6, 1.0 / 6.0, 5.0 / 6.0]);
        let previous = records(&[FIRST; 5]);
        let (roots, none, players) = (records(&[0_u32]), records::<u32>(&[]), records(&[0_u32, 1]));
        let rule = records(&[0.5, 1.0]);
        let x = Tensor::double(Shape::new(&[1, 2]).unwrap(), vec![1.0, 1.0]).unwrap();
        let inputs = [&x, &nodes, &roots, &none, &none, &shares, &previous, &players, &rule];
        let found = contributions(&inputs, 1, 2).unwrap().to_doubles().unwrap().into_owned();
        let base = 0.4 + 2.0 * 0.6 / 6.0 + 5.0 * 0.6 * 5.0 / 6.0;
        for (found, expected) in found.iter().chain([&base]).zip([1.5, 0.4, 3.1]) {
            assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
        }
    }
}
