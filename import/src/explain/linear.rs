//! Adds the contributions to a linear model to the graph: coefficient times the distance from the
//! mean, as shap's `LinearExplainer` does with independent features.

use super::Data;
use super::players::Player;
use super::trees::Contributions;
use crate::ir::graph::{Graph, Value};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;

/// Adds the contributions to a product of rows with a constant matrix. `columns` has the feature of
/// each column, and `means` the mean of each column, of the card or else of the data.
///
/// # Errors
///
/// If a column has several features, or its mean is unknown.
pub fn contributions(
    graph: &mut Graph,
    product: Value,
    columns: &[Player],
    features: usize,
    data: &mut Data,
) -> Result<Contributions> {
    let node = graph.as_node(product).context("it is no product")?;
    let (x, matrix) = (node.inputs[0], node.inputs[1]);
    let matrix = graph.as_constant(matrix).context("it is no product with a constant")?;
    let (count, targets) = match *matrix.shape.dims() {
        [count] => (count, 1),
        [count, targets] => (count, targets),
        _ => bail!("it is no product with a matrix"),
    };
    let matrix = matrix.to_doubles().map_err(|error| anyhow!("it {error}"))?.into_owned();
    let means = data.means(graph, x)?;
    ensure!(
        means.len() == count && columns.len() == count,
        "the card has {} means in [explanation], and the model {count} columns",
        means.len()
    );
    // A column belongs to its feature.
    let mut owners = vec![0.0; count * features];
    for (column, player) in columns.iter().enumerate() {
        match player {
            Player::One(feature) => owners[column * features + feature] = 1.0,
            Player::None => (),
            Player::Many => bail!("a column of the linear model is made of several features"),
        }
    }
    let owners = matrix_of(graph, &owners, [count, features])?;
    let x = graph.cast(x, Kind::Double)?;
    let mean = graph.doubles(&means)?;
    let centred = graph.node(Op::Sub, &[x, mean], &[])?;
    let coefficients = |target: usize| matrix.iter().skip(target).step_by(targets).copied();
    let mut parts = Vec::new();
    let mut base = Vec::new();
    for target in 0..targets {
        let own: Vec<f64> = coefficients(target).collect();
        base.push(own.iter().zip(&means).map(|(coefficient, mean)| coefficient * mean).sum());
        let own = graph.doubles(&own)?;
        let scaled = graph.node(Op::Mul, &[centred, own], &[])?;
        parts.push(graph.node(Op::MatMul, &[scaled, owners], &[])?);
    }
    let value = graph.node(Op::Concat, &parts, &[1])?;
    Ok(Contributions { value, base })
}

fn matrix_of(graph: &mut Graph, numbers: &[f64], [rows, columns]: [usize; 2]) -> Result<Value> {
    let list = graph.doubles(numbers)?;
    graph.reshape(list, &[i64::try_from(rows)?, i64::try_from(columns)?])
}
