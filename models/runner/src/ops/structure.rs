//! Operators to move values and to change shapes.

use crate::error::{Error, Result};
use crate::tensor::{Data, MAX_RANK, Places, Shape, Tensor};
use alloc::vec;
use alloc::vec::Vec;

/// Returns the dimensions of a tensor, as `int64` of shape `[rank]`.
///
/// # Errors
///
/// Never: a list of at most [`MAX_RANK`] numbers is a valid tensor.
pub fn shape<'t>(x: &Tensor<'t>) -> Result<Tensor<'t>> {
    let dims = x.shape.dims().iter().map(|length| *length as i64).collect::<Vec<_>>();
    Tensor::int(Shape::new(&[dims.len()])?, dims)
}

/// Gives the values another shape. `wanted` is `int64`: 0 keeps the dimension at this index, and a
/// single -1 stands for the rest.
///
/// # Errors
///
/// If a dimension is invalid, or the new shape has another number of values.
pub fn reshape<'t>(x: &Tensor<'t>, wanted: &Tensor<'t>) -> Result<Tensor<'t>> {
    let wanted = wanted.as_ints()?;
    let mut dims = Vec::with_capacity(wanted.len());
    for (axis, length) in wanted.iter().enumerate() {
        dims.push(match length {
            0 => *x.shape.dims().get(axis).ok_or(Error("keeps a dimension that is not there"))?,
            -1 => 1,
            length => usize::try_from(*length).map_err(|_| Error("has a negative dimension"))?,
        });
    }
    if let Some(open) = wanted.iter().position(|length| *length == -1) {
        let others = Shape::new(&dims)?.size();
        dims[open] = x.shape.size().checked_div(others).unwrap_or(0);
    }
    Tensor::new(Shape::new(&dims)?, x.data.clone())
}

/// Gives the values the shape of a matrix: the product of the dimensions before the axis, and of
/// the others. The axis may equal the rank.
///
/// # Errors
///
/// If the axis does not exist.
pub fn flatten<'t>(x: &Tensor<'t>, axis: i64) -> Result<Tensor<'t>> {
    let dims = x.shape.dims();
    let axis = if axis < 0 { axis + dims.len() as i64 } else { axis };
    let axis = usize::try_from(axis).ok().filter(|axis| *axis <= dims.len());
    let (before, behind) = dims.split_at(axis.ok_or(Error("has no such axis"))?);
    let shape = Shape::new(&[before.iter().product(), behind.iter().product()])?;
    Tensor::new(shape, x.data.clone())
}

/// Drops these axes, or all axes of length 1 if the list is empty.
///
/// # Errors
///
/// If an axis does not exist, or its length is not 1.
pub fn squeeze<'t>(x: &Tensor<'t>, axes: &[i64]) -> Result<Tensor<'t>> {
    let mut dropped = [false; MAX_RANK];
    for axis in axes {
        dropped[x.shape.axis(*axis)?] = true;
    }
    let dims = x.shape.dims().iter().enumerate();
    let kept =
        dims.filter(|(axis, length)| if axes.is_empty() { **length != 1 } else { !dropped[*axis] });
    let shape = Shape::new(&kept.map(|(_, length)| *length).collect::<Vec<_>>())?;
    Tensor::new(shape, x.data.clone())
}

/// Adds axes of length 1 at these indices of the result.
///
/// # Errors
///
/// If an axis is named twice or is out of range, or the result has too many dimensions.
pub fn unsqueeze<'t>(x: &Tensor<'t>, axes: &[i64]) -> Result<Tensor<'t>> {
    let rank = x.shape.rank() + axes.len();
    let wide = Shape::new(&vec![1; rank])?;
    let mut added = [false; MAX_RANK];
    for axis in axes {
        added[wide.axis(*axis)?] = true;
    }
    let mut old = x.shape.dims().iter();
    let dims = added[..rank].iter().map(|added| if *added { Some(1) } else { old.next().copied() });
    let dims = dims.collect::<Option<Vec<_>>>().ok_or(Error("names an axis twice"))?;
    Tensor::new(Shape::new(&dims)?, x.data.clone())
}

/// Puts the axes into another order: axis `i` of the result is axis `order[i]` of `x`. An empty
/// list reverses them.
///
/// # Errors
///
/// If the order has another number of axes, or an axis does not exist.
pub fn transpose<'t>(x: &Tensor<'t>, order: &[i64]) -> Result<Tensor<'t>> {
    let rank = x.shape.rank();
    let backwards: Vec<i64> = (0..rank as i64).rev().collect();
    let order = if order.is_empty() { &backwards } else { order };
    if order.len() != rank {
        return Err(Error("has another number of axes"));
    }
    let (own, mut strides, mut dims) = (x.shape.strides(), [0; MAX_RANK], [1; MAX_RANK]);
    for (to, from) in order.iter().enumerate() {
        let from = x.shape.axis(*from)?;
        (strides[to], dims[to]) = (own[from], x.shape.dims()[from]);
    }
    let shape = Shape::new(&dims[..rank])?;
    x.take(shape, Places::new(&shape, strides, 0))
}

/// Stretches a tensor to the common shape of its own and the wanted one, by NumPy's broadcasting.
///
/// # Errors
///
/// If a dimension is negative, or the shapes do not fit.
pub fn expand<'t>(x: &Tensor<'t>, wanted: &[i64]) -> Result<Tensor<'t>> {
    let dims = wanted.iter().map(|length| usize::try_from(*length));
    let dims = dims.collect::<core::result::Result<Vec<_>, _>>();
    let wanted = Shape::new(&dims.map_err(|_| Error("has a negative dimension"))?)?;
    let shape = x.shape.broadcast(&wanted)?;
    x.take(shape, x.shape.places_in(&shape))
}

/// Makes a tensor of the shape `wanted`, `int64`, filled with a single value.
///
/// # Errors
///
/// If a dimension is negative, or `value` does not have exactly one value.
pub fn constant_of_shape<'t>(wanted: &Tensor<'t>, value: &Tensor<'t>) -> Result<Tensor<'t>> {
    let one = reshape(value, &Tensor::int(Shape::new(&[0])?, Vec::new())?)?;
    expand(&one, wanted.as_ints()?)
}

/// Joins tensors of one type along an axis. All other dimensions are equal.
///
/// # Errors
///
/// If there is no input, the types or the shapes do not fit, or the axis does not exist.
pub fn concat<'t>(parts: &[&Tensor<'t>], axis: i64) -> Result<Tensor<'t>> {
    // Check that the other axes agree.
    let first = parts.first().ok_or(Error("has no input"))?;
    let axis = first.shape.axis(axis)?;
    let mut length = 0;
    for part in parts {
        if part.shape.rank() != first.shape.rank()
            || part.shape.with(axis, 1)? != first.shape.with(axis, 1)?
        {
            return Err(Error("has inputs whose shapes do not fit"));
        }
        length += part.shape.dims()[axis];
    }
    // Copy, by the common type.
    let shape = first.shape.with(axis, length)?;
    let data = match &first.data {
        Data::Float(_) => Data::Float(join(parts, axis, Tensor::as_floats)?.into()),
        Data::Int(_) => Data::Int(join(parts, axis, Tensor::as_ints)?.into()),
        Data::Bool(_) => Data::Bool(join(parts, axis, Tensor::as_bools)?.into()),
        Data::Text(_) => Data::Text(join(parts, axis, Tensor::as_texts)?.into()),
        Data::Double(_) => Data::Double(
            join(parts, axis, |part| match &part.data {
                Data::Double(values) => Ok(values),
                _ => Err(Error("takes double only")),
            })?
            .into(),
        ),
        Data::Bytes(_) => return Err(Error("takes no records")),
    };
    Tensor::new(shape, data)
}

fn join<'t, 'p, T: Copy + 'p>(
    parts: &[&'p Tensor<'t>],
    axis: usize,
    values: impl Fn(&'p Tensor<'t>) -> Result<&'p [T]>,
) -> Result<Vec<T>> {
    let (before, _, _) = parts[0].shape.around(axis);
    let mut joined = Vec::with_capacity(parts.iter().map(|part| part.shape.size()).sum());
    for row in 0..before {
        for part in parts {
            let (_, length, behind) = part.shape.around(axis);
            joined.extend_from_slice(&values(part)?[row * length * behind..][..length * behind]);
        }
    }
    Ok(joined)
}

/// Cuts out the values from `starts` up to, but not including, `ends`, along `axes`; by default the
/// first axes. A negative index counts from the end, and an index out of range is limited to it.
/// `steps` are 1 by default; a negative one goes backwards.
///
/// # Errors
///
/// If the lists have different lengths, an axis does not exist, or a step is 0.
pub fn slice<'t>(
    x: &Tensor<'t>,
    starts: &[i64],
    ends: &[i64],
    axes: Option<&[i64]>,
    steps: Option<&[i64]>,
) -> Result<Tensor<'t>> {
    let all: Vec<i64> = (0..starts.len() as i64).collect();
    let axes = axes.unwrap_or(&all);
    if ends.len() != starts.len() || axes.len() != starts.len() {
        return Err(Error("has bounds of different lengths"));
    }
    let (mut shape, mut strides, mut first) = (x.shape, x.shape.strides(), 0_usize);
    for (index, axis) in axes.iter().enumerate() {
        let axis = x.shape.axis(*axis)?;
        let step = steps.and_then(|steps| steps.get(index)).copied().unwrap_or(1);
        let length = x.shape.dims()[axis] as i64;
        let (start, count) = bounds(starts[index], ends[index], step, length)?;
        shape = shape.with(axis, count)?;
        first += start * strides[axis];
        strides[axis] = strides[axis].wrapping_mul(step as usize);
    }
    x.take(shape, Places::new(&shape, strides, first))
}

/// Returns the first index of a slice, and the number of indices.
fn bounds(start: i64, end: i64, step: i64, length: i64) -> Result<(usize, usize)> {
    let from_front = |place: i64| if place < 0 { place.saturating_add(length) } else { place };
    let (start, end) = (from_front(start), from_front(end));
    let (start, end, step) = match step {
        0 => return Err(Error("has a step of 0")),
        1.. => (start.clamp(0, length), end.clamp(0, length), step),
        _ => (start.clamp(-1, length - 1), end.clamp(-1, length - 1), step),
    };
    let distance = if step > 0 { end - start } else { start - end };
    let count = if distance <= 0 { 0 } else { (distance - 1) / step.saturating_abs() + 1 };
    Ok((start.max(0) as usize, count as usize))
}

/// Picks the slices at `indices` along an axis. The shape of `indices`, `int64`, replaces the axis;
/// a negative index counts from the end.
///
/// # Errors
///
/// If an index or the axis does not exist.
pub fn gather<'t>(x: &Tensor<'t>, indices: &Tensor<'t>, axis: i64) -> Result<Tensor<'t>> {
    let axis = x.shape.axis(axis)?;
    let (before, length, behind) = x.shape.around(axis);
    let places = places_on(indices.as_ints()?, length)?;
    let (head, tail) = (&x.shape.dims()[..axis], &x.shape.dims()[axis + 1..]);
    let shape = Shape::new(&[head, indices.shape.dims(), tail].concat())?;
    let places = &places;
    let wanted = (0..before).flat_map(move |row| {
        places.iter().flat_map(move |place| {
            (0..behind).map(move |column| (row * length + place) * behind + column)
        })
    });
    x.take(shape, wanted)
}

/// Picks one value along an axis for each index. `indices`, `int64`, has the shape of the result,
/// and the rank of `x`; a negative index counts from the end.
///
/// # Errors
///
/// If an index or the axis does not exist, or the ranks differ.
pub fn gather_elements<'t>(x: &Tensor<'t>, indices: &Tensor<'t>, axis: i64) -> Result<Tensor<'t>> {
    let axis = x.shape.axis(axis)?;
    if indices.shape.rank() != x.shape.rank() {
        return Err(Error("has inputs whose shapes do not fit"));
    }
    let places = places_on(indices.as_ints()?, x.shape.dims()[axis])?;
    let stride = x.shape.strides()[axis];
    let mut others = x.shape.strides();
    others[axis] = 0;
    let starts = Places::new(&indices.shape, others, 0);
    x.take(indices.shape, starts.zip(places).map(|(start, place)| start + place * stride))
}

/// Returns indices from 0 on: a negative one counts from the end.
fn places_on(indices: &[i64], length: usize) -> Result<Vec<usize>> {
    let place = |index: &i64| {
        let index = if *index < 0 { *index + length as i64 } else { *index };
        usize::try_from(index).ok().filter(|place| *place < length)
    };
    let places = indices.iter().map(place).collect::<Option<Vec<_>>>();
    places.ok_or(Error("asks for an index that is not there"))
}

/// Returns the indices of the `k` greatest or least values along an axis, the best first, as
/// `int64`. Of equal values the first one wins. The length of the axis becomes `k`.
///
/// # Errors
///
/// If `k` is negative or greater than the length of the axis, the axis does not exist, or `x` has
/// no numbers.
pub fn top<'t>(x: &Tensor<'t>, k: &Tensor<'t>, axis: i64, largest: bool) -> Result<Tensor<'t>> {
    let axis = x.shape.axis(axis)?;
    let (before, length, behind) = x.shape.around(axis);
    let k = k.as_ints()?.first().and_then(|k| usize::try_from(*k).ok());
    let k = k.filter(|k| *k <= length).ok_or(Error("asks for more values than there are"))?;
    let values = x.to_doubles()?;
    let mut found = vec![0; before * k * behind];
    let mut order: Vec<usize> = Vec::with_capacity(length);
    for lane in 0..before * behind {
        let (row, column) = (lane / behind, lane % behind);
        let at = |step: usize| values[(row * length + step) * behind + column];
        order.clear();
        order.extend(0..length);
        // Of equal values the first comes first: the sort is stable.
        order.sort_by(|a, b| {
            let (a, b) = (at(*a), at(*b));
            if largest { b.total_cmp(&a) } else { a.total_cmp(&b) }
        });
        for (rank, step) in order[..k].iter().enumerate() {
            found[(row * k + rank) * behind + column] = *step as i64;
        }
    }
    Tensor::int(x.shape.with(axis, k)?, found)
}
