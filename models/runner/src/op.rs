//! The operators of programs, and their numbers.

use crate::error::{Error, Result};

/// Declares the operators in the order of their numbers in a program.
macro_rules! operators {
    ($($name:ident),* $(,)?) => {
        /// An operator, by its ONNX name if it has one.
        #[repr(u32)]
        // ONNX documents most of them.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Op { $($name),* }

        impl Op {
            const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

operators!(
    // Of one number each.
    Abs,
    Ceil,
    Cos,
    Erf,
    Exp,
    Floor,
    Log,
    Neg,
    Reciprocal,
    Relu,
    Round,
    Sigmoid,
    Sign,
    Sin,
    Softplus,
    Sqrt,
    Tanh,
    // Of two tensors.
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Max,
    Min,
    Mod,
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Xor,
    MatMul,
    // Of conditions and types.
    Not,
    IsNaN,
    IsInf,
    Where,
    Cast,
    // Along axes.
    ReduceSum,
    ReduceMean,
    ReduceSumSquare,
    ReduceL1,
    ReduceL2,
    ReduceLogSum,
    ReduceLogSumExp,
    ReduceProd,
    ReduceMax,
    ReduceMin,
    ArgMax,
    ArgMin,
    Softmax,
    CumSum,
    TopK,
    // Of shapes.
    Shape,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
    Transpose,
    Expand,
    ConstantOfShape,
    Concat,
    Slice,
    Gather,
    GatherElements,
    // Of `ai.onnx.ml`.
    Imputer,
    OneHotEncoder,
    LabelEncoder,
    Normalizer,
    TreeEnsemble,
    SvmKernel,
    SvmDecisions,
    SvmVotes,
    SvmProbabilities,
    // Of explanations.
    TreeContributions,
    // A function that skl2onnx writes, as one operator.
    KnnImputer,
    // Of other nodes.
    Scan,
);

impl TryFrom<u32> for Op {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self> {
        Self::ALL.get(number as usize).copied().ok_or(Error("is an unknown operator"))
    }
}

impl Op {
    /// Returns the least number of inputs.
    pub fn inputs(self) -> usize {
        match self {
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Pow
            | Op::Max
            | Op::Min
            | Op::Mod
            | Op::Equal
            | Op::Less
            | Op::LessOrEqual
            | Op::Greater
            | Op::GreaterOrEqual
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::MatMul
            | Op::TopK
            | Op::Reshape
            | Op::Squeeze
            | Op::Unsqueeze
            | Op::Transpose
            | Op::Expand
            | Op::ConstantOfShape
            | Op::Gather
            | Op::GatherElements
            | Op::OneHotEncoder
            | Op::SvmProbabilities => 2,
            Op::Where
            | Op::Slice
            | Op::Imputer
            | Op::KnnImputer
            | Op::LabelEncoder
            | Op::SvmKernel => 3,
            Op::SvmDecisions => 4,
            Op::TreeEnsemble => 6,
            Op::TreeContributions => 9,
            _ => 1,
        }
    }
}
