//! The table of an imported model: constants, inputs, nodes and outputs, as the importer writes and
//! the runner reads them where they lie.
//!
//! A table is a sequence of words of 32 bits, little-endian, and begins with a [`Header`]. Each value
//! has a slot: first the constants, then the inputs, then what the nodes compute.
//!
//! - A constant is `kind, offset in bytes, length in bytes, rank, dimensions…`. A text is 8 bytes:
//!   offset and length in bytes.
//! - An input is `kind, columns`, and four words for each column: [`Column`].
//! - A node is `operator, output slot, inputs, attributes, input slots…, attributes…`.
//! - An output is `kind, slot, slot of the probabilities or NONE, slot of the labels or a column`.

use crate::error::{Error, Result};
use crate::op::Op;
use crate::tensor::{Data, MAX_RANK, Shape, Tensor};
use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};

/// The first word of a table, which changes with its form.
pub const MAGIC: u32 = 0x3154_424d;

/// Stands for a slot that is not there.
pub const NONE: u32 = u32::MAX;

/// The kinds of constants and inputs.
pub const FLOAT: u32 = 0;
pub const DOUBLE: u32 = 1;
pub const INT: u32 = 2;
pub const BOOL: u32 = 3;
pub const TEXT: u32 = 4;
pub const BYTES: u32 = 5;

/// The kinds of outputs.
pub const CLASS: u32 = 0;
pub const QUANTITY: u32 = 1;

/// The beginning of a table. Each part is its first word's place, and its number of records.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Header {
    pub magic: u32,
    /// The number of slots.
    pub slots: u32,
    /// The number of features of a row.
    pub features: u32,
    /// The most rows that are evaluated at once.
    pub block: u32,
    pub constants: [u32; 2],
    pub inputs: [u32; 2],
    pub nodes: [u32; 2],
    pub outputs: [u32; 2],
}

/// A table.
#[derive(Clone, Copy)]
pub struct Table<'t> {
    bytes: &'t [u8],
    words: &'t [u32],
    pub header: &'t Header,
}

impl<'t> Table<'t> {
    /// Reads a table that begins at a multiple of eight bytes and whose length is one of four.
    ///
    /// # Errors
    ///
    /// If it is none of this version.
    pub fn new(bytes: &'t [u8]) -> Result<Self> {
        let head = bytes.get(..size_of::<Header>()).ok_or(Error("is no table"))?;
        let header: &Header = bytemuck::try_from_bytes(head).map_err(|_| Error("is no table"))?;
        let words = bytemuck::try_cast_slice(bytes).map_err(|_| Error("is no table"))?;
        if header.magic == MAGIC {
            Ok(Self { bytes, words, header })
        } else {
            Err(Error("is a table of another version"))
        }
    }

    /// The constants.
    pub fn constants(self) -> impl Iterator<Item = Result<Tensor<'t>>> {
        let mut words = self.part(self.header.constants);
        (0..self.header.constants[1]).map(move |_| {
            let [kind, offset, length, rank] = take(&mut words)?;
            let dims = take_slice(&mut words, rank)?;
            self.constant(kind, offset, length, dims)
        })
    }

    fn constant(self, kind: u32, offset: u32, length: u32, dims: &[u32]) -> Result<Tensor<'t>> {
        let mut lengths = [0; MAX_RANK];
        let lengths = lengths.get_mut(..dims.len()).ok_or(Error("is a broken table"))?;
        for (length, dim) in lengths.iter_mut().zip(dims) {
            *length = *dim as usize;
        }
        let bytes = self.slice(offset, length)?;
        let data = match kind {
            FLOAT => Data::Float(cast(bytes)?.into()),
            DOUBLE => Data::Double(cast(bytes)?.into()),
            INT => Data::Int(cast(bytes)?.into()),
            BOOL => Data::Bool(bytes.iter().map(|byte| *byte != 0).collect()),
            TEXT => Data::Text(self.texts(cast(bytes)?)?.into()),
            BYTES => return Ok(Tensor { shape: Shape::new(&[])?, data: Data::Bytes(bytes) }),
            _ => return Err(Error("is a broken table")),
        };
        Tensor::new(Shape::new(lengths)?, data)
    }

    fn texts(self, places: &[[u32; 2]]) -> Result<Vec<&'t str>> {
        let text = |[offset, length]: &[u32; 2]| {
            let bytes = self.slice(*offset, *length)?;
            core::str::from_utf8(bytes).map_err(|_| Error("is a broken table"))
        };
        places.iter().map(text).collect()
    }

    fn slice(self, offset: u32, length: u32) -> Result<&'t [u8]> {
        let bytes = self.bytes.get(offset as usize..).and_then(|rest| rest.get(..length as usize));
        bytes.ok_or(Error("is a broken table"))
    }

    /// The inputs.
    pub fn inputs(self) -> impl Iterator<Item = Result<Input<'t>>> {
        let mut words = self.part(self.header.inputs);
        (0..self.header.inputs[1]).map(move |_| {
            let [kind, columns] = take(&mut words)?;
            let columns = take_slice(&mut words, columns.saturating_mul(4))?;
            Ok(Input { kind, columns: cast(bytemuck::cast_slice(columns))? })
        })
    }

    /// The nodes, each behind those that it needs.
    pub fn nodes(self) -> Nodes<'t> {
        Nodes { words: self.part(self.header.nodes), left: self.header.nodes[1] }
    }

    /// The nodes of a body, from a word's place on.
    pub fn body(self, place: u32, count: u32) -> Nodes<'t> {
        Nodes { words: self.part([place, count]), left: count }
    }

    /// The outputs.
    pub fn outputs(self) -> impl Iterator<Item = Result<Output>> {
        let mut words = self.part(self.header.outputs);
        (0..self.header.outputs[1]).map(move |_| {
            let [kind, slot, probabilities, detail] = take(&mut words)?;
            Ok(match kind {
                CLASS => Output::Class { slot, probabilities, labels: detail },
                _ => Output::Quantity { slot, column: detail },
            })
        })
    }

    fn part(self, [place, _]: [u32; 2]) -> &'t [u32] {
        self.words.get(place as usize..).unwrap_or(&[])
    }
}

/// An input of the model, whose columns are features of the row.
pub struct Input<'t> {
    pub kind: u32,
    pub columns: &'t [Column],
}

/// The way from a feature's value to a number or text.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Column {
    /// The feature's place in a row.
    pub feature: u32,
    /// The slot of the categories' names, or [`NONE`].
    pub categories: u32,
    /// The slot of the numbers that stand for the categories, and at the end for an unknown one and
    /// a missing one. In a column of texts, the slot of the text that stands for a missing one, or
    /// [`NONE`].
    pub codes: u32,
    /// Keeps the next column at a multiple of eight bytes.
    pub reserved: u32,
}

/// An answer for each row.
pub enum Output {
    /// The place of a class among the labels, and the classes' probabilities.
    Class { slot: u32, probabilities: u32, labels: u32 },
    /// A column of numbers.
    Quantity { slot: u32, column: u32 },
}

/// Nodes, one after the other.
pub struct Nodes<'t> {
    words: &'t [u32],
    left: u32,
}

/// An operator with the slots of its inputs and of its output.
pub struct Node<'t> {
    pub op: Op,
    pub output: u32,
    pub inputs: &'t [u32],
    pub attributes: &'t [i32],
}

impl<'t> Nodes<'t> {
    fn read(&mut self) -> Result<Node<'t>> {
        let [op, output, inputs, attributes] = take(&mut self.words)?;
        let inputs = take_slice(&mut self.words, inputs)?;
        let attributes = bytemuck::cast_slice(take_slice(&mut self.words, attributes)?);
        Ok(Node { op: op.try_into()?, output, inputs, attributes })
    }
}

impl<'t> Iterator for Nodes<'t> {
    type Item = Result<Node<'t>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.read())
    }
}

fn take<const N: usize>(words: &mut &[u32]) -> Result<[u32; N]> {
    let (first, rest) = words.split_first_chunk().ok_or(Error("is a broken table"))?;
    *words = rest;
    Ok(*first)
}

fn take_slice<'t>(words: &mut &'t [u32], count: u32) -> Result<&'t [u32]> {
    let (first, rest) = words.split_at_checked(count as usize).ok_or(Error("is a broken table"))?;
    *words = rest;
    Ok(first)
}

fn cast<T: Pod>(bytes: &[u8]) -> Result<&[T]> {
    bytemuck::try_cast_slice(bytes).map_err(|_| Error("is a broken table"))
}
