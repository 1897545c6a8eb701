//! Explains a model's answers: finds an exact method for its form, or else one for any model.
//!
//! - [`sums`] writes the answer as a function of sums over trees or columns.
//! - [`players`] finds the feature behind each column; [`columns`] follows columns for both.
//! - [`trees`] and [`linear`] add the contributions to such a sum to the graph.
//! - [`covers`] keeps the covers of trees that were counted from data.
//! - [`reference`](mod@reference) finds the reference person of the methods for any model.
//! - [`data`] has the facts of the data.

mod columns;
pub mod covers;
mod data;
mod linear;
pub mod players;
mod reference;
mod sums;
pub mod trees;

pub use data::Data;

use crate::card::Card;
use crate::card::describe::Described;
use crate::ir::evaluate::Evaluator;
use crate::ir::graph::{Graph, Value};
use crate::ir::program::{Attribution, Explanation, Method, Output, Source};
use crate::verify::{rows, synthetic};
use anyhow::{Context, Result, bail, ensure};
use data::rounded;
use model_runner::op::Op;
use predictor_contract::{ExplanationMethod, ExplanationNotes, Feature, OutputKind, Scale};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use sums::{Sum, sum_of};
use trees::Contributions;

/// The most features for all coalitions of them: 4,096 evaluations for each row.
const MOST_IN_COALITIONS: usize = 12;

/// The largest difference between an answer and the sum of its explanation, relative to the answer,
/// or to 1 for a smaller one. Many files add in float.
const TOLERANCE: f64 = 1e-6;

/// The most rows of the data for the importance of features, and the fewest.
const MOST_EXPLAINED: usize = 1000;
const FEWEST_EXPLAINED: usize = 20;

/// The cost of all rows explained for the importance of features, in thousands of multiplications:
/// about two seconds.
const MOST_COST: u32 = 1_000_000;

/// The most features in the report of an import.
const MOST_SHOWN: usize = 5;

/// The base of exact explanations by trees.
const AVERAGE_OF_TREES: &str =
    "The mean over the data of the training, as the trees' covers count it.";
/// The base of explanations of linear models.
const AVERAGE_OF_COLUMNS: &str = "The answer for the mean of each feature over the data.";

/// A way to explain a model, with the evaluator of its program.
pub struct Explained {
    /// The notes for the description.
    pub notes: ExplanationNotes,
    /// The evaluator of answers and explanations.
    pub evaluator: Evaluator,
    /// Remarks for the user of the import.
    pub remarks: Vec<String>,
}

/// A number of the answer to explain.
struct Target {
    output: usize,
    class: Option<usize>,
    /// The value of the graph with the number, and its column there.
    value: Value,
    column: usize,
    /// The index of the number among all numbers of a row's answer.
    number: usize,
}

/// Finds a way to explain a model: the exact one for trees or linear models, or else by coalitions
/// or permutations of features.
///
/// # Errors
///
/// If there is none. The error says what is missing.
pub fn explain(
    graph: &mut Graph,
    described: &Described,
    card: &Card,
    data: &mut Data,
) -> Result<Explained> {
    let targets = targets(described)?;
    let mut explained = match exact(graph, described, &targets, data) {
        Ok(explained) => explained,
        Err(reason) => {
            let mut explained = by_reference(graph, described, card, &targets)?;
            explained.remarks.push(format!("not by trees or coefficients: {reason:#}"));
            explained
        }
    };
    explained.notes.shares = match data.table {
        Some(_) => shares(&explained, described, targets.len(), data)?,
        None => card.explanation.as_ref().and_then(|own| own.shares.clone()).unwrap_or_default(),
    };
    Ok(explained)
}

/// Lists the numbers to explain: of two classes the positive one, or else the second.
fn targets(described: &Described) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    let mut number = 0;
    for (output, wanted) in described.outputs.iter().enumerate() {
        let notes = &described.description.outputs[output];
        match (wanted, &notes.kind) {
            (Output::Quantity { value, column }, _) => {
                targets.push(Target {
                    output,
                    class: None,
                    value: *value,
                    column: *column,
                    number,
                });
                number += 1;
            }
            (Output::Class { probabilities: Some(value), .. }, OutputKind::Classes(labels)) => {
                let classes = match labels.len() {
                    2 => {
                        let positive = notes.positive.unwrap_or(1) as usize;
                        positive..positive + 1
                    }
                    count => 0..count,
                };
                targets.extend(classes.map(|class| Target {
                    output,
                    class: Some(class),
                    value: *value,
                    column: class,
                    number: number + 1 + class,
                }));
                number += 1 + labels.len();
            }
            _ => bail!("output {:?} has a class, and no probabilities to explain", notes.name),
        }
    }
    Ok(targets)
}

/// Explains answers that are functions of sums over trees or columns.
fn exact(
    graph: &mut Graph,
    described: &Described,
    targets: &[Target],
    data: &mut Data,
) -> Result<Explained> {
    let features = described.signature.features.len();
    let mut known: HashMap<Value, Contributions> = HashMap::new();
    let mut attributions = Vec::new();
    let mut scales = vec![None; described.outputs.len()];
    let mut method = ExplanationMethod::Linear;
    for target in targets {
        let sum = sum_of(graph, target.value, target.column);
        let (scale, sum) = sum.context("its answer is another function")?;
        let scale = scale_of(scale, target.class.is_some())?;
        ensure!(
            *scales[target.output].get_or_insert(scale) == scale,
            "its classes have different scales"
        );
        for term in &sum.terms {
            if let Entry::Vacant(entry) = known.entry(term.node) {
                entry.insert(contributions(graph, term.node, described, features, data)?);
            }
            if graph.as_node(term.node).is_some_and(|node| node.op == Op::TreeEnsemble) {
                method = ExplanationMethod::Trees;
            }
        }
        let (source, base) = combined(graph, &sum, &known, features)?;
        let Target { output, class, .. } = *target;
        attributions.push(Attribution { output, class, source, base });
    }
    let explanation = Explanation { method: Method::Contributions, attributions };
    let evaluator = synthetic::write(graph, described, Some(&explanation))?;
    let scales: Vec<Scale> = scales.into_iter().flatten().collect();
    check(&evaluator, described, targets, &scales)?;
    let base = match method {
        ExplanationMethod::Trees => AVERAGE_OF_TREES,
        _ => AVERAGE_OF_COLUMNS,
    };
    let cost = cost(evaluator.steps_of_explanation(&row(described))?);
    let (base, reference, shares) = (base.to_owned(), Vec::new(), Vec::new());
    let notes = ExplanationNotes { method, scales, base, cost, reference, shares };
    Ok(Explained { notes, evaluator, remarks: Vec::new() })
}

/// Returns the scale of a sum: a class has a probability, not a quantity.
fn scale_of(scale: Scale, is_class: bool) -> Result<Scale> {
    match (scale, is_class) {
        (Scale::Quantity, true) => Ok(Scale::Probability),
        (Scale::Log, true) | (Scale::Softmax, false) => bail!("its answer is another function"),
        (scale, _) => Ok(scale),
    }
}

/// Adds the contributions to all targets of an ensemble or a linear model to the graph.
fn contributions(
    graph: &mut Graph,
    node: Value,
    described: &Described,
    features: usize,
    data: &mut Data,
) -> Result<Contributions> {
    let own = graph.as_node(node).context("its answer is a constant")?;
    let (op, x) = (own.op, own.inputs[0]);
    let columns = players::players(graph, x, &described.cells);
    let columns = columns.context("its columns cannot be followed")?;
    match op {
        Op::TreeEnsemble => {
            let covers = trees::covers(graph, node, data)?;
            trees::contributions(graph, node, &columns, features, &covers)
        }
        _ => linear::contributions(graph, node, &columns, features, data),
    }
}

/// Returns the source of a sum's contributions, and its base. Several terms are added up in the
/// graph.
fn combined(
    graph: &mut Graph,
    sum: &Sum,
    known: &HashMap<Value, Contributions>,
    features: usize,
) -> Result<(Source, f64)> {
    let base: f64 =
        sum.terms.iter().map(|term| term.factor * known[&term.node].base[term.target]).sum();
    let base = base + sum.offset;
    let (first, rest) = sum.terms.split_first().context("its answer is a constant")?;
    let value = known[&first.node].value;
    if rest.is_empty() {
        let (first, factor) = (first.target * features, first.factor);
        return Ok((Source::Value { value, first, factor }, base));
    }
    let mut total = None;
    for term in &sum.terms {
        let places = term.target * features..(term.target + 1) * features;
        let places = graph.ints(&places.map(|place| place as i64).collect::<Vec<_>>())?;
        let own = graph.node(Op::Gather, &[known[&term.node].value, places], &[1])?;
        let factor = graph.doubles(&[term.factor])?;
        let own = graph.node(Op::Mul, &[own, factor], &[])?;
        total = Some(match total {
            Some(total) => graph.node(Op::Add, &[total, own], &[])?,
            None => own,
        });
    }
    let value = total.context("its answer is a constant")?;
    Ok((Source::Value { value, first: 0, factor: 1.0 }, base))
}

/// Explains any model against a reference person.
fn by_reference(
    graph: &Graph,
    described: &Described,
    card: &Card,
    targets: &[Target],
) -> Result<Explained> {
    let features = described.signature.features.len();
    let reference = reference::person(card, described)?;
    let (method, name) = match features {
        ..=MOST_IN_COALITIONS => (Method::Coalitions, ExplanationMethod::Coalitions),
        _ => (Method::Permutations, ExplanationMethod::Permutations),
    };
    let attributions = targets.iter().map(|target| Attribution {
        output: target.output,
        class: target.class,
        source: Source::Number(target.number),
        base: f64::NAN,
    });
    let explanation = Explanation { method, attributions: attributions.collect() };
    let mut evaluator = synthetic::write(graph, described, Some(&explanation))?;
    evaluator.reference = rows::to_runner(&reference);
    let scales = described.outputs.iter().map(|output| match output {
        Output::Class { .. } => Scale::Probability,
        Output::Quantity { .. } => Scale::Quantity,
    });
    let scales: Vec<Scale> = scales.collect();
    check(&evaluator, described, targets, &scales)?;
    let evaluations = match method {
        Method::Coalitions => 1 << features,
        _ => 2 * model_runner::explain::PAIRS as u64 * (features as u64 + 1),
    };
    let cost = cost(evaluator.steps(&row(described))?.saturating_mul(evaluations));
    let base = reference::sentence(&described.signature.features, &reference);
    let notes =
        ExplanationNotes { method: name, scales, base, cost, reference, shares: Vec::new() };
    Ok(Explained { notes, evaluator, remarks: Vec::new() })
}

/// Says how answers are explained, and by which features most.
pub fn report(notes: &ExplanationNotes, features: &[Feature]) -> Vec<String> {
    let method = match notes.method {
        ExplanationMethod::Trees => "the paths through its trees",
        ExplanationMethod::Linear => "its coefficients",
        ExplanationMethod::Coalitions => "all coalitions of features",
        ExplanationMethod::Permutations => "a sample of permutations of features",
    };
    let mut lines = vec![format!("explained by {method}, cost {} a row", notes.cost)];
    let mut order: Vec<(&Feature, f64)> =
        features.iter().zip(notes.shares.iter().copied()).collect();
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let shown = order.iter().take(MOST_SHOWN);
    let shown: Vec<String> =
        shown.map(|(feature, share)| format!("{} {:.0} %", feature.name, share * 100.0)).collect();
    if !shown.is_empty() {
        lines.push(format!("most important: {}", shown.join(", ")));
    }
    lines
}

/// A valid row, to measure the work for one.
fn row(described: &Described) -> Vec<predictor_abi::Value> {
    rows::to_runner(&rows::made_up(&described.signature, 1))
}

fn cost(steps: u64) -> u32 {
    u32::try_from(steps.div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Checks, for made-up rows, that the base and all contributions add up to the answer.
fn check(
    evaluator: &Evaluator,
    described: &Described,
    targets: &[Target],
    scales: &[Scale],
) -> Result<()> {
    let features = described.signature.features.len();
    let all = synthetic::made_up(described);
    // Methods for any model take long, and add up by their nature.
    let count = if evaluator.reference.is_empty() { all.len() / features } else { 1 };
    for values in all.chunks(features).take(count) {
        let (Ok(numbers), Ok(explained)) =
            (evaluator.numbers(values), evaluator.contributions(values))
        else {
            continue;
        };
        let totals: Vec<f64> = explained
            .chunks(2 * features + 1)
            .map(|numbers| numbers[..=features].iter().sum())
            .collect();
        for (index, target) in targets.iter().enumerate() {
            let given = numbers[target.number];
            let same = |other: &(usize, &Target)| other.1.output == target.output;
            let own = targets.iter().enumerate().filter(same).map(|(other, _)| totals[other]);
            let linked = linked(scales[target.output], totals[index], own);
            let difference = (linked - given).abs();
            ensure!(
                given.is_nan() || difference <= TOLERANCE * given.abs().max(1.0),
                "its contributions add up to {linked}, and the answer is {given}"
            );
        }
    }
    Ok(())
}

/// Returns the number of an answer for a total on its scale. `all` has the totals of all classes.
fn linked(scale: Scale, total: f64, all: impl Iterator<Item = f64>) -> f64 {
    match scale {
        Scale::Probability | Scale::Quantity => total,
        Scale::LogOdds => 1.0 / (1.0 + (-total).exp()),
        Scale::Log => total.exp(),
        Scale::Softmax => 1.0 / all.map(|other| (other - total).exp()).sum::<f64>(),
    }
}

/// Returns the part of each feature in the absolute contributions to rows of the data.
fn shares(
    explained: &Explained,
    described: &Described,
    targets: usize,
    data: &Data,
) -> Result<Vec<f64>> {
    let features = described.signature.features.len();
    // Some seconds have to do.
    let most = (MOST_COST / explained.notes.cost.max(1)) as usize;
    let values = data.spread_rows(most.clamp(FEWEST_EXPLAINED, MOST_EXPLAINED))?;
    let mut sums = vec![0.0; features];
    for row in values.chunks(features) {
        let row = rows::to_runner(row);
        let Ok(numbers) = explained.evaluator.contributions(&row) else { continue };
        for target in 0..targets {
            let first = target * (2 * features + 1) + 1;
            let own = numbers[first..first + features].iter().map(|number| number.abs());
            let size: f64 = own.clone().sum();
            // Each row counts alike, as in the metric of live rows.
            if size > 0.0 && size.is_finite() {
                sums.iter_mut().zip(own).for_each(|(sum, number)| *sum += number / size);
            }
        }
    }
    let total: f64 = sums.iter().sum();
    if total == 0.0 {
        return Ok(Vec::new());
    }
    Ok(sums.iter().map(|sum| rounded(sum / total)).collect())
}
