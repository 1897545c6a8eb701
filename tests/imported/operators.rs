//! Operators that no model of `tests/models` has, or has only where a constant more changes nothing.

use model_runner::budget::Budget;
use model_runner::op::Op;
use model_runner::tensor::{Data, Shape, Tensor};

fn tensor(dims: &[usize], data: Data<'static>) -> Tensor<'static> {
    Tensor::new(Shape::new(dims).unwrap(), data).unwrap()
}

fn floats(dims: &[usize], values: &[f32]) -> Tensor<'static> {
    tensor(dims, Data::Float(values.to_vec().into()))
}

fn doubles(values: &[f64]) -> Tensor<'static> {
    tensor(&[values.len()], Data::Double(values.to_vec().into()))
}

fn ints(values: &[i64]) -> Tensor<'static> {
    tensor(&[values.len()], Data::Int(values.to_vec().into()))
}

fn bools(values: &[bool]) -> Tensor<'static> {
    tensor(&[values.len()], Data::Bool(values.to_vec().into()))
}

/// The numbers of an operator's output, and its dimensions.
fn run(op: Op, inputs: &[Tensor<'static>], attributes: &[i32]) -> (Vec<f64>, Vec<usize>) {
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let output = op.run(&inputs, attributes, &mut Budget::UNBOUNDED.clone());
    let output = output.unwrap_or_else(|error| panic!("{op:?} {error}"));
    (output.to_doubles().unwrap().into_owned(), output.shape.dims().to_vec())
}

fn assert_near(op: Op, given: &[f64], expected: &[f64]) {
    assert_eq!(given.len(), expected.len(), "{op:?}");
    let is_near = |(given, expected): (&f64, &f64)| (given - expected).abs() <= 1e-6;
    assert!(given.iter().zip(expected).all(is_near), "{op:?}: {given:?}, not {expected:?}");
}

#[test]
fn functions_of_one_number_answer_as_onnx_says() {
    for (op, x, expected) in [
        (Op::Ceil, [-1.5, 0.25, 2.0], [-1.0, 1.0, 2.0]),
        (Op::Floor, [-1.5, 0.25, 2.0], [-2.0, 0.0, 2.0]),
        // Halves go to the even neighbor.
        (Op::Round, [0.5, 1.5, -2.5], [0.0, 2.0, -2.0]),
        (Op::Cos, [0.0, 1.0, -2.0], [1.0, 0.540_302_306, -0.416_146_837]),
        (Op::Sin, [0.0, 1.0, -2.0], [0.0, 0.841_470_985, -0.909_297_427]),
        (Op::Reciprocal, [0.5, -4.0, 1.0], [2.0, -0.25, 1.0]),
        (Op::Softplus, [3.0, 1.0, -2.0], [3.048_587_352, 1.313_261_688, 0.126_928_011]),
    ] {
        assert_near(op, &run(op, &[doubles(&x)], &[]).0, &expected);
        let x = x.map(|x| x as f32);
        assert_near(op, &run(op, &[floats(&[3], &x)], &[]).0, &expected);
    }
}

#[test]
fn conditions_answer_as_onnx_says() {
    let (a, b) = (bools(&[false, false, true, true]), bools(&[false, true, false, true]));
    assert_eq!(run(Op::And, &[a.clone(), b.clone()], &[]).0, [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(run(Op::Xor, &[a, b], &[]).0, [0.0, 1.0, 1.0, 0.0]);
    let x = doubles(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0]);
    assert_eq!(run(Op::IsInf, &[x], &[]).0, [1.0, 1.0, 0.0, 0.0]);
    // The rest of integers has the sign of the divisor.
    let rest = run(Op::Mod, &[ints(&[-4, 7, 5]), ints(&[2, -3, 8])], &[]).0;
    assert_eq!(rest, [0.0, -2.0, 5.0]);
}

#[test]
fn reductions_answer_as_onnx_says() {
    let x = floats(&[2, 3], &[1.0, -2.0, 3.0, 4.0, 5.0, -6.0]);
    let logs = |rows: [[f64; 3]; 2]| rows.map(|row| row.iter().map(|x| x.exp()).sum::<f64>().ln());
    let expected_logs = logs([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]);
    for (op, expected) in [
        (Op::ReduceL1, [6.0, 15.0]),
        (Op::ReduceL2, [14_f64.sqrt(), 77_f64.sqrt()]),
        (Op::ReduceLogSum, [2_f64.ln(), 3_f64.ln()]),
        (Op::ReduceLogSumExp, expected_logs),
        (Op::ReduceMax, [3.0, 5.0]),
        (Op::ReduceMin, [-2.0, -6.0]),
    ] {
        let (given, dims) = run(op, &[x.clone(), ints(&[1])], &[1]);
        assert_near(op, &given, &expected);
        assert_eq!(dims, [2, 1], "{op:?}");
    }
    let (sums, _) = run(Op::CumSum, &[x], &[1]);
    assert_eq!(sums, [1.0, -1.0, 2.0, 4.0, 9.0, 3.0]);
}

#[test]
fn shapes_change_as_onnx_says() {
    let x = floats(&[2], &[1.0, 2.0]);
    assert_eq!(
        run(Op::Unsqueeze, &[x.clone(), ints(&[0, 2])], &[]),
        (vec![1.0, 2.0], vec![1, 2, 1])
    );
    let wide = run(Op::Expand, &[x, ints(&[3, 1])], &[]);
    assert_eq!(wide, ([1.0, 2.0].repeat(3), vec![3, 2]));
}

/// Class 0 wins against 1 and 2, and class 2 against 1.
#[test]
fn votes_are_counted_by_pair() {
    let decisions = floats(&[1, 3], &[0.5, 0.1, -0.3]);
    assert_eq!(run(Op::SvmVotes, &[decisions], &[3]), (vec![2.0, 0.0, 1.0], vec![1, 3]));
}

/// Two classes are coupled to the logistic function, as libsvm has it: 1 / (1 + exp(A f + B)).
#[test]
fn probabilities_of_two_classes_are_platts() {
    let decisions = floats(&[2, 1], &[0.4, -1.0]);
    let scaling = floats(&[2], &[-2.0, 0.1]);
    let (given, dims) = run(Op::SvmProbabilities, &[decisions, scaling], &[2]);
    let first = |decision: f64| 1.0 / (1.0 + (-2.0 * decision + 0.1).exp());
    let expected = [first(0.4), 1.0 - first(0.4), first(-1.0), 1.0 - first(-1.0)];
    // libsvm stops when it is as near as this.
    let is_near = |(given, expected): (&f64, &f64)| (given - expected).abs() <= 0.005;
    assert!(given.iter().zip(&expected).all(is_near), "{given:?}, not {expected:?}");
    assert_eq!(dims, [2, 2]);
}
