//! Writes the numbers of an answer as functions of sums: of ensembles of trees, and of linear
//! models.

use super::columns::{copied, paired};
use crate::ir::graph::{Definition, Graph, Node, Value};
use model_runner::op::Op;
use model_runner::ops::elementwise::Kind;
use predictor_contract::Scale;
use std::collections::HashMap;
use std::rc::Rc;

/// A weighted sum of targets of ensembles and linear models, plus a constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// The terms.
    pub terms: Vec<Term>,
    /// The constant.
    pub offset: f64,
}

/// A target of an ensemble or a linear model, with its factor in a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// The node of the ensemble, or of a linear model's product with its matrix.
    pub node: Value,
    /// The index of the target among those of the node.
    pub target: usize,
    /// The factor.
    pub factor: f64,
}

/// A number of an answer.
#[derive(Clone, Debug)]
enum Form {
    Sum(Sum),
    Exponential(Sum),
    Logistic(Sum),
    /// The share of one of several sums in their softmax, by its index.
    Softmax(usize, Rc<[Sum]>),
}

impl Sum {
    fn constant(offset: f64) -> Self {
        Self { terms: Vec::new(), offset }
    }

    fn times(mut self, factor: f64) -> Self {
        self.terms.iter_mut().for_each(|term| term.factor *= factor);
        self.offset *= factor;
        self
    }

    fn plus(mut self, other: Self) -> Self {
        for term in other.terms {
            let is_same = |own: &&mut Term| (own.node, own.target) == (term.node, term.target);
            match self.terms.iter_mut().find(is_same) {
                Some(own) => own.factor += term.factor,
                None => self.terms.push(term),
            }
        }
        self.offset += other.offset;
        self
    }

    fn minus(self, other: Self) -> Self {
        self.plus(other.times(-1.0))
    }
}

/// Returns the scale of a column of a value, and its sum on this scale. None if the column is no
/// function of sums known here.
pub fn sum_of(graph: &Graph, value: Value, column: usize) -> Option<(Scale, Sum)> {
    let form = Search { graph, known: HashMap::new() }.of(value)?.get(column)?.clone()?;
    Some(match form {
        Form::Sum(sum) => (Scale::Quantity, sum),
        Form::Exponential(sum) => (Scale::Log, sum),
        Form::Logistic(sum) => (Scale::LogOdds, sum),
        Form::Softmax(own, sums) => match &sums[..] {
            // The softmax of two sums is the logistic function of their difference.
            [a, b] if own == 0 => (Scale::LogOdds, a.clone().minus(b.clone())),
            [a, b] => (Scale::LogOdds, b.clone().minus(a.clone())),
            _ => (Scale::Softmax, sums[own].clone()),
        },
    })
}

struct Search<'g> {
    graph: &'g Graph,
    known: HashMap<Value, Option<Vec<Option<Form>>>>,
}

impl Search<'_> {
    /// Returns the form of each column; none for an unknown one.
    fn of(&mut self, value: Value) -> Option<Vec<Option<Form>>> {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        let graph = self.graph;
        let found = match &graph.values[value.0] {
            Definition::Constant(tensor) => tensor.to_doubles().ok().map(|numbers| {
                numbers.iter().map(|number| Some(Form::Sum(Sum::constant(*number)))).collect()
            }),
            Definition::Node(node) => self.of_node(value, node),
            Definition::Input(_) | Definition::Slot => None,
        };
        self.known.insert(value, found.clone());
        found
    }

    fn of_node(&mut self, value: Value, node: &Node) -> Option<Vec<Option<Form>>> {
        let is_float = |kind: i32| kind == Kind::Float as i32 || kind == Kind::Double as i32;
        if node.op == Op::Cast && !node.attributes.first().is_some_and(|kind| is_float(*kind)) {
            return None;
        }
        if let Some(copied) = copied(self.graph, node, |input| self.of(input)) {
            return Some(copied);
        }
        let each = |forms: Vec<Option<Form>>, change: fn(Form) -> Option<Form>| {
            forms.into_iter().map(|form| change(form?)).collect()
        };
        match node.op {
            Op::TreeEnsemble | Op::MatMul => self.targets(value, node),
            Op::Div if self.is_sum_of(node.inputs[1], node.inputs[0]) => self.of(node.inputs[0]),
            Op::Add | Op::Sub | Op::Mul | Op::Div => {
                let pairs = paired(self.of(node.inputs[0])?, self.of(node.inputs[1])?)?;
                Some(pairs.into_iter().map(|(a, b)| arithmetic(node.op, a?, b?)).collect())
            }
            Op::Neg => Some(each(self.of(node.inputs[0])?, |form| match form {
                Form::Sum(sum) => Some(Form::Sum(sum.times(-1.0))),
                _ => None,
            })),
            Op::Exp => Some(each(self.of(node.inputs[0])?, |form| match form {
                Form::Sum(sum) => Some(Form::Exponential(sum)),
                _ => None,
            })),
            Op::Sigmoid => Some(each(self.of(node.inputs[0])?, |form| match form {
                Form::Sum(sum) => Some(Form::Logistic(sum)),
                _ => None,
            })),
            Op::Softmax => self.softmax(node),
            // Probabilities that add up to 1 stay as they are. The answers are compared later.
            Op::Normalizer => self.of(node.inputs[0]),
            _ => None,
        }
    }

    /// True if `sum` adds up the columns of `parts`. Probabilities divided by their sum stay as they
    /// are if it is 1; the answers are compared later.
    fn is_sum_of(&self, sum: Value, parts: Value) -> bool {
        let input = |value: Value, op: Op| {
            self.graph.as_node(value).filter(|node| node.op == op).map(|node| node.inputs[0])
        };
        input(sum, Op::ReduceSum).is_some_and(|own| input(own, Op::Abs).unwrap_or(own) == parts)
    }

    /// The targets of an ensemble, or of a product with a constant matrix.
    fn targets(&mut self, value: Value, node: &Node) -> Option<Vec<Option<Form>>> {
        let count = match node.op {
            Op::TreeEnsemble => self.graph.as_constant(node.inputs[5])?.shape.size(),
            _ => match self.graph.as_constant(node.inputs[1])?.shape.dims() {
                [_] => 1,
                [_, targets] => *targets,
                _ => return None,
            },
        };
        let term = |target| Term { node: value, target, factor: 1.0 };
        let sum = |target| Sum { terms: vec![term(target)], offset: 0.0 };
        Some((0..count).map(|target| Some(Form::Sum(sum(target)))).collect())
    }

    fn softmax(&mut self, node: &Node) -> Option<Vec<Option<Form>>> {
        let sums = self.of(node.inputs[0])?.into_iter().map(|form| match form {
            Some(Form::Sum(sum)) => Some(sum),
            _ => None,
        });
        let sums: Rc<[Sum]> = sums.collect::<Option<Vec<_>>>()?.into();
        Some((0..sums.len()).map(|own| Some(Form::Softmax(own, sums.clone()))).collect())
    }
}

fn arithmetic(op: Op, a: Form, b: Form) -> Option<Form> {
    let is_constant = |sum: &Sum| sum.terms.is_empty();
    match (op, a, b) {
        (Op::Add, Form::Sum(a), Form::Sum(b)) => Some(Form::Sum(a.plus(b))),
        (Op::Sub, Form::Sum(a), Form::Sum(b)) => Some(Form::Sum(a.minus(b))),
        (Op::Mul, Form::Sum(a), Form::Sum(b)) if is_constant(&b) => {
            Some(Form::Sum(a.times(b.offset)))
        }
        (Op::Mul, Form::Sum(a), Form::Sum(b)) if is_constant(&a) => {
            Some(Form::Sum(b.times(a.offset)))
        }
        (Op::Div, Form::Sum(a), Form::Sum(b)) if is_constant(&b) => {
            Some(Form::Sum(a.times(1.0 / b.offset)))
        }
        // The other class has the opposite log-odds.
        (Op::Sub, Form::Sum(one), Form::Logistic(sum)) if one == Sum::constant(1.0) => {
            Some(Form::Logistic(sum.times(-1.0)))
        }
        _ => None,
    }
}
