//! The call of each operator, and its steps.

use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::op::Op;
use crate::ops::{
    contributions, elementwise, encode, impute, matrix, reduce, structure, svm, tree,
};
use crate::tensor::Tensor;

/// The steps of a node with inputs of any size. A node makes lists, and a loop may run it often.
pub const NODE: u64 = 1_000;

/// The steps of a path through a tree.
const PATH: u64 = 64;

/// The steps of coupling a pair of classes: libsvm makes up to a hundred iterations.
const COUPLING: u64 = 200;

impl Op {
    /// Returns the steps of the operator, without those for each value of the output. An output has
    /// at most [`MAX_SIZE`](crate::tensor::MAX_SIZE) values. A slightly high estimate does no harm.
    fn steps(self, inputs: &[&Tensor]) -> u64 {
        let size = |place: usize| inputs.get(place).map_or(0, |input| input.data.len() as u64);
        let rows = |place: usize| {
            let dims = inputs.get(place).map_or(&[][..], |input| input.shape.dims());
            dims.first().map_or(1, |length| *length as u64)
        };
        let factors = match self {
            // Each row meets each column, or each support vector.
            Op::MatMul => [size(0), size(1) / rows(1).max(1)],
            Op::SvmKernel => [size(0), rows(1)],
            // Each kernel counts for each class.
            Op::SvmDecisions => [size(0), size(3)],
            Op::SvmProbabilities => [size(0), COUPLING],
            // Each value is looked for among the keys.
            Op::OneHotEncoder | Op::LabelEncoder => [size(0), size(1)],
            // Each row meets each value of the training.
            Op::KnnImputer => [rows(0), size(1) * 2],
            // Each row takes a path through each tree, whose root has four bytes.
            Op::TreeEnsemble => [rows(0), size(2) / 4 * PATH],
            // Each row meets each node, of sixteen bytes, with each point of the rule, of sixteen.
            Op::TreeContributions => [rows(0), (size(1) / 16).saturating_mul(size(8) / 2)],
            _ => [(0..inputs.len()).map(size).sum(), 1],
        };
        factors[0].saturating_mul(factors[1]).saturating_add(NODE)
    }

    /// Computes the output. The function of each operator in [`ops`](crate::ops) documents its
    /// inputs and attributes; a missing attribute is 0.
    ///
    /// # Errors
    ///
    /// If an input is missing or has a wrong type or shape, or the budget has too few steps.
    pub fn run<'t>(
        self,
        inputs: &[&Tensor<'t>],
        attributes: &[i32],
        budget: &mut Budget,
    ) -> Result<Tensor<'t>> {
        budget.take_steps(self.steps(inputs))?;
        let output = self.compute(inputs, attributes)?;
        budget.take_steps(output.shape.size() as u64)?;
        Ok(output)
    }

    fn compute<'t>(self, inputs: &[&Tensor<'t>], attributes: &[i32]) -> Result<Tensor<'t>> {
        let input = |place: usize| inputs.get(place).copied().ok_or(Error("lacks an input"));
        let number = |place: usize| attributes.get(place).copied().unwrap_or(0);
        let axis = i64::from(number(0));
        match self {
            Op::Abs
            | Op::Ceil
            | Op::Cos
            | Op::Erf
            | Op::Exp
            | Op::Floor
            | Op::Log
            | Op::Neg
            | Op::Reciprocal
            | Op::Relu
            | Op::Round
            | Op::Sigmoid
            | Op::Sign
            | Op::Sin
            | Op::Softplus
            | Op::Sqrt
            | Op::Tanh => elementwise::unary(self, input(0)?),
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Pow | Op::Max | Op::Min | Op::Mod => {
                elementwise::arithmetic(self, input(0)?, input(1)?)
            }
            Op::Equal | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                elementwise::compare(self, input(0)?, input(1)?)
            }
            Op::And | Op::Or | Op::Xor => elementwise::logic(self, input(0)?, input(1)?),
            Op::Not => elementwise::not(input(0)?),
            Op::IsNaN | Op::IsInf => elementwise::is_nan(self, input(0)?),
            Op::Where => elementwise::choose(input(0)?, input(1)?, input(2)?),
            Op::Cast => elementwise::cast(elementwise::Kind::from_attribute(number(0))?, input(0)?),
            Op::MatMul => matrix::multiply(input(0)?, input(1)?),
            Op::ReduceSum
            | Op::ReduceMean
            | Op::ReduceSumSquare
            | Op::ReduceL1
            | Op::ReduceL2
            | Op::ReduceLogSum
            | Op::ReduceLogSumExp
            | Op::ReduceProd
            | Op::ReduceMax
            | Op::ReduceMin => {
                let axes = inputs.get(1).map_or(Ok(&[][..]), |axes| axes.as_ints())?;
                reduce::reduce(self, input(0)?, axes, number(0) != 0)
            }
            Op::ArgMax | Op::ArgMin => {
                reduce::arg(self, input(0)?, axis, number(1) != 0, number(2) != 0)
            }
            Op::Softmax => reduce::softmax(input(0)?, axis),
            Op::CumSum => reduce::cumulative_sum(input(0)?, axis),
            Op::TopK => structure::top(input(0)?, input(1)?, axis, number(1) != 0),
            Op::Shape => structure::shape(input(0)?),
            Op::Reshape => structure::reshape(input(0)?, input(1)?),
            Op::Flatten => structure::flatten(input(0)?, axis),
            Op::Squeeze => structure::squeeze(input(0)?, input(1)?.as_ints()?),
            Op::Unsqueeze => structure::unsqueeze(input(0)?, input(1)?.as_ints()?),
            Op::Transpose => structure::transpose(input(0)?, input(1)?.as_ints()?),
            Op::Expand => structure::expand(input(0)?, input(1)?.as_ints()?),
            Op::ConstantOfShape => structure::constant_of_shape(input(0)?, input(1)?),
            Op::Concat => structure::concat(inputs, axis),
            Op::Slice => structure::slice(
                input(0)?,
                input(1)?.as_ints()?,
                input(2)?.as_ints()?,
                inputs.get(3).map(|axes| axes.as_ints()).transpose()?,
                inputs.get(4).map(|steps| steps.as_ints()).transpose()?,
            ),
            Op::Gather => structure::gather(input(0)?, input(1)?, axis),
            Op::GatherElements => structure::gather_elements(input(0)?, input(1)?, axis),
            Op::Imputer => impute::impute(input(0)?, input(1)?, input(2)?),
            Op::OneHotEncoder => encode::one_hot(input(0)?, input(1)?),
            Op::LabelEncoder => encode::look_up(input(0)?, input(1)?, input(2)?),
            Op::Normalizer => encode::normalize(input(0)?, number(0)),
            Op::TreeEnsemble => tree::ensemble(inputs),
            Op::TreeContributions => contributions::contributions(
                inputs,
                number(0).max(0) as usize,
                number(1).max(0) as usize,
            ),
            Op::SvmKernel => svm::kernel(input(0)?, input(1)?, input(2)?, number(0)),
            Op::SvmDecisions => svm::decisions(input(0)?, input(1)?, input(2)?, input(3)?),
            Op::SvmVotes => svm::votes(input(0)?, number(0)),
            Op::SvmProbabilities => svm::probabilities(input(0)?, input(1)?, number(0)),
            Op::KnnImputer => impute::impute_from_neighbors(input(0)?, input(1)?, input(2)?),
            Op::Scan => Err(Error("runs other nodes")),
        }
    }
}
