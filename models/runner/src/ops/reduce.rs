//! Operators along axes: sums, extremes and the like.

use crate::error::{Error, Result};
use crate::op::Op;
use crate::tensor::{Data, Places, Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;

/// Reduces the values along `axes`, or along all axes if the list is empty. With `keep` the reduced
/// axes stay, with length 1. The result has the type of `x`: `float`, `double`, or for sums,
/// products and extremes also `int64`.
///
/// # Errors
///
/// If an axis does not exist, or the operator does not take the type of `x`.
pub fn reduce<'t>(op: Op, x: &Tensor<'t>, axes: &[i64], keep: bool) -> Result<Tensor<'t>> {
    // Find the shape of the result, and the index in it for each value.
    let folded = folded_axes(&x.shape, axes)?;
    let mut kept = x.shape;
    for axis in (0..x.shape.rank()).filter(|axis| folded[*axis]) {
        kept = kept.with(axis, 1)?;
    }
    let places = || kept.places_in(&x.shape);
    let count = if kept.size() == 0 { 0 } else { x.shape.size() / kept.size() };
    // Fold.
    let shape = if keep { kept } else { without(&kept, &folded)? };
    match &x.data {
        Data::Int(values) => Tensor::int(shape, fold_ints(op, values, places(), kept.size())?),
        Data::Float(_) => {
            let results = fold(op, &x.to_doubles()?, places, kept.size(), count)?;
            Tensor::float(shape, results.iter().map(|value| *value as f32).collect())
        }
        Data::Double(values) => {
            Tensor::double(shape, fold(op, values, places, kept.size(), count)?)
        }
        _ => Err(Error("takes numbers only")),
    }
}

fn folded_axes(shape: &Shape, axes: &[i64]) -> Result<[bool; crate::tensor::MAX_RANK]> {
    let mut folded = [axes.is_empty(); crate::tensor::MAX_RANK];
    for axis in axes {
        folded[shape.axis(*axis)?] = true;
    }
    Ok(folded)
}

fn without(shape: &Shape, dropped: &[bool]) -> Result<Shape> {
    let dims = shape.dims().iter().zip(dropped).filter(|(_, dropped)| !**dropped);
    Shape::new(&dims.map(|(length, _)| *length).collect::<Vec<_>>())
}

/// Folds in `double`, so a long sum of floats loses no digits.
fn fold(
    op: Op,
    values: &[f64],
    places: impl Fn() -> Places,
    results: usize,
    count: usize,
) -> Result<Vec<f64>> {
    let fold = |start: f64, step: fn(f64, f64) -> f64| {
        let mut folded = vec![start; results];
        for (value, place) in values.iter().zip(places()) {
            folded[place] = step(folded[place], *value);
        }
        folded
    };
    let map = |values: Vec<f64>, function: fn(f64) -> f64| -> Vec<f64> {
        values.into_iter().map(function).collect()
    };
    let sum = |step| fold(0.0, step);
    Ok(match op {
        Op::ReduceSum => sum(|sum, x| sum + x),
        Op::ReduceMean => sum(|sum, x| sum + x).into_iter().map(|sum| sum / count as f64).collect(),
        Op::ReduceSumSquare => sum(|sum, x| sum + x * x),
        Op::ReduceL1 => sum(|sum, x| sum + libm::fabs(x)),
        Op::ReduceL2 => map(sum(|sum, x| sum + x * x), libm::sqrt),
        Op::ReduceLogSum => map(sum(|sum, x| sum + x), libm::log),
        Op::ReduceProd => fold(1.0, |product, x| product * x),
        Op::ReduceMax => fold(f64::NEG_INFINITY, f64::max),
        Op::ReduceMin => fold(f64::INFINITY, f64::min),
        Op::ReduceLogSumExp => log_sum_exp(values, &places, &fold(f64::NEG_INFINITY, f64::max)),
        _ => return Err(Error("folds nothing")),
    })
}

/// Returns the logarithm of the sum of e^x, relative to the greatest value to avoid an overflow.
fn log_sum_exp(values: &[f64], places: impl Fn() -> Places, greatest: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; greatest.len()];
    for (value, place) in values.iter().zip(places()) {
        sums[place] += libm::exp(value - greatest[place]);
    }
    sums.iter().zip(greatest).map(|(sum, greatest)| libm::log(*sum) + greatest).collect()
}

fn fold_ints(op: Op, values: &[i64], places: Places, results: usize) -> Result<Vec<i64>> {
    let (start, step): (i64, fn(i64, i64) -> i64) = match op {
        Op::ReduceSum => (0, i64::wrapping_add),
        Op::ReduceProd => (1, i64::wrapping_mul),
        Op::ReduceMax => (i64::MIN, i64::max),
        Op::ReduceMin => (i64::MAX, i64::min),
        _ => return Err(Error("takes no int64")),
    };
    let mut folded = vec![start; results];
    for (value, place) in values.iter().zip(places) {
        folded[place] = step(folded[place], *value);
    }
    Ok(folded)
}

/// Returns the index of the greatest or the least value along an axis, as `int64`: the last of
/// equal values if `last` is set, otherwise the first. With `keep` the axis stays, with length 1.
///
/// # Errors
///
/// If the axis does not exist, or `x` has no numbers.
pub fn arg<'t>(op: Op, x: &Tensor<'t>, axis: i64, keep: bool, last: bool) -> Result<Tensor<'t>> {
    let axis = x.shape.axis(axis)?;
    let (before, length, behind) = x.shape.around(axis);
    let values = x.to_doubles()?;
    let sign = if op == Op::ArgMax { 1.0 } else { -1.0 };
    // Compare along the axis.
    let mut found = Vec::with_capacity(before * behind);
    for lane in 0..before * behind {
        let at = |step: usize| {
            sign * values[(lane / behind) * length * behind + step * behind + lane % behind]
        };
        let mut best = 0;
        for step in 1..length {
            if at(step) > at(best) || last && at(step) == at(best) {
                best = step;
            }
        }
        found.push(best as i64);
    }
    // Drop the axis, or keep it with length 1.
    let mut dropped = [false; crate::tensor::MAX_RANK];
    dropped[axis] = !keep;
    let shape = if length == 0 { x.shape } else { x.shape.with(axis, 1)? };
    Tensor::int(without(&shape, &dropped)?, found)
}

/// Returns the exponentials of the values, divided by their sum along an axis: from 0 to 1, with a
/// sum of 1. The result has the shape and type of `x`.
///
/// # Errors
///
/// If the axis does not exist, or `x` has no numbers.
pub fn softmax<'t>(x: &Tensor<'t>, axis: i64) -> Result<Tensor<'t>> {
    let (before, length, behind) = x.shape.around(x.shape.axis(axis)?);
    let mut values = x.to_doubles()?.into_owned();
    for lane in 0..before * behind {
        let first = (lane / behind) * length * behind + lane % behind;
        let places = || (0..length).map(move |step| first + step * behind);
        let greatest = places().map(|place| values[place]).fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for place in places() {
            values[place] = libm::exp(values[place] - greatest);
            sum += values[place];
        }
        for place in places() {
            values[place] /= sum;
        }
    }
    like(x, values)
}

/// Returns the running sums along an axis, in the shape and type of `x`.
///
/// # Errors
///
/// If the axis does not exist, or `x` has no numbers.
pub fn cumulative_sum<'t>(x: &Tensor<'t>, axis: i64) -> Result<Tensor<'t>> {
    let (before, length, behind) = x.shape.around(x.shape.axis(axis)?);
    let mut values = x.to_doubles()?.into_owned();
    for lane in 0..before * behind {
        let first = (lane / behind) * length * behind + lane % behind;
        for step in 1..length {
            values[first + step * behind] += values[first + (step - 1) * behind];
        }
    }
    like(x, values)
}

/// Makes a tensor of these values in the shape and the type of `x`.
fn like<'t>(x: &Tensor<'t>, values: Vec<f64>) -> Result<Tensor<'t>> {
    match &x.data {
        Data::Float(_) => {
            Tensor::float(x.shape, values.iter().map(|value| *value as f32).collect())
        }
        Data::Double(_) => Tensor::double(x.shape, values),
        _ => Tensor::int(x.shape, values.iter().map(|value| *value as i64).collect()),
    }
}
