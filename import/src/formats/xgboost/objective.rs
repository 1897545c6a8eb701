//! Turns margins into answers.

use super::file::{Learner, number};
use crate::ir::classes;
use crate::ir::graph::{Graph, Value};
use crate::ir::model::{Answer, Class};
use crate::ir::trees::{self, Sum};
use anyhow::{Context, Result, bail, ensure};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;

/// An objective: the function from margins to answers.
pub struct Objective {
    name: String,
    /// The number of margins of a row.
    pub groups: usize,
    /// The initial margin of each group, before any tree.
    pub base: Vec<f64>,
}

impl Objective {
    /// Reads the name, the number of groups and the base scores of the objective.
    ///
    /// # Errors
    ///
    /// If a parameter is no number, or if the base scores do not fit the groups.
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

    /// Adds the answers, computed from the margins of shape `[rows, groups]`.
    ///
    /// # Errors
    ///
    /// If the objective is not supported.
    pub fn answers(&self, graph: &mut Graph, margin: Value) -> Result<Vec<Answer>> {
        match self.name.as_str() {
            "binary:logistic" => {
                let second = graph.node(Op::Sigmoid, &[margin], &[])?;
                self.each(|column| {
                    let second = graph.column(second, column)?;
                    Ok(Answer::Class(classes::one_of_two(graph, second, Sum::Float)?))
                })
            }
            "binary:hinge" => {
                let zero = graph.floats(&[0.0])?;
                let second = graph.node(Op::Greater, &[margin, zero], &[])?;
                let index = graph.cast(second, Kind::Int)?;
                self.each(|column| {
                    let choice = classes::numbered(graph.column(index, column)?, 2);
                    Ok(Answer::Class(Class { choice, probabilities: None }))
                })
            }
            "multi:softprob" | "multi:softmax" => {
                let probabilities = graph.node(Op::Softmax, &[margin], &[1])?;
                let class = classes::most_probable(graph, probabilities, self.groups)?;
                Ok(vec![Answer::Class(class)])
            }
            _ => {
                let value = self.quantity(graph, margin)?;
                self.each(|column| Ok(Answer::Number { value, column }))
            }
        }
    }

    /// Builds an answer for each margin. A model of several labels has a margin for each label.
    fn each(&self, answer: impl FnMut(usize) -> Result<Answer>) -> Result<Vec<Answer>> {
        (0..self.groups).map(answer).collect()
    }

    fn quantity(&self, graph: &mut Graph, margin: Value) -> Result<Value> {
        Ok(match self.name.as_str() {
            "reg:logistic" => graph.node(Op::Sigmoid, &[margin], &[])?,
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
                graph.node(Op::Exp, &[margin], &[])?
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
            | "rank:map" => margin,
            other => bail!(
                "objective {other:?} is not supported; set booster.set_param({{'objective': \
                 'reg:squarederror'}}) to be answered with the margin"
            ),
        })
    }
}

/// Converts a base score to a margin. The base score of `binary:logitraw` is a margin already.
fn margin_of(objective: &str, score: f32) -> f32 {
    match objective {
        "binary:logistic" | "reg:logistic" => -((1.0 / score - 1.0).ln()),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            score.ln()
        }
        _ => score,
    }
}
