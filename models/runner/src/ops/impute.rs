//! Operators for missing numbers.

use crate::error::{Error, Result};
use crate::tensor::{Data, Tensor};
use alloc::vec::Vec;

/// Replaces a number equal to `replaced` by the value of its column. `x` is `[rows, columns]`,
/// `values` is `[columns]` or a single value, and `replaced` a single number or NaN. All have one
/// type: `float`, `double` or `int64`.
///
/// # Errors
///
/// If the types differ, or `values` or `replaced` is empty.
pub fn impute<'t>(
    x: &Tensor<'t>,
    values: &Tensor<'t>,
    replaced: &Tensor<'t>,
) -> Result<Tensor<'t>> {
    match (&x.data, &values.data, &replaced.data) {
        (Data::Float(x_values), Data::Float(values), Data::Float(replaced)) => {
            let is_replaced = |x: f32, r: f32| x == r || x.is_nan() && r.is_nan();
            Tensor::float(x.shape, fill(x_values, values, replaced, is_replaced)?)
        }
        (Data::Double(x_values), Data::Double(values), Data::Double(replaced)) => {
            let is_replaced = |x: f64, r: f64| x == r || x.is_nan() && r.is_nan();
            Tensor::double(x.shape, fill(x_values, values, replaced, is_replaced)?)
        }
        (Data::Int(x_values), Data::Int(values), Data::Int(replaced)) => {
            Tensor::int(x.shape, fill(x_values, values, replaced, |x, r| x == r)?)
        }
        _ => Err(Error("has inputs of different types")),
    }
}

fn fill<T: Copy>(
    x: &[T],
    values: &[T],
    replaced: &[T],
    is_replaced: impl Fn(T, T) -> bool,
) -> Result<Vec<T>> {
    let (Some(replaced), false) = (replaced.first(), values.is_empty()) else {
        return Err(Error("has no value to put in"));
    };
    let columns = values.iter().cycle();
    let filled = x.iter().zip(columns);
    Ok(filled.map(|(x, value)| if is_replaced(*x, *replaced) { *value } else { *x }).collect())
}

/// Replaces NaN by the mean of the column in the nearest rows of `training`, like scikit-learn's
/// KNNImputer with equal weights.
///
/// `x` is `[rows, columns]`, `training` is `[training rows, columns]`, and `k` is the number of
/// nearest rows, at least 1. Rows of `training` without a number in the column, or without any
/// column in common with the row of `x`, are left out. If no other rows are left, the mean is over
/// all numbers of the column; without any number it is 0. The result has the shape of `x`; it is
/// `double` for `double`, and otherwise `float`.
///
/// # Errors
///
/// If an input has the wrong type or the shapes do not fit.
pub fn impute_from_neighbors<'t>(
    x: &Tensor<'t>,
    training: &Tensor<'t>,
    k: &Tensor<'t>,
) -> Result<Tensor<'t>> {
    let (&[_, columns], &[_, width]) = (x.shape.dims(), training.shape.dims()) else {
        return Err(Error("takes rows of columns only"));
    };
    if columns != width || columns == 0 {
        return Err(Error("has inputs whose shapes do not fit"));
    }
    let k = k.as_ints()?.first().and_then(|k| usize::try_from(*k).ok()).filter(|k| *k > 0);
    let k = k.ok_or(Error("needs a number of neighbors"))?;
    let (mut values, training) = (x.to_doubles()?.into_owned(), training.to_doubles()?);
    for row in values.chunks_exact_mut(columns).filter(|row| row.iter().any(|x| x.is_nan())) {
        fill_from_neighbors(row, &training, k);
    }
    match x.data {
        Data::Double(_) => Tensor::double(x.shape, values),
        _ => Tensor::float(x.shape, values.iter().map(|value| *value as f32).collect()),
    }
}

fn fill_from_neighbors(row: &mut [f64], training: &[f64], k: usize) {
    let mut rows: Vec<(f64, &[f64])> = training
        .chunks_exact(row.len())
        .map(|neighbor| (distance(row, neighbor), neighbor))
        .collect();
    // Of equal distances the first comes first: the sort is stable.
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for column in (0..row.len()).filter(|column| row[*column].is_nan()).collect::<Vec<_>>() {
        let donors = rows.iter().filter(|(_, donor)| !donor[column].is_nan());
        let near = donors.clone().filter(|(distance, _)| distance.is_finite()).take(k);
        let mean = mean(near.map(|(_, donor)| donor[column]))
            .or_else(|| mean(donors.map(|(_, donor)| donor[column])));
        row[column] = mean.unwrap_or(0.0);
    }
}

/// Returns the squared distance over the columns present in both rows, scaled up to all columns;
/// infinity if the rows have no column in common.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let both = a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let (count, sum) =
        both.fold((0, 0.0), |(count, sum), (a, b)| (count + 1, sum + (a - b) * (a - b)));
    if count == 0 { f64::INFINITY } else { sum * a.len() as f64 / f64::from(count) }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}
