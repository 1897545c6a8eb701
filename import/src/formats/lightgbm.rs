//! LightGBM's text (<https://lightgbm.readthedocs.io/en/stable/>), of versions 3.3 to 4.7.

use crate::ir::classes;
use crate::ir::graph::{Graph, Input, InputKind, Value};
use crate::ir::model::{Answer, Feature, Missing, Model, Values};
use crate::ir::trees::{self, Branch, Node, Sum, Test, Tree};
use anyhow::{Context, Result, anyhow, bail, ensure};
use model_runner::op::Op;
use std::collections::HashMap;
use std::str::FromStr;

/// The parts of a decision: LightGBM's `kCategoricalMask` and `kDefaultLeftMask`, and its missing
/// types in the two bits above.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_IS_ZERO: u8 = 1;
const MISSING_IS_NAN: u8 = 2;

/// Reads a model.
///
/// # Errors
///
/// If it is no model of LightGBM, is cut off, or has an objective or trees that are not supported.
pub fn read(text: &str) -> Result<Model> {
    let text = text.replace('\r', "");
    let (body, rest) = text.split_once("\nend of trees").context("it is cut off")?;
    let is_whole = !rest.contains("\nparameters:") || rest.contains("\nend of parameters");
    ensure!(is_whole && rest.contains("\nfeature_importances:"), "it is cut off");
    let mut sections = body.split("\nTree=");
    let head = Section::new(sections.next().unwrap_or_default());
    let count = head.number::<usize>("max_feature_idx")?.saturating_add(1);
    ensure!(count <= 65_536, "it has {count} features");
    let groups: usize = head.number("num_tree_per_iteration")?;
    trees::check_outputs(groups)?;
    // Read the trees, each of which belongs to a group in turn.
    let trees = sections.enumerate().map(|(index, section)| {
        tree_of(&Section::new(section), index % groups).with_context(|| format!("tree {index}"))
    });
    let trees = trees.collect::<Result<Vec<_>>>()?;
    ensure!(!trees.is_empty(), "it has no trees");
    let input = Input { name: "input".to_owned(), kind: InputKind::Double, columns: count };
    let mut graph = Graph::new("the booster");
    let x = graph.input(input);
    let mut sum = trees::add(&mut graph, x, &trees, &vec![0.0; groups], Sum::Double)?;
    if head.has("average_output") {
        let iterations = graph.doubles(&[(trees.len() / groups).max(1) as f64])?;
        sum = graph.node(Op::Div, &[sum, iterations], &[])?;
    }
    let objective = head.text("objective").unwrap_or("");
    let answer = answer(&mut graph, sum, objective, groups)?;
    let version = head.text("version").unwrap_or("of an unknown version");
    Ok(Model {
        graph,
        features: features(&head, rest, count)?,
        answer,
        precision: "float64",
        source: format!(
            "LightGBM {version}, {}",
            if objective.is_empty() { "no objective" } else { objective }
        ),
        notes: Vec::new(),
    })
}

/// Lines of `key=value`.
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

    /// A list of `length` numbers.
    fn list<T: FromStr>(&self, key: &str, length: usize) -> Result<Vec<T>> {
        let text = self.text(key).with_context(|| format!("{key} is missing"))?;
        let values = text.split_ascii_whitespace().map(str::parse).collect::<Result<Vec<T>, _>>();
        let values = values.map_err(|_| anyhow!("{key} has what is no number"))?;
        ensure!(values.len() == length, "{key} has {} values, not {length}", values.len());
        Ok(values)
    }
}

/// A tree: its branches, and behind them its leaves.
fn tree_of(section: &Section, group: usize) -> Result<Tree> {
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
        covers: section.list("internal_count", count).unwrap_or_default(),
        sets: sets(section)?,
    };
    let branches = (0..count).map(|node| columns.branch(node, count).map(Node::Branch));
    branches.chain(leaves.map(Ok)).collect()
}

struct Columns {
    features: Vec<usize>,
    thresholds: Vec<f64>,
    decisions: Vec<u8>,
    children: [Vec<i64>; 2],
    covers: Vec<f32>,
    sets: Vec<Vec<u32>>,
}

impl Columns {
    fn branch(&self, node: usize, branches: usize) -> Result<Branch> {
        // A leaf is written as its number, inverted.
        let child = |side: usize| -> Result<usize> {
            let child = self.children[side][node];
            let place = if child < 0 { branches as i64 - 1 - child } else { child };
            usize::try_from(place).context("it has a node without a child")
        };
        let (left, right) = (child(0)?, child(1)?);
        let (feature, cover) = (self.features[node], self.covers.get(node).copied().unwrap_or(0.0));
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
                // A missing value is 0.
                _ => (0.0 <= threshold, false),
            };
            (Test::LessOrEqual(threshold), missing_left, zero_is_missing)
        };
        Ok(Branch { feature, test, missing_left, zero_is_missing, cover, left, right })
    }
}

/// The categories that go to the left, of each categorical split.
fn sets(section: &Section) -> Result<Vec<Vec<u32>>> {
    let count: usize = section.number("num_cat").unwrap_or(0);
    if count == 0 {
        return Ok(Vec::new());
    }
    let bounds: Vec<usize> = section.list("cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = section.list("cat_threshold", *bounds.last().unwrap_or(&0))?;
    let set = |pair: &[usize]| {
        let words = words.get(pair[0]..pair[1]).context("it has categories out of order")?;
        let bits = words.iter().enumerate().flat_map(|(word, bits)| {
            (0..32).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word as u32 * 32 + bit)
        });
        Ok(bits.collect())
    };
    bounds.windows(2).map(set).collect()
}

/// Turns the sums into an answer, as the objective has it.
fn answer(graph: &mut Graph, sum: Value, objective: &str, groups: usize) -> Result<Answer> {
    let mut words = objective.split(' ');
    let name = words.next().unwrap_or_default();
    let parameters: Vec<&str> = words.collect();
    let parameter =
        |key: &str| parameters.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix(':'));
    let sigmoid: f64 =
        parameter("sigmoid").map_or(Ok(1.0), str::parse).context("its sigmoid is no number")?;
    let columns =
        |value: Value| Answer::Quantities((0..groups).map(|column| (value, column)).collect());
    Ok(match name {
        "binary" => {
            let second = logistic(graph, sum, sigmoid)?;
            let (place, probabilities) = classes::two(graph, second, Sum::Double)?;
            Answer::Class {
                place,
                probabilities: Some(probabilities),
                labels: classes::numbered(2),
            }
        }
        "multiclass" | "multiclassova" => {
            let probabilities = match name {
                "multiclass" => graph.node(Op::Softmax, &[sum], &[1])?,
                _ => logistic(graph, sum, sigmoid)?,
            };
            let place = graph.node(Op::ArgMax, &[probabilities], &[1, 0, 0])?;
            let labels = classes::numbered(groups);
            Answer::Class { place, probabilities: Some(probabilities), labels }
        }
        "cross_entropy" | "xentropy" => columns(logistic(graph, sum, 1.0)?),
        "cross_entropy_lambda" | "xentlambda" => columns(graph.node(Op::Softplus, &[sum], &[])?),
        "poisson" | "gamma" | "tweedie" => columns(graph.node(Op::Exp, &[sum], &[])?),
        "regression" if parameters.contains(&"sqrt") => {
            let sign = graph.node(Op::Sign, &[sum], &[])?;
            let square = graph.node(Op::Mul, &[sum, sum], &[])?;
            columns(graph.node(Op::Mul, &[sign, square], &[])?)
        }
        "" | "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape"
        | "lambdarank" | "rank_xendcg" | "custom" => columns(sum),
        other => bail!("objective {other:?} is not supported"),
    })
}

fn logistic(graph: &mut Graph, sum: Value, factor: f64) -> Result<Value> {
    let factor = graph.doubles(&[factor])?;
    let scaled = graph.node(Op::Mul, &[sum, factor], &[])?;
    graph.node(Op::Sigmoid, &[scaled], &[])
}

fn features(head: &Section, rest: &str, count: usize) -> Result<Vec<Feature>> {
    let names: Vec<&str> = head.text("feature_names").unwrap_or_default().split(' ').collect();
    let infos: Vec<&str> = head.text("feature_infos").unwrap_or_default().split(' ').collect();
    ensure!(names.len() == count, "it names {} of {count} features", names.len());
    let is_categorical = |column: usize| {
        infos.get(column).is_some_and(|info| !info.starts_with('[') && *info != "none")
    };
    // pandas' categories, if they are those of the categorical columns.
    let categories = rest.lines().find_map(|line| line.strip_prefix("pandas_categorical:"));
    let categories: Option<Vec<Vec<serde_json::Value>>> = match categories {
        Some(json) => serde_json::from_str(json).context("its pandas_categorical is cut off")?,
        None => None,
    };
    let count_of_categorical = (0..count).filter(|column| is_categorical(*column)).count();
    let mut categories =
        categories.filter(|lists| lists.len() == count_of_categorical).into_iter().flatten();
    Ok((0..count)
        .map(|column| {
            let values = match is_categorical(column).then(|| categories.next()) {
                Some(Some(names)) => category(&names),
                Some(None) => Values::Whole,
                None => Values::Number,
            };
            Feature {
                name: names[column].to_owned(),
                input: 0,
                column,
                values,
                missing: Missing::Handle,
            }
        })
        .collect())
}

/// Categories that stand for their places. pandas has NaN for one that it does not know.
fn category(names: &[serde_json::Value]) -> Values {
    let text = |name: &serde_json::Value| match name {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Values::Category {
        names: names.iter().map(text).collect(),
        codes: (0..names.len()).map(|place| place as f64).collect(),
        unknown: f64::NAN,
    }
}
