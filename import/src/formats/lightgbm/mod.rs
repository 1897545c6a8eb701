//! Reads LightGBM's text format (<https://lightgbm.readthedocs.io/en/stable/>) of versions 2.3 to
//! 4.7.

mod features;

use crate::ir::budget::Rest;
use crate::ir::classes;
use crate::ir::graph::{Graph, Input, InputKind, Value};
use crate::ir::model::{Answer, Model};
use crate::ir::trees::{self, Branch, Node, Set, Sum, Test, Tree};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use std::collections::HashMap;
use std::str::FromStr;

/// The bits of a `decision_type`: LightGBM's `kCategoricalMask` and `kDefaultLeftMask`. The two
/// bits above are the missing type.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_IS_ZERO: u8 = 1;
const MISSING_IS_NAN: u8 = 2;

/// Reads a model.
///
/// # Errors
///
/// If the text is no LightGBM model or is cut off, or if its objective or trees are not supported.
pub fn read(text: &str) -> Result<Model> {
    let text = text.replace('\r', "");
    let (body, rest) = text.split_once("\nend of trees").context("it is cut off")?;
    let is_whole = !rest.contains("\nparameters:") || rest.contains("\nend of parameters");
    // Version 2.3 writes a space in place of the underscore.
    let has_importances =
        ["\nfeature_importances:", "\nfeature importances:"].iter().any(|key| rest.contains(key));
    ensure!(is_whole && has_importances, "it is cut off");
    let mut sections = body.split("\nTree=");
    let head = Section::new(sections.next().unwrap_or_default());
    let count = head.number::<usize>("max_feature_idx")?.saturating_add(1);
    ensure!(count <= 65_536, "it has {count} features");
    let groups: usize = head.number("num_tree_per_iteration")?;
    trees::check_outputs(groups)?;
    // Read the trees. They belong to the groups in turn.
    let mut graph = Graph::new("the booster");
    let mut trained_with_missing = vec![false; count];
    let sections: Vec<Section> = sections.map(Section::new).collect();
    let trees = sections.iter().enumerate().map(|(index, section)| {
        let group = index % groups;
        tree_of(section, group, &mut trained_with_missing, &graph.rest)
            .with_context(|| format!("tree {index}"))
    });
    let trees = trees.collect::<Result<Vec<_>>>()?;
    ensure!(!trees.is_empty(), "it has no trees");
    let features = features::features(&head, rest, &trained_with_missing)?;
    let input = Input { name: "input".to_owned(), kind: InputKind::Double, columns: count };
    let x = graph.input(input);
    let covers: Vec<Vec<f64>> = sections.iter().map(covers_of).collect();
    let mut sum = trees::add(&mut graph, x, &trees, &covers, &vec![0.0; groups], Sum::Double)?;
    if head.has("average_output") {
        let iterations = graph.doubles(&[(trees.len() / groups).max(1) as f64])?;
        sum = graph.node(Op::Div, &[sum, iterations], &[])?;
    }
    let objective = head.text("objective").unwrap_or("");
    let answers = answers(&mut graph, sum, objective, groups)?;
    let version = head.text("version").unwrap_or("of an unknown version");
    Ok(Model {
        graph,
        is_named: features.iter().enumerate().any(|(at, one)| one.name != format!("Column_{at}")),
        features,
        answers,
        precision: "float64",
        source: format!(
            "LightGBM {version}, {}",
            if objective.is_empty() { "no objective" } else { objective }
        ),
        notes: Vec::new(),
    })
}

/// A section of the file: lines of `key=value`.
struct Section<'s>(HashMap<&'s str, &'s str>);

impl<'s> Section<'s> {
    fn new(text: &'s str) -> Self {
        Self(text.lines().map(|line| line.split_once('=').unwrap_or((line, ""))).collect())
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn text(&self, key: &str) -> Option<&'s str> {
        self.0.get(key).copied()
    }

    fn number<T: FromStr>(&self, key: &str) -> Result<T> {
        let text = self.text(key).with_context(|| format!("{key} is missing"))?;
        text.parse().map_err(|_| anyhow!("{key} {text:?} is no number"))
    }

    /// Reads a list of `length` numbers.
    fn list<T: FromStr>(&self, key: &str, length: usize) -> Result<Vec<T>> {
        let text = self.text(key).with_context(|| format!("{key} is missing"))?;
        let values = text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<T>, _>>();
        let values = values.map_err(|_| anyhow!("{key} has what is no number"))?;
        ensure!(values.len() == length, "{key} has {} values, not {length}", values.len());
        Ok(values)
    }
}

/// Reads the number of training rows at each node of a tree: first the branches, then the leaves. A
/// list without numbers is no use, and left out.
fn covers_of(section: &Section) -> Vec<f64> {
    let numbers = |key: &str| {
        let texts = section.text(key).unwrap_or_default().split_ascii_whitespace();
        texts.map(|text| text.parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>()
    };
    let leaves: usize = section.number("num_leaves").unwrap_or(0);
    if leaves == 1 {
        return vec![1.0];
    }
    [numbers("internal_count"), numbers("leaf_count")].concat()
}

/// Reads a tree: first its branches, then its leaves. A branch has a missing type if its feature
/// had missing values in training: then the flag of the feature in `trained_with_missing` is set.
fn tree_of(
    section: &Section,
    group: usize,
    trained_with_missing: &mut [bool],
    rest: &Rest,
) -> Result<Tree> {
    ensure!(
        section.text("is_linear").unwrap_or("0") == "0",
        "linear_tree is not supported; train without it"
    );
    let leaves: usize = section.number("num_leaves")?;
    ensure!((1..=1 << 24).contains(&leaves), "it has {leaves} leaves");
    let values: Vec<f64> = section.list("leaf_value", leaves)?;
    let leaves = values.iter().map(|value| Node::Leaf(vec![(group, *value)]));
    let count = values.len() - 1;
    if count == 0 {
        return Ok(leaves.collect());
    }
    let columns = Columns {
        features: section.list("split_feature", count)?,
        thresholds: section.list("threshold", count)?,
        decisions: section.list("decision_type", count)?,
        children: [section.list("left_child", count)?, section.list("right_child", count)?],
        sets: sets(section, rest)?,
    };
    for (feature, decision) in columns.features.iter().zip(&columns.decisions) {
        if decision & CATEGORICAL == 0 && decision >> 2 & 3 != 0 {
            *trained_with_missing
                .get_mut(*feature)
                .context("it has a split without a feature")? = true;
        }
    }
    let branches = (0..count).map(|node| columns.branch(node, count).map(Node::Branch));
    branches.chain(leaves.map(Ok)).collect()
}

struct Columns {
    features: Vec<usize>,
    thresholds: Vec<f64>,
    decisions: Vec<u8>,
    children: [Vec<i64>; 2],
    sets: Vec<Set>,
}

impl Columns {
    fn branch(&self, node: usize, branches: usize) -> Result<Branch> {
        // A leaf is written as the bitwise complement of its number.
        let child = |side: usize| -> Result<usize> {
            let child = self.children[side][node];
            let place = if child < 0 { (branches as i64).checked_add(!child) } else { Some(child) };
            place
                .and_then(|place| usize::try_from(place).ok())
                .context("it has a node without a child")
        };
        let (left, right) = (child(0)?, child(1)?);
        let feature = self.features[node];
        let decision = self.decisions[node];
        let threshold = self.thresholds[node];
        let (test, missing_left, zero_is_missing) = if decision & CATEGORICAL != 0 {
            let set = self.sets.get(threshold as usize);
            let set = set.context("it has a split without categories")?;
            (Test::In(set.clone()), false, false)
        } else {
            let default_left = decision & DEFAULT_LEFT != 0;
            let (missing_left, zero_is_missing) = match decision >> 2 & 3 {
                MISSING_IS_ZERO => (default_left, true),
                MISSING_IS_NAN => (default_left, false),
                // A missing value counts as 0.
                _ => (0.0 <= threshold, false),
            };
            (Test::LessOrEqual(threshold), missing_left, zero_is_missing)
        };
        Ok(Branch { feature, test, missing_left, zero_is_missing, left, right })
    }
}

/// Reads the categories on the left of each categorical split.
fn sets(section: &Section, rest: &Rest) -> Result<Vec<Set>> {
    let count: usize = section.number("num_cat").unwrap_or(0);
    if count == 0 {
        return Ok(Vec::new());
    }
    let bounds: Vec<usize> = section.list("cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = section.list("cat_threshold", *bounds.last().unwrap_or(&0))?;
    ensure!(bounds.is_sorted(), "it has categories out of order");
    let set = |pair: &[usize]| {
        let words = words.get(pair[0]..pair[1]).context("it has categories out of order")?;
        rest.take_bytes(size_of_val(words) * 32)?;
        let bits = words.iter().enumerate().flat_map(|(word, bits)| {
            (0..32).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word as u32 * 32 + bit)
        });
        Ok(bits.collect())
    };
    bounds.windows(2).map(set).collect()
}

/// Adds the answers: the sums, transformed as the objective requires.
fn answers(graph: &mut Graph, sum: Value, objective: &str, groups: usize) -> Result<Vec<Answer>> {
    let mut words = objective.split(' ');
    let name = words.next().unwrap_or_default();
    let parameters: Vec<&str> = words.collect();
    let parameter =
        |key: &str| parameters.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix(':'));
    let sigmoid: f64 =
        parameter("sigmoid").map_or(Ok(1.0), str::parse).context("its sigmoid is no number")?;
    let class = match name {
        "binary" => {
            let second = logistic(graph, sum, sigmoid)?;
            classes::one_of_two(graph, second, Sum::Double)?
        }
        "multiclass" => {
            let probabilities = graph.node(Op::Softmax, &[sum], &[1])?;
            classes::most_probable(graph, probabilities, groups)?
        }
        "multiclassova" => {
            let probabilities = logistic(graph, sum, sigmoid)?;
            classes::most_probable(graph, probabilities, groups)?
        }
        _ => {
            let value = quantity(graph, sum, name, &parameters)?;
            return Ok((0..groups).map(|column| Answer::Number { value, column }).collect());
        }
    };
    Ok(vec![Answer::Class(class)])
}

fn quantity(graph: &mut Graph, sum: Value, name: &str, parameters: &[&str]) -> Result<Value> {
    Ok(match name {
        "cross_entropy" | "xentropy" => logistic(graph, sum, 1.0)?,
        "cross_entropy_lambda" | "xentlambda" => graph.node(Op::Softplus, &[sum], &[])?,
        "poisson" | "gamma" | "tweedie" => graph.node(Op::Exp, &[sum], &[])?,
        "regression" if parameters.contains(&"sqrt") => {
            let sign = graph.node(Op::Sign, &[sum], &[])?;
            let square = graph.node(Op::Mul, &[sum, sum], &[])?;
            graph.node(Op::Mul, &[sign, square], &[])?
        }
        "" | "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
        | "lambdarank" | "rank_xendcg" | "custom" => sum,
        other => bail!("objective {other:?} is not supported"),
    })
}

fn logistic(graph: &mut Graph, sum: Value, factor: f64) -> Result<Value> {
    let factor = graph.doubles(&[factor])?;
    let scaled = graph.node(Op::Mul, &[sum, factor], &[])?;
    graph.node(Op::Sigmoid, &[scaled], &[])
}
