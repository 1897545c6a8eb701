//! Tensors: values of one type, row after row, with a shape.

use crate::error::{Error, Result};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The most dimensions that a tensor has.
pub const MAX_RANK: usize = 6;

/// The most values that a tensor has: 32 MiB of the largest type.
pub const MAX_SIZE: usize = 4 << 20;

/// The lengths of a tensor's dimensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
}

impl Shape {
    /// A shape of these dimensions; of none for a scalar.
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

    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of values.
    pub fn size(&self) -> usize {
        self.dims().iter().product()
    }

    /// The place of an axis, which counts from the end if it is negative.
    pub fn axis(&self, axis: i64) -> Result<usize> {
        let rank = self.rank as i64;
        let place = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&place) { Ok(place as usize) } else { Err(Error("has no such axis")) }
    }

    /// The shape as values before an axis, on it, and behind it.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        let dims = self.dims();
        (dims[..axis].iter().product(), dims[axis], dims[axis + 1..].iter().product())
    }

    /// The same shape with another length of an axis.
    pub fn with(&self, axis: usize, length: usize) -> Result<Self> {
        let mut dims = self.dims;
        dims[axis] = length;
        Self::new(&dims[..self.rank])
    }

    /// The distance between neighbours on each axis.
    pub fn strides(&self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut distance = 1;
        for axis in (0..self.rank).rev() {
            strides[axis] = distance;
            distance *= self.dims[axis];
        }
        strides
    }

    /// The shape that two tensors are stretched to, as NumPy does it.
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

    /// The places in a tensor of this shape, in the order of the values of `target`, to which it is
    /// stretched.
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

/// Walks over the values of a shape, and says where each one is elsewhere.
pub struct Places {
    shape: Shape,
    strides: [usize; MAX_RANK],
    counter: [usize; MAX_RANK],
    place: usize,
    left: usize,
}

impl Places {
    /// Starts at `first`, and moves by `strides` along the axes of `shape`. A stride may be
    /// negative in two's complement.
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

/// The values of a tensor, which lie in the table or were computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'t> {
    Float(Cow<'t, [f32]>),
    Double(Cow<'t, [f64]>),
    Int(Cow<'t, [i64]>),
    Bool(Cow<'t, [bool]>),
    Text(Cow<'t, [&'t str]>),
    /// Records of an operator's own, such as the nodes of trees.
    Bytes(&'t [u8]),
}

impl Data<'_> {
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

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'t> {
    pub shape: Shape,
    pub data: Data<'t>,
}

impl<'t> Tensor<'t> {
    /// A tensor of a shape that has as many values as `data`.
    pub fn new(shape: Shape, data: Data<'t>) -> Result<Self> {
        if shape.size() == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(Error("has another number of values than its shape"))
        }
    }

    pub fn float(shape: Shape, values: Vec<f32>) -> Result<Self> {
        Self::new(shape, Data::Float(values.into()))
    }

    pub fn double(shape: Shape, values: Vec<f64>) -> Result<Self> {
        Self::new(shape, Data::Double(values.into()))
    }

    pub fn int(shape: Shape, values: Vec<i64>) -> Result<Self> {
        Self::new(shape, Data::Int(values.into()))
    }

    pub fn bool(shape: Shape, values: Vec<bool>) -> Result<Self> {
        Self::new(shape, Data::Bool(values.into()))
    }

    /// The values as `float`.
    pub fn as_floats(&self) -> Result<&[f32]> {
        match &self.data {
            Data::Float(values) => Ok(values),
            _ => Err(Error("takes float only")),
        }
    }

    /// The values as `double`, whichever number they are.
    pub fn to_doubles(&self) -> Result<Cow<'_, [f64]>> {
        Ok(match &self.data {
            Data::Double(values) => Cow::Borrowed(&values[..]),
            Data::Float(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Data::Int(values) => values.iter().map(|value| *value as f64).collect(),
            Data::Bool(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
            _ => return Err(Error("takes numbers only")),
        })
    }

    /// The values as `int64`.
    pub fn as_ints(&self) -> Result<&[i64]> {
        match &self.data {
            Data::Int(values) => Ok(values),
            _ => Err(Error("takes int64 only")),
        }
    }

    /// The values as `bool`.
    pub fn as_bools(&self) -> Result<&[bool]> {
        match &self.data {
            Data::Bool(values) => Ok(values),
            _ => Err(Error("takes bool only")),
        }
    }

    /// The values as `string`.
    pub fn as_texts(&self) -> Result<&[&'t str]> {
        match &self.data {
            Data::Text(values) => Ok(values),
            _ => Err(Error("takes string only")),
        }
    }

    /// Records as they lie in the table.
    pub fn as_records<T: bytemuck::Pod>(&self) -> Result<&'t [T]> {
        match &self.data {
            Data::Bytes(bytes) => {
                bytemuck::try_cast_slice(bytes).map_err(|_| Error("has bad records"))
            }
            _ => Err(Error("takes records only")),
        }
    }

    /// The values at these places, in a new shape. Every place must be below the tensor's size.
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
