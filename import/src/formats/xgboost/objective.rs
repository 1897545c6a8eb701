//! From margins to answers.

use super::file::{Learner, number};
use crate::ir::classes;
use crate::ir::graph::{Graph, Value};
use crate::ir::model::Answer;
use crate::ir::trees::{self, Sum};
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;

/// How a margin becomes an answer.
pub struct Objective {
    name: String,
    /// The number of margins.
    pub groups: usize,
    /// The margin of each before any tree.
    pub base: Vec<f64>,
}

impl Objective {
    pub fn new(learner: &Learner) -> Result<Self> {
        let name = learner.objective.name.clone();
        let classes = number(&learner.param.num_class, "num_class")?;
        let targets = number(&learner.param.num_target, "num_target")?;
        let groups = classes.max(targets).max(1);
        trees::check_outputs(groups)?;
        let text = learner.param.base_score.trim_matches(['[', ']']);
        let scores = text.split(',').map(|score| score.trim().parse::<f32>());
        let scores = scores.collect::<Result<Vec<_>, _>>();
        let scores = scores.with_context(|| format!("its base_score {text:?} is no number"))?;
        let mut base: Vec<f64> =
            scores.iter().map(|score| f64::from(margin_of(&name, *score))).collect();
        if let [one] = base[..] {
            base = vec![one; groups];
        }
        ensure!(base.len() == groups, "it has {} base scores for {groups} outputs", base.len());
        Ok(Self { name, groups, base })
    }

    pub fn answer(&self, graph: &mut Graph, margin: Value) -> Result<Answer> {
        let columns = |value: Value| {
            Answer::Quantities((0..self.groups).map(|column| (value, column)).collect())
        };
        Ok(match self.name.as_str() {
            "binary:logistic" if self.groups == 1 => {
                let second = graph.node(Op::Sigmoid, &[margin], &[])?;
                let (place, probabilities) = classes::two(graph, second, Sum::Float)?;
                let labels = classes::numbered(2);
                Answer::Class { place, probabilities: Some(probabilities), labels }
            }
            "binary:hinge" => {
                let zero = graph.floats(&[0.0])?;
                let second = graph.node(Op::Greater, &[margin, zero], &[])?;
                let place = graph.cast(second, Kind::Int)?;
                Answer::Class { place, probabilities: None, labels: classes::numbered(2) }
            }
            "multi:softprob" | "multi:softmax" => {
                let probabilities = graph.node(Op::Softmax, &[margin], &[1])?;
                let place = graph.node(Op::ArgMax, &[probabilities], &[1, 0, 0])?;
                let labels = classes::numbered(self.groups);
                Answer::Class { place, probabilities: Some(probabilities), labels }
            }
            "reg:logistic" | "binary:logistic" => {
                columns(graph.node(Op::Sigmoid, &[margin], &[])?)
            }
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                columns(graph.node(Op::Exp, &[margin], &[])?)
            }
            "reg:squarederror"
            | "reg:linear"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "binary:logitraw"
            | "rank:pairwise"
            | "rank:ndcg"
            | "rank:map" => columns(margin),
            other => bail!(
                "objective {other:?} is not supported; set booster.set_param({{'objective': \
                 'reg:squarederror'}}) to be answered with the margin"
            ),
        })
    }
}

/// The margin that belongs to a base score.
fn margin_of(objective: &str, score: f32) -> f32 {
    match objective {
        "binary:logistic" | "reg:logistic" | "binary:logitraw" => -((1.0 / score - 1.0).ln()),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            score.ln()
        }
        _ => score,
    }
}
