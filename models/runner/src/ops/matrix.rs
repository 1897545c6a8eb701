//! The product of matrices.

use crate::error::{Error, Result};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec::Vec;

/// Multiplies `[m, k]` by `[k, n]` to `[m, n]`. A tensor of one dimension is a row on the left and
/// a column on the right; the result lacks this dimension. Sums are `double`; the result has the
/// type of the inputs.
///
/// # Errors
///
/// If the inputs are not both `float` or both `double`, or their shapes do not fit.
pub fn multiply<'t>(a: &Tensor<'t>, b: &Tensor<'t>) -> Result<Tensor<'t>> {
    // Read both as matrices.
    let (rows, inner) = match a.shape.dims() {
        [inner] => (1, *inner),
        [rows, inner] => (*rows, *inner),
        _ => return Err(Error("multiplies matrices of two dimensions only")),
    };
    let (b_inner, columns) = match b.shape.dims() {
        [inner] => (*inner, 1),
        [inner, columns] => (*inner, *columns),
        _ => return Err(Error("multiplies matrices of two dimensions only")),
    };
    if inner != b_inner {
        return Err(Error("has inputs whose shapes do not fit"));
    }
    // Multiply, in the type of the inputs.
    let dims = [(a.shape.rank() > 1, rows), (b.shape.rank() > 1, columns)];
    let dims = dims.iter().filter(|(kept, _)| *kept).map(|(_, length)| *length);
    let shape = Shape::new(&dims.collect::<Vec<_>>())?;
    match (&a.data, &b.data) {
        (Data::Float(a), Data::Float(b)) => {
            let product = products(a, b, (rows, inner, columns), |value: f32| f64::from(value));
            Tensor::float(shape, product.map(|sum| sum as f32).collect())
        }
        (Data::Double(a), Data::Double(b)) => {
            Tensor::double(shape, products(a, b, (rows, inner, columns), |value| value).collect())
        }
        _ => Err(Error("multiplies float or double only")),
    }
}

fn products<'a, T: Copy>(
    a: &'a [T],
    b: &'a [T],
    (rows, inner, columns): (usize, usize, usize),
    widen: impl Fn(T) -> f64 + Copy + 'a,
) -> impl Iterator<Item = f64> + 'a {
    (0..rows * columns).map(move |place| {
        let row = &a[place / columns * inner..][..inner];
        let column = b.get(place % columns..).unwrap_or(&[]).iter().step_by(columns);
        row.iter().zip(column).map(|(a, b)| widen(*a) * widen(*b)).sum()
    })
}
