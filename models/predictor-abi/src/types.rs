//! The contract's types, laid out as the canonical ABI has them.
//!
//! A record is a `repr(C)` struct with its fields in the contract's order; a variant is a
//! `repr(C, u8)` enum; a list or a string is a pointer and a length.

use core::fmt;
use core::marker::PhantomData;

/// Many values, which live as long as the instance.
#[repr(C)]
pub struct List<T: 'static> {
    start: *const T,
    length: usize,
    items: PhantomData<&'static [T]>,
}

// SAFETY: a list is a shared reference to a slice, and may go wherever that may.
unsafe impl<T: Sync> Sync for List<T> {}

impl<T> List<T> {
    pub const EMPTY: Self = Self::of(&[]);

    pub const fn of(items: &'static [T]) -> Self {
        Self { start: items.as_ptr(), length: items.len(), items: PhantomData }
    }

    pub const fn as_slice(&self) -> &'static [T] {
        // SAFETY: pointer and length are those of a slice: `of` took them apart, or the caller of
        // an exported function did.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// A string in UTF-8.
#[repr(transparent)]
#[derive(PartialEq)]
pub struct Text(List<u8>);

impl Text {
    pub const EMPTY: Self = text("");

    pub const fn as_str(&self) -> &'static str {
        // SAFETY: a text is made of a `str`, here or by the canonical ABI, which checks it.
        unsafe { core::str::from_utf8_unchecked(self.0.as_slice()) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

pub const fn text(text: &'static str) -> Text {
    Text(List::of(text.as_bytes()))
}

/// `option` of the contract.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Maybe<T> {
    None,
    Some(T),
}

#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Text(Text),
    Flag(bool),
    Missing,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct NumberRange {
    pub minimum: f64,
    pub maximum: f64,
    pub whole: bool,
    pub missing_values: List<f64>,
}

#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Kind {
    Number(NumberRange),
    Category(List<Text>),
    Flag,
}

#[repr(u8)]
#[derive(Debug, PartialEq)]
pub enum MissingPolicy {
    Refuse,
    Impute,
    Handle,
}

#[repr(u8)]
#[derive(Debug, PartialEq)]
pub enum UnusualPolicy {
    Refuse,
    Accept,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Feature {
    pub name: Text,
    pub kind: Kind,
    pub missing: MissingPolicy,
    pub unusual: UnusualPolicy,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Signature {
    pub name: Text,
    pub version: Text,
    pub features: List<Feature>,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Classification {
    pub label: Text,
    pub confidence: Maybe<f64>,
    pub probabilities: List<f64>,
}

#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Output {
    Class(Classification),
    Quantity(f64),
}

pub type Prediction = List<Output>;

#[repr(u8)]
#[derive(Debug, PartialEq)]
pub enum RefusalReason {
    Missing,
    WrongType,
    OutOfRange,
    UnknownCategory,
    Unanswerable,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub reason: RefusalReason,
    pub feature: Maybe<u32>,
    pub message: Text,
}

/// `result<prediction, refusal>` of the contract.
#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum Answer {
    Ok(Prediction),
    Err(Refusal),
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct FeatureNotes {
    pub description: Text,
    pub unit: Text,
    pub missing: Text,
    pub reference: Maybe<Reference>,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct NumberBin {
    pub upper: f64,
    pub share: f64,
}

#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum ReferenceBins {
    Number(List<NumberBin>),
    Category(List<f64>),
    Flag(f64),
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Reference {
    pub bins: ReferenceBins,
    pub missing: f64,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct QuantityRange {
    pub unit: Text,
    pub minimum: f64,
    pub maximum: f64,
}

#[repr(C, u8)]
#[derive(Debug, PartialEq)]
pub enum OutputKind {
    Classes(List<Text>),
    Quantity(QuantityRange),
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct OutputNotes {
    pub name: Text,
    pub description: Text,
    pub kind: OutputKind,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Example {
    pub name: Text,
    pub row: List<Value>,
    pub expected: Answer,
    pub tolerance: f64,
}

#[repr(C)]
#[derive(Debug, PartialEq)]
pub struct Description {
    pub summary: Text,
    pub source: Text,
    pub license: Text,
    pub population: Text,
    pub limits: Text,
    pub precision: Text,
    pub digest: Text,
    pub features: List<FeatureNotes>,
    pub outputs: List<OutputNotes>,
    pub examples: List<Example>,
}
