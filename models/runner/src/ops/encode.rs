//! Operators of `ai.onnx.ml` that encode and scale features.

use crate::error::{Error, Result};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;

/// Encodes each value as one number per category: 1 for the value's own category, and 0 for the
/// others. An unknown category gives only zeros. `categories` is `[n]`; the result is `float`, in
/// the shape of `x` with `n` as a further last axis.
///
/// # Errors
///
/// If the types of `x` and `categories` do not fit.
pub fn one_hot<'t>(x: &Tensor<'t>, categories: &Tensor<'t>) -> Result<Tensor<'t>> {
    let (count, places) = (categories.shape.size(), positions(x, categories)?);
    let shape = Shape::new(&[x.shape.dims(), &[count]].concat())?;
    let mut values = vec![0.0; shape.size()];
    for (row, place) in places.into_iter().enumerate() {
        if let Some(place) = place {
            values[row * count + place] = 1.0;
        }
    }
    Tensor::float(shape, values)
}

/// Replaces each key by its value. `keys` is `[n]`. `values` has `n` values, and optionally one
/// more for all unknown keys. The result has the shape of `x` and the type of `values`.
///
/// # Errors
///
/// If a key is unknown and has no value, or the types of `x` and `keys` do not fit.
pub fn look_up<'t>(x: &Tensor<'t>, keys: &Tensor<'t>, values: &Tensor<'t>) -> Result<Tensor<'t>> {
    let unknown = keys.shape.size();
    let places = positions(x, keys)?.into_iter().map(|place| place.unwrap_or(unknown));
    values.take(x.shape, places)
}

/// Finds the index of each value in the list of keys.
fn positions(x: &Tensor, keys: &Tensor) -> Result<Vec<Option<usize>>> {
    match (&x.data, &keys.data) {
        (Data::Text(x), Data::Text(keys)) => Ok(find_all(x, keys, |x, key| is_same(x, key))),
        (Data::Int(x), Data::Int(keys)) => Ok(find_all(x, keys, |x, key| x == key)),
        (Data::Bool(x), Data::Bool(keys)) => Ok(find_all(x, keys, |x, key| x == key)),
        (Data::Float(_) | Data::Double(_) | Data::Int(_), _) => {
            let same = |x: &f64, key: &f64| x == key || x.is_nan() && key.is_nan();
            Ok(find_all(&x.to_doubles()?, &keys.to_doubles()?, same))
        }
        _ => Err(Error("has keys of another type than its values")),
    }
}

/// Returns true if two strings are the same. Names of one list often differ in their last byte alone, and
/// all of their bytes are compared by a call.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().last() == b.as_bytes().last() && a == b
}

fn find_all<T>(x: &[T], keys: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<Option<usize>> {
    x.iter().map(|x| keys.iter().position(|key| same(x, key))).collect()
}

/// Divides each row by its norm, along the last axis. `norm` is 0 for the greatest value, 1 for the
/// sum of absolute values, 2 for the Euclidean norm. A row with the norm 0 stays. The result is
/// `float`, in the shape of `x`.
///
/// # Errors
///
/// If `x` has no numbers, or the norm is unknown.
pub fn normalize<'t>(x: &Tensor<'t>, norm: i32) -> Result<Tensor<'t>> {
    let columns = x.shape.dims().last().copied().unwrap_or(1).max(1);
    let values = x.to_doubles()?;
    let mut normalized = Vec::with_capacity(values.len());
    for row in values.chunks(columns) {
        let length = match norm {
            0 => row.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            1 => row.iter().map(|x| libm::fabs(*x)).sum(),
            2 => libm::sqrt(row.iter().map(|x| x * x).sum()),
            _ => return Err(Error("has an unknown norm")),
        };
        let length = if length == 0.0 { 1.0 } else { length };
        normalized.extend(row.iter().map(|x| (x / length) as f32));
    }
    Tensor::float(x.shape, normalized)
}
