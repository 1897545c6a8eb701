//! Tensors: values of one type in row-major order, with a shape.

use crate::error::{Error, Result};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The largest number of dimensions of a tensor.
pub const MAX_RANK: usize = 6;

/// The largest number of values of a tensor: 32 MiB of numbers of eight bytes.
pub const MAX_SIZE: usize = 4 << 20;

/// The lengths of a tensor's dimensions, the outermost first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
}

impl Shape {
    /// Makes a shape of these lengths; an empty list is a scalar.
    ///
    /// # Errors
    ///
    /// If there are more than [`MAX_RANK`] dimensions, or more than [`MAX_SIZE`] values in all.
    pub fn new(lengths: &[usize]) -> Result<Self> {
        let mut dims = [1; MAX_RANK];
        let places = dims.get_mut(..lengths.len()).ok_or(Error("has more than 6 dimensions"))?;
        places.copy_from_slice(lengths);
        let size = lengths.iter().try_fold(1_usize, |size, length| size.checked_mul(*length));
        match size {
            Some(size) if size <= MAX_SIZE => Ok(Self { rank: lengths.len(), dims }),
            _ => Err(Error("has more than 4,194,304 values")),
        }
    }

    /// Returns the lengths of the dimensions; none for a scalar.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// Returns the number of dimensions, from 0 to [`MAX_RANK`].
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Returns the number of values, from 0 to [`MAX_SIZE`]; 1 for a scalar.
    pub fn size(&self) -> usize {
        self.dims().iter().product()
    }

    /// Returns the index of an axis. A negative number counts from the end: -1 is the last axis.
    ///
    /// # Errors
    ///
    /// If the number is not in `-rank..rank`.
    pub fn axis(&self, axis: i64) -> Result<usize> {
        let rank = self.rank as i64;
        let place = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&place) { Ok(place as usize) } else { Err(Error("has no such axis")) }
    }

    /// Returns the numbers of values before an axis, along it, and after it: the products of the
    /// lengths before, the length itself, and the product of the lengths after. `axis` must be less
    /// than the rank.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        let dims = self.dims();
        (dims[..axis].iter().product(), dims[axis], dims[axis + 1..].iter().product())
    }

    /// Returns the same shape with another length of an axis. `axis` must be less than
    /// [`MAX_RANK`].
    ///
    /// # Errors
    ///
    /// If the new shape has more than [`MAX_SIZE`] values.
    pub fn with(&self, axis: usize, length: usize) -> Result<Self> {
        let mut dims = self.dims;
        dims[axis] = length;
        Self::new(&dims[..self.rank])
    }

    /// Returns the distance between neighbours along each axis, in values. Entries from the rank on
    /// are 0.
    pub fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut distance = 1;
        for axis in (0..self.rank).rev() {
            strides[axis] = distance;
            distance *= self.dims[axis];
        }
        strides
    }

    /// Returns the common shape of two tensors by NumPy's broadcasting: axes are matched from the
    /// last one, and an axis of length 1 is stretched.
    ///
    /// # Errors
    ///
    /// If two lengths differ and neither is 1, or the result is too large.
    pub fn broadcast(&self, other: &Self) -> Result<Self> {
        let rank = self.rank.max(other.rank);
        let mut dims = [1; MAX_RANK];
        for (axis, length) in dims[..rank].iter_mut().enumerate() {
            *length = match (self.stretched(axis, rank), other.stretched(axis, rank)) {
                (a, b) if a == b => a,
                (1, length) | (length, 1) => length,
                _ => return Err(Error("has inputs whose shapes do not fit")),
            };
        }
        Self::new(&dims[..rank])
    }

    /// Returns the index into a tensor of this shape for each value of `target`, in order, if the
    /// tensor is stretched to `target` by [`broadcast`](Self::broadcast).
    pub fn places_in(&self, target: &Self) -> Places {
        let (own, mut strides) = (self.strides(), [0; MAX_RANK]);
        let ahead = target.rank - self.rank;
        for axis in 0..self.rank {
            if self.dims[axis] != 1 {
                strides[axis + ahead] = own[axis];
            }
        }
        Places::new(target, strides, 0)
    }

    fn stretched(&self, axis: usize, rank: usize) -> usize {
        axis.checked_sub(rank - self.rank).map_or(1, |axis| self.dims[axis])
    }
}

/// An iterator over the values of a shape. It gives the index of each value in another tensor.
pub struct Places {
    shape: Shape,
    strides: [usize; MAX_RANK],
    counter: [usize; MAX_RANK],
    place: usize,
    left: usize,
}

impl Places {
    /// Starts at the index `first`, and moves by `strides` along the axes of `shape`. A negative
    /// stride is in two's complement.
    pub fn new(shape: &Shape, strides: [usize; MAX_RANK], first: usize) -> Self {
        let counter = [0; MAX_RANK];
        Self { shape: *shape, strides, counter, place: first, left: shape.size() }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let place = self.place;
        for axis in (0..self.shape.rank).rev() {
            self.counter[axis] += 1;
            self.place = self.place.wrapping_add(self.strides[axis]);
            if self.counter[axis] < self.shape.dims[axis] {
                break;
            }
            let back = self.strides[axis].wrapping_mul(self.counter[axis]);
            self.place = self.place.wrapping_sub(back);
            self.counter[axis] = 0;
        }
        Some(place)
    }
}

/// The values of a tensor, borrowed from the program or computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'t> {
    /// `float` of ONNX: 32 bits.
    Float(Cow<'t, [f32]>),
    /// `double` of ONNX: 64 bits.
    Double(Cow<'t, [f64]>),
    /// `int64` of ONNX.
    Int(Cow<'t, [i64]>),
    /// `bool` of ONNX.
    Bool(Cow<'t, [bool]>),
    /// `string` of ONNX.
    Text(Cow<'t, [&'t str]>),
    /// Records of a single operator, such as the nodes of trees. The shape of their tensor is a
    /// scalar's.
    Bytes(&'t [u8]),
}

impl Data<'_> {
    /// Returns the number of values; of bytes for records.
    pub fn len(&self) -> usize {
        match self {
            Data::Float(values) => values.len(),
            Data::Double(values) => values.len(),
            Data::Int(values) => values.len(),
            Data::Bool(values) => values.len(),
            Data::Text(values) => values.len(),
            Data::Bytes(bytes) => bytes.len(),
        }
    }

    /// Returns true if there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A tensor. Except for records, its shape has exactly as many values as its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'t> {
    /// The lengths of the dimensions.
    pub shape: Shape,
    /// The values in row-major order: the last axis varies fastest.
    pub data: Data<'t>,
}

impl<'t> Tensor<'t> {
    /// Makes a tensor of values in row-major order.
    ///
    /// # Errors
    ///
    /// If the shape has another number of values.
    pub fn new(shape: Shape, data: Data<'t>) -> Result<Self> {
        if shape.size() == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(Error("has another number of values than its shape"))
        }
    }

    /// Returns the memory of the values in bytes, at eight bytes per value. Records have their own
    /// size.
    pub fn bytes(&self) -> usize {
        match &self.data {
            Data::Bytes(bytes) => bytes.len(),
            values => values.len() * 8,
        }
    }

    /// Makes a tensor of `float` values in row-major order.
    ///
    /// # Errors
    ///
    /// If the shape has another number of values.
    pub fn float(shape: Shape, values: Vec<f32>) -> Result<Self> {
        Self::new(shape, Data::Float(values.into()))
    }

    /// Makes a tensor of `double` values in row-major order.
    ///
    /// # Errors
    ///
    /// If the shape has another number of values.
    pub fn double(shape: Shape, values: Vec<f64>) -> Result<Self> {
        Self::new(shape, Data::Double(values.into()))
    }

    /// Makes a tensor of `int64` values in row-major order.
    ///
    /// # Errors
    ///
    /// If the shape has another number of values.
    pub fn int(shape: Shape, values: Vec<i64>) -> Result<Self> {
        Self::new(shape, Data::Int(values.into()))
    }

    /// Makes a tensor of `bool` values in row-major order.
    ///
    /// # Errors
    ///
    /// If the shape has another number of values.
    pub fn bool(shape: Shape, values: Vec<bool>) -> Result<Self> {
        Self::new(shape, Data::Bool(values.into()))
    }

    /// Returns the values as `float`.
    ///
    /// # Errors
    ///
    /// If they have another type.
    pub fn as_floats(&self) -> Result<&[f32]> {
        match &self.data {
            Data::Float(values) => Ok(values),
            _ => Err(Error("takes float only")),
        }
    }

    /// Converts the values to `double`. A boolean becomes 0 or 1; an `int64` may lose digits beyond
    /// 2^53.
    ///
    /// # Errors
    ///
    /// If they are strings or records.
    pub fn to_doubles(&self) -> Result<Cow<'_, [f64]>> {
        Ok(match &self.data {
            Data::Double(values) => Cow::Borrowed(&values[..]),
            Data::Float(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Data::Int(values) => values.iter().map(|value| *value as f64).collect(),
            Data::Bool(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
            _ => return Err(Error("takes numbers only")),
        })
    }

    /// Returns the values as `int64`.
    ///
    /// # Errors
    ///
    /// If they have another type.
    pub fn as_ints(&self) -> Result<&[i64]> {
        match &self.data {
            Data::Int(values) => Ok(values),
            _ => Err(Error("takes int64 only")),
        }
    }

    /// Returns the values as `bool`.
    ///
    /// # Errors
    ///
    /// If they have another type.
    pub fn as_bools(&self) -> Result<&[bool]> {
        match &self.data {
            Data::Bool(values) => Ok(values),
            _ => Err(Error("takes bool only")),
        }
    }

    /// Returns the values as `string`.
    ///
    /// # Errors
    ///
    /// If they have another type.
    pub fn as_texts(&self) -> Result<&[&'t str]> {
        match &self.data {
            Data::Text(values) => Ok(values),
            _ => Err(Error("takes string only")),
        }
    }

    /// Returns the records in the program's own memory, without copying them.
    ///
    /// # Errors
    ///
    /// If the tensor has no records, or their size or alignment does not fit `T`.
    pub fn as_records<T: bytemuck::Pod>(&self) -> Result<&'t [T]> {
        match &self.data {
            Data::Bytes(bytes) => {
                bytemuck::try_cast_slice(bytes).map_err(|_| Error("has bad records"))
            }
            _ => Err(Error("takes records only")),
        }
    }

    /// Picks the values at these indices into a tensor of another shape, of the same type.
    ///
    /// # Errors
    ///
    /// If an index is not below the tensor's size, the shape has another number of values than
    /// `places`, or the tensor has records.
    pub fn take(&self, shape: Shape, places: impl Iterator<Item = usize>) -> Result<Self> {
        let data = match &self.data {
            Data::Float(values) => Data::Float(pick(values, places)?),
            Data::Double(values) => Data::Double(pick(values, places)?),
            Data::Int(values) => Data::Int(pick(values, places)?),
            Data::Bool(values) => Data::Bool(pick(values, places)?),
            Data::Text(values) => Data::Text(pick(values, places)?),
            Data::Bytes(_) => return Err(Error("takes no records")),
        };
        Self::new(shape, data)
    }
}

fn pick<'c, T: Copy + 'c>(
    values: &[T],
    places: impl Iterator<Item = usize>,
) -> Result<Cow<'c, [T]>> {
    let picked = places.map(|place| values.get(place).copied()).collect::<Option<Vec<T>>>();
    picked.map(Cow::Owned).ok_or(Error("asks for a value that is not there"))
}
