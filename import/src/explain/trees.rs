//! Prepares an ensemble of trees for contributions. See `model_runner::ops::contributions`.

use super::Data;
use super::players::Player;
use crate::ir::graph::{Graph, Value};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::contributions::POINTS;
use model_runner::ops::tree::{self, TreeNode};
use model_runner::table::NONE;

/// Contributions to the sums of an ensemble or a linear model.
pub struct Contributions {
    /// The contributions, `[rows, targets × features]`.
    pub value: Value,
    /// The sum of each target for an average row of training.
    pub base: Vec<f64>,
}

/// Adds the contributions to an ensemble to the graph. `columns` has the feature of each column,
/// and `covers` the number of training rows at each node, or the sum of their weights.
///
/// # Errors
///
/// If a column has several features, or if the covers do not add up.
pub fn contributions(
    graph: &mut Graph,
    ensemble: Value,
    columns: &[Player],
    features: usize,
    covers: &[f64],
) -> Result<Contributions> {
    let node = graph.as_node(ensemble).context("it is no ensemble")?;
    let inputs = node.inputs.clone();
    let [x, nodes, roots, weights, sets, start] = inputs[..] else { bail!("it is no ensemble") };
    let constant = |value: Value| graph.as_constant(value).context("it is no ensemble");
    let broken = |error: model_runner::error::Error| anyhow!("it {error}");
    let start = constant(start)?.to_doubles().map_err(broken)?.into_owned();
    let size = constant(nodes)?.as_records::<TreeNode>().map_err(broken)?.len();
    ensure!(covers.len() == size, "its covers are those of other trees");
    let prepared = Prepared::new(
        constant(nodes)?.as_records().map_err(broken)?,
        constant(roots)?.as_records().map_err(broken)?,
        constant(weights)?.as_records().map_err(broken)?,
        covers,
        columns,
        &start,
    )?;
    let rule = rule(prepared.points);
    let players: Vec<u32> = columns.iter().map(|player| index(*player)).collect();
    let shares = graph.records(&prepared.shares)?;
    let previous = graph.records(&prepared.previous)?;
    let players = graph.records(&players)?;
    let rule = graph.records(&rule)?;
    let value = graph.node(
        Op::TreeContributions,
        &[x, nodes, roots, weights, sets, shares, previous, players, rule],
        &[i32::try_from(start.len())?, i32::try_from(features)?],
    )?;
    let value = graph.reshape(value, &[-1, i64::try_from(start.len() * features)?])?;
    Ok(Contributions { value, base: prepared.base })
}

fn index(player: Player) -> u32 {
    match player {
        Player::One(feature) => feature as u32,
        Player::None | Player::Many => NONE,
    }
}

/// Returns the covers of an ensemble: those of the file, or else the number of rows of the data at
/// each node.
///
/// # Errors
///
/// If there are neither covers nor data.
pub fn covers(graph: &Graph, ensemble: Value, data: &mut Data) -> Result<Vec<f64>> {
    if let Some(covers) = graph.covers.get(&ensemble) {
        return Ok(covers.clone());
    }
    let is_ensemble = |value: &usize| {
        graph.as_node(Value(*value)).is_some_and(|node| node.op == Op::TreeEnsemble)
    };
    let index = (0..ensemble.0).filter(is_ensemble).count();
    if data.table.is_none() {
        let saved = data.covers.get(index).filter(|saved| !saved.is_empty());
        return saved.cloned().context("its trees have no covers; with --data they are counted");
    }
    let counts = count(graph, ensemble, data)?;
    data.covers.resize(data.covers.len().max(index + 1), Vec::new());
    data.covers[index] = counts.clone();
    Ok(counts)
}

/// Counts the rows of the data at each node.
fn count(graph: &Graph, ensemble: Value, data: &Data) -> Result<Vec<f64>> {
    let node = graph.as_node(ensemble).context("it is no ensemble")?;
    let constants = [1, 2, 3, 4].map(|input| graph.as_constant(node.inputs[input]));
    let [Some(nodes), Some(roots), Some(weights), Some(sets)] = constants else {
        bail!("it is no ensemble")
    };
    let records: &[TreeNode] = nodes.as_records().map_err(|error| anyhow!("it {error}"))?;
    let mut counts = vec![0.0; records.len()];
    data.each(graph, node.inputs[0], &mut |row| {
        tree::visit([nodes, roots, weights, sets], row, |place| counts[place] += 1.0)
            .map_err(|error| anyhow!("it {error}"))
    })?;
    Ok(counts)
}

/// The lists for contributions, with an entry for each node.
struct Prepared {
    shares: Vec<f64>,
    previous: Vec<u32>,
    /// The number of points of the rule.
    points: usize,
    /// The sum of each target for an average row.
    base: Vec<f64>,
}

impl Prepared {
    fn new(
        nodes: &[TreeNode],
        roots: &[u32],
        weights: &[f64],
        covers: &[f64],
        columns: &[Player],
        start: &[f64],
    ) -> Result<Self> {
        let size = nodes.len();
        let mut prepared = Self {
            shares: vec![1.0; size],
            previous: vec![NONE; size],
            points: 1,
            base: start.to_vec(),
        };
        // By node: its parent, the feature tested there, the number of features on the path, and
        // the part of the training rows that comes here.
        let mut parents = vec![usize::MAX; size];
        let mut tested = vec![NONE; size];
        let mut distinct = vec![0_usize; size];
        let mut parts = vec![0.0; size];
        roots.iter().for_each(|root| parts[*root as usize] = 1.0);
        for (place, node) in nodes.iter().enumerate() {
            if node.kind >= tree::LEAF {
                let part = parts[place];
                if node.kind == tree::LEAF {
                    prepared.base[node.next as usize] += node.value * part;
                } else {
                    let weights = &weights[node.next as usize..];
                    prepared.base.iter_mut().zip(weights).for_each(|(base, weight)| {
                        *base += weight * part;
                    });
                }
                continue;
            }
            let player = match columns.get(usize::from(node.feature)) {
                Some(Player::One(feature)) => *feature as u32,
                Some(Player::Many) => bail!("a column of its trees is made of several features"),
                Some(Player::None) | None => bail!("a column of its trees has no feature"),
            };
            let children = [node.next as usize, node.next as usize + 1];
            let ratios = ratios(covers[place], children.map(|child| covers[child]))?;
            for (child, ratio) in children.into_iter().zip(ratios) {
                // Find the previous test of the same feature, if there is one.
                let mut above = place;
                while tested[above] != player && parents[above] != usize::MAX {
                    above = parents[above];
                }
                let is_first = tested[above] != player;
                if !is_first {
                    prepared.previous[child] = above as u32;
                    prepared.shares[child] = prepared.shares[above];
                }
                prepared.shares[child] *= ratio;
                parents[child] = place;
                tested[child] = player;
                distinct[child] = distinct[place] + usize::from(is_first);
                parts[child] = parts[place] * ratio;
            }
        }
        // A rule of n points is exact for a product of 2 n factors, without the one of the feature
        // itself.
        let most = distinct.iter().max().copied().unwrap_or(0);
        let points = POINTS.iter().find(|points| **points * 2 >= most);
        prepared.points = *points.with_context(|| format!("a path tests {most} features"))?;
        Ok(prepared)
    }
}

/// Returns the part of a branch's training rows that goes to each child.
fn ratios(cover: f64, children: [f64; 2]) -> Result<[f64; 2]> {
    if cover == 0.0 {
        return Ok([0.5; 2]);
    }
    let sum = children[0] + children[1];
    ensure!((sum - cover).abs() <= cover * 0.01, "its covers do not add up");
    Ok(children.map(|child| child / cover))
}

/// Returns the points and then the weights of the Gauss-Legendre rule on the interval from 0 to 1.
///
/// The points are the roots of the Legendre polynomial, found by Newton's method. See for example
/// P. J. Davis and P. Rabinowitz, "Methods of Numerical Integration", 1984, section 2.7.
fn rule(points: usize) -> Vec<f64> {
    let count = points as f64;
    let mut rule = vec![0.0; 2 * points];
    for point in 0..points {
        let mut x = (std::f64::consts::PI * (point as f64 + 0.75) / (count + 0.5)).cos();
        let mut slope = 1.0;
        // Newton's method doubles the right digits in each step.
        for _ in 0..8 {
            let (mut value, mut before) = (1.0, 0.0);
            for degree in 0..points {
                let degree = degree as f64;
                let next = ((2.0 * degree + 1.0) * x * value - degree * before) / (degree + 1.0);
                (value, before) = (next, value);
            }
            slope = count * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        rule[point] = (1.0 - x) / 2.0;
        rule[points + point] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_of_n_points_integrates_powers_up_to_twice_n_less_one() {
        for points in POINTS {
            let rule = rule(points);
            for power in 0..2 * points as i32 {
                let values = rule[..points].iter().zip(&rule[points..]);
                let integral: f64 = values.map(|(x, weight)| weight * x.powi(power)).sum();
                let expected = 1.0 / f64::from(power + 1);
                assert!((integral - expected).abs() < 1e-15, "{points} points, power {power}");
            }
        }
    }

    #[test]
    fn a_branch_that_no_row_reached_gives_each_child_a_half() {
        assert_eq!(ratios(0.0, [0.0, 0.0]).unwrap(), [0.5, 0.5]);
        assert_eq!(ratios(8.0, [2.0, 6.0]).unwrap(), [0.25, 0.75]);
        assert!(ratios(8.0, [8.0, 8.0]).is_err());
    }
}
