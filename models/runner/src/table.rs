//! The program of an imported model: constants, inputs, nodes and outputs. The importer writes it,
//! and the runner reads it in place.
//!
//! A program is a sequence of 32-bit words, little-endian, and begins with a [`Header`]. Each value
//! has a slot: first the constants, then the inputs, then the outputs of nodes.
//!
//! - A constant is `kind, offset in bytes, length in bytes, rank, dimensions…`. A string takes 8
//!   bytes: its offset and its length in bytes.
//! - An input is `kind, columns`, and four words for each column: [`Column`].
//! - A node is `operator, output slot, inputs, attributes, input slots…, attributes…`. Here
//!   `inputs` and `attributes` are their numbers.
//! - An output is `kind, slot, slot of the probabilities or NONE, slot of the labels or a column`.
//! - An explanation is a program of its own in the same words: it has a header, and attributions in
//!   place of outputs. Both share the data of constants.

use crate::error::{Error, Result};
use crate::op::Op;
use crate::tensor::{Data, MAX_RANK, Shape, Tensor};
use alloc::vec::Vec;
use bytemuck::{Pod, Zeroable};

/// The first word of a program. Each version of the form has another one.
pub const MAGIC: u32 = 0x3354_424d;

/// The slot number for a missing slot.
pub const NONE: u32 = u32::MAX;

/// The kind of a constant or input of `float`, 32 bits.
pub const FLOAT: u32 = 0;
/// The kind of a constant or input of `double`, 64 bits.
pub const DOUBLE: u32 = 1;
/// The kind of a constant or input of `int64`.
pub const INT: u32 = 2;
/// The kind of a constant or input of `bool`; a constant has one byte per value.
pub const BOOL: u32 = 3;
/// The kind of a constant or input of `string`.
pub const TEXT: u32 = 4;
/// The kind of a constant of records, such as the nodes of trees. Its rank is ignored.
pub const BYTES: u32 = 5;

/// The kind of an output with a class.
pub const CLASS: u32 = 0;
/// The kind of an output with a number.
pub const QUANTITY: u32 = 1;

/// The beginning of a program. Each part is the index of its first word, and its number of records.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: u32,
    /// The number of slots.
    pub slots: u32,
    /// The number of features of a row.
    pub features: u32,
    /// The largest number of rows to evaluate at once.
    pub block: u32,
    /// The part of the constants: word index and count.
    pub constants: [u32; 2],
    /// The part of the inputs: word index and count.
    pub inputs: [u32; 2],
    /// The part of the nodes: word index and count.
    pub nodes: [u32; 2],
    /// The part of the outputs: word index and count.
    pub outputs: [u32; 2],
    /// The index of the first word of the explanation's header; 0 if there is none.
    pub explanation: u32,
    /// The method of the explanation: [`CONTRIBUTIONS`], [`COALITIONS`] or [`PERMUTATIONS`].
    pub method: u32,
}

/// The method of an explanation by the nodes of its program.
pub const CONTRIBUTIONS: u32 = 0;
/// The method of an explanation by all coalitions of features.
pub const COALITIONS: u32 = 1;
/// The method of an explanation by a sample of permutations.
pub const PERMUTATIONS: u32 = 2;

/// A number of each row to explain, with the place of its contributions.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Attribution {
    /// The index of the output.
    pub output: u32,
    /// The index of the class, or [`NONE`].
    pub class: u32,
    /// For [`CONTRIBUTIONS`], the slot of the contributions, `[rows, …]`. Otherwise the index of
    /// the number among those of a row's answer.
    pub source: u32,
    /// For [`CONTRIBUTIONS`], the index of the first feature's contribution in a row.
    pub first: u32,
    /// The factor of each contribution, as the low and the high word of a `double`.
    pub factor: [u32; 2],
    /// The value without any contribution, as two words too.
    pub base: [u32; 2],
}

/// Splits a `double` into its low and its high word.
pub fn words_of(number: f64) -> [u32; 2] {
    let bits = number.to_bits();
    [bits as u32, (bits >> 32) as u32]
}

/// Joins the words of a `double`.
pub fn number_of([low, high]: [u32; 2]) -> f64 {
    f64::from_bits(u64::from(high) << 32 | u64::from(low))
}

/// A program, borrowed from the memory of the module.
#[derive(Clone, Copy)]
pub struct Table<'t> {
    bytes: &'t [u8],
    words: &'t [u32],
    /// The sizes and the parts.
    pub header: &'t Header,
}

impl<'t> Table<'t> {
    /// Reads a program. It must begin at a multiple of eight bytes, and its length must be a
    /// multiple of four.
    ///
    /// # Errors
    ///
    /// If the bytes are no program, or one of another version.
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

    /// Returns the program of the explanation; none if there is none.
    ///
    /// # Errors
    ///
    /// If the program is broken.
    pub fn explanation(self) -> Result<Option<Self>> {
        if self.header.explanation == 0 {
            return Ok(None);
        }
        let words = self.part([self.header.explanation, 0]);
        let header = words.get(..size_of::<Header>() / 4).ok_or(Error("is a broken table"))?;
        let header = bytemuck::try_from_bytes(bytemuck::cast_slice(header));
        Ok(Some(Self { header: header.map_err(|_| Error("is a broken table"))?, ..self }))
    }

    /// Returns the numbers to explain. Only an explanation has some.
    ///
    /// # Errors
    ///
    /// If the program is broken.
    pub fn attributions(self) -> Result<&'t [Attribution]> {
        let mut words = self.part(self.header.outputs);
        let size = size_of::<Attribution>() as u32 / 4;
        let words = take_slice(&mut words, self.header.outputs[1].saturating_mul(size))?;
        cast(bytemuck::cast_slice(words))
    }

    /// Returns the constants, in the order of their slots. A broken constant is an error.
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

    /// Returns the inputs. Their slots follow the constants'. A broken input is an error.
    pub fn inputs(self) -> impl Iterator<Item = Result<Input<'t>>> {
        let mut words = self.part(self.header.inputs);
        (0..self.header.inputs[1]).map(move |_| {
            let [kind, columns] = take(&mut words)?;
            let columns = take_slice(&mut words, columns.saturating_mul(4))?;
            Ok(Input { kind, columns: cast(bytemuck::cast_slice(columns))? })
        })
    }

    /// Returns the nodes in order: each comes after the nodes of its inputs.
    pub fn nodes(self) -> Nodes<'t> {
        Nodes { words: self.part(self.header.nodes), left: self.header.nodes[1] }
    }

    /// Returns the `count` nodes of a body. `place` is the index of its first word.
    pub fn body(self, place: u32, count: u32) -> Nodes<'t> {
        Nodes { words: self.part([place, count]), left: count }
    }

    /// Returns the outputs. A broken output is an error.
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

/// An input of the model: a tensor `[rows, columns]` of features.
pub struct Input<'t> {
    /// The type: [`FLOAT`], [`DOUBLE`], [`INT`], [`BOOL`] or [`TEXT`].
    pub kind: u32,
    /// The columns, in order.
    pub columns: &'t [Column],
}

/// The encoding of a feature's value as a number or a string.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Column {
    /// The index of the feature in a row.
    pub feature: u32,
    /// The slot of the categories' names, or [`NONE`].
    pub categories: u32,
    /// For numbers, the slot of the code of each category, then of an unknown one, then of a
    /// missing one. For strings, the slot of the replacement for a missing one, or [`NONE`].
    pub codes: u32,
    /// Aligns the next column to eight bytes.
    pub reserved: u32,
}

/// An output of the model, with one answer for each row.
pub enum Output {
    /// A class, with its probabilities.
    Class {
        /// The slot of the index of each row's class, `[rows]`.
        slot: u32,
        /// The slot of the probabilities, `[rows, classes]`, or [`NONE`].
        probabilities: u32,
        /// The slot of the labels, `[classes]`.
        labels: u32,
    },
    /// A number.
    Quantity {
        /// The slot of the numbers, `[rows, columns]`.
        slot: u32,
        /// The index of the column.
        column: u32,
    },
}

/// An iterator over nodes. A broken node is an error.
pub struct Nodes<'t> {
    words: &'t [u32],
    left: u32,
}

/// An operator with the slots of its inputs and of its output.
pub struct Node<'t> {
    /// The operator.
    pub op: Op,
    /// The slot of the output.
    pub output: u32,
    /// The slots of the inputs.
    pub inputs: &'t [u32],
    /// The attributes; their meaning depends on the operator.
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
