//! Lowers the contract's records to a component's memory, by the canonical ABI:
//! <https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md>.
//!
//! A record is its fields in order, each aligned. A list or a string is an address and a length. A
//! variant is a byte and its content.

use crate::contract::{
    Classification, Description, Example, ExplanationMethod, ExplanationNotes, Feature,
    FeatureNotes, Kind, MissingPolicy, NumberBin, Output, OutputKind, OutputNotes, QuantityRange,
    Reference, ReferenceBins, Scale, Signature, UnusualPolicy, Value,
};

/// A part of a component's memory.
pub struct Image {
    /// The address of the first byte, a multiple of 16.
    pub base: u32,
    /// The content, from the address `base` on.
    pub bytes: Vec<u8>,
}

impl Image {
    /// Makes an empty part. `base` is a multiple of 16.
    pub fn at(base: u32) -> Self {
        Self { base, bytes: Vec::new() }
    }

    /// Returns the address after the last byte, rounded up to a multiple of 16.
    pub fn end(&self) -> u32 {
        (self.base + self.bytes.len() as u32).next_multiple_of(16)
    }

    /// Adds bytes, aligned to 16, and returns their address.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> u32 {
        let place = self.reserve(bytes.len(), 16);
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
        self.base + place as u32
    }

    /// Lowers a value, and returns its address.
    pub fn add<T: Lay>(&mut self, value: &T) -> u32 {
        let place = self.reserve(T::SIZE, T::ALIGN);
        value.lay(self, place);
        self.base + place as u32
    }

    fn reserve(&mut self, size: usize, align: usize) -> usize {
        let place = self.bytes.len().next_multiple_of(align);
        self.bytes.resize(place + size, 0);
        place
    }

    fn write(&mut self, place: usize, bytes: &[u8]) {
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
    }
}

/// A value with a layout in memory.
pub trait Lay {
    /// The size in bytes, a multiple of the alignment.
    const SIZE: usize;
    /// The alignment in bytes.
    const ALIGN: usize;

    /// Writes the value to its reserved bytes, from the index `place` of the image on.
    fn lay(&self, image: &mut Image, place: usize);
}

impl Lay for f64 {
    const SIZE: usize = 8;
    const ALIGN: usize = 8;

    fn lay(&self, image: &mut Image, place: usize) {
        image.write(place, &self.to_le_bytes());
    }
}

impl Lay for u32 {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;

    fn lay(&self, image: &mut Image, place: usize) {
        image.write(place, &self.to_le_bytes());
    }
}

impl Lay for u8 {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    fn lay(&self, image: &mut Image, place: usize) {
        image.write(place, &[*self]);
    }
}

impl Lay for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    fn lay(&self, image: &mut Image, place: usize) {
        u8::from(*self).lay(image, place);
    }
}

impl Lay for String {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;

    fn lay(&self, image: &mut Image, place: usize) {
        let start = image.reserve(self.len(), 1);
        image.write(start, self.as_bytes());
        lay_list(image, place, start, self.len());
    }
}

impl<T: Lay> Lay for Vec<T> {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;

    fn lay(&self, image: &mut Image, place: usize) {
        let start = image.reserve(T::SIZE * self.len(), T::ALIGN);
        for (index, item) in self.iter().enumerate() {
            item.lay(image, start + index * T::SIZE);
        }
        lay_list(image, place, start, self.len());
    }
}

fn lay_list(image: &mut Image, place: usize, start: usize, length: usize) {
    let address = image.base + start as u32;
    image.write(place, &address.to_le_bytes());
    image.write(place + 4, &(length as u32).to_le_bytes());
}

impl<T: Lay> Lay for Option<T> {
    const SIZE: usize = variant_size(T::SIZE, T::ALIGN);
    const ALIGN: usize = T::ALIGN;

    fn lay(&self, image: &mut Image, place: usize) {
        if let Some(value) = self {
            1_u8.lay(image, place);
            value.lay(image, place + T::ALIGN);
        }
    }
}

/// Returns the size of a variant, from the size and alignment of its largest content.
const fn variant_size(size: usize, align: usize) -> usize {
    (align + size).next_multiple_of(align)
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// Implements `Lay` for a record: its fields in the contract's order.
macro_rules! record {
    ($name:ty { $($field:ident: $kind:ty),* $(,)? }) => {
        impl Lay for $name {
            const ALIGN: usize = {
                let mut align = 1;
                $(align = larger(align, <$kind>::ALIGN);)*
                align
            };
            const SIZE: usize = {
                let mut end = 0_usize;
                $(end = end.next_multiple_of(<$kind>::ALIGN) + <$kind>::SIZE;)*
                end.next_multiple_of(Self::ALIGN)
            };

            fn lay(&self, image: &mut Image, place: usize) {
                let mut end = 0_usize;
                $(
                    end = end.next_multiple_of(<$kind>::ALIGN);
                    self.$field.lay(image, place + end);
                    end += <$kind>::SIZE;
                )*
                let _ = end;
            }
        }
    };
}

/// Implements `Lay` for a variant: the number of its case, then the case's content. `$content` has
/// the largest size and alignment of all cases.
macro_rules! variant {
    ($name:ty, $content:ty, |$value:ident, $image:ident, $place:ident| { $($case:pat => $number:literal $(, $lay:expr)?;)* }) => {
        impl Lay for $name {
            const ALIGN: usize = <$content>::ALIGN;
            const SIZE: usize = variant_size(<$content>::SIZE, <$content>::ALIGN);

            fn lay(&self, $image: &mut Image, place: usize) {
                let $place = place + Self::ALIGN;
                let number: u8 = match self {
                    $($case => { $($lay;)? $number })*
                };
                number.lay($image, place);
            }
        }
    };
}

/// The largest content of `kind`: a `number-range`.
struct Range<'r> {
    minimum: f64,
    maximum: f64,
    whole: bool,
    missing_values: &'r Vec<f64>,
}

/// The answer to a row: `result<prediction, refusal>`. The importer makes only predictions.
struct Expected<'o>(&'o Vec<Output>);

record!(Range<'_> { minimum: f64, maximum: f64, whole: bool, missing_values: Vec<f64> });
record!(Feature { name: String, kind: Kind, missing: MissingPolicy, unusual: UnusualPolicy });
record!(Signature { name: String, version: String, features: Vec<Feature> });
record!(NumberBin { upper: f64, share: f64 });
record!(Reference { bins: ReferenceBins, missing: f64 });
record!(FeatureNotes {
    description: String,
    unit: String,
    missing: String,
    reference: Option<Reference>,
});
record!(QuantityRange { unit: String, minimum: f64, maximum: f64 });
record!(OutputNotes {
    name: String,
    description: String,
    kind: OutputKind,
    positive: Option<u32>,
});
record!(ExplanationNotes {
    method: ExplanationMethod,
    scales: Vec<Scale>,
    base: String,
    cost: u32,
    reference: Vec<Value>,
    shares: Vec<f64>,
});
record!(Classification { label: String, confidence: Option<f64>, probabilities: Vec<f64> });
record!(Description {
    summary: String,
    source: String,
    license: String,
    population: String,
    limits: String,
    precision: String,
    digest: String,
    features: Vec<FeatureNotes>,
    outputs: Vec<OutputNotes>,
    examples: Vec<Example>,
    explanation: Option<ExplanationNotes>,
});

/// The largest size and alignment of a number and a string: the content of `value`.
struct NumberOrText;

impl Lay for NumberOrText {
    const SIZE: usize = 8;
    const ALIGN: usize = 8;

    fn lay(&self, _: &mut Image, _: usize) {}
}

variant!(Value, NumberOrText, |value, image, place| {
    Value::Number(number) => 0, number.lay(image, place);
    Value::Text(text) => 1, text.lay(image, place);
    Value::Flag(flag) => 2, flag.lay(image, place);
    Value::Missing => 3;
});
variant!(Kind, Range<'static>, |kind, image, place| {
    Kind::Number { minimum, maximum, whole, missing_values } => 0, Range { minimum: *minimum, maximum: *maximum, whole: *whole, missing_values }.lay(image, place);
    Kind::Category(names) => 1, names.lay(image, place);
    Kind::Flag => 2;
});
variant!(ReferenceBins, NumberOrText, |bins, image, place| {
    ReferenceBins::Number(bins) => 0, bins.lay(image, place);
    ReferenceBins::Category(shares) => 1, shares.lay(image, place);
    ReferenceBins::Flag(share) => 2, share.lay(image, place);
});
variant!(OutputKind, QuantityRange, |kind, image, place| {
    OutputKind::Classes(labels) => 0, labels.lay(image, place);
    OutputKind::Quantity(range) => 1, range.lay(image, place);
});
variant!(Output, Classification, |output, image, place| {
    Output::Class(class) => 0, class.lay(image, place);
    Output::Quantity(number) => 1, number.lay(image, place);
});

/// Implements `Lay` for an enum: the number of its case, in a byte.
macro_rules! enumeration {
    ($($name:ty),*) => {
        $(impl Lay for $name {
            const SIZE: usize = 1;
            const ALIGN: usize = 1;

            fn lay(&self, image: &mut Image, place: usize) {
                (*self as u8).lay(image, place);
            }
        })*
    };
}

enumeration!(MissingPolicy, UnusualPolicy, Scale, ExplanationMethod);

/// The size of `refusal`, the other case of an answer, in bytes: an enum, an optional 32-bit
/// integer and a string.
const REFUSAL: usize = 20;

impl Lay for Expected<'_> {
    const ALIGN: usize = 4;
    const SIZE: usize = variant_size(REFUSAL, Self::ALIGN);

    fn lay(&self, image: &mut Image, place: usize) {
        // The first case has the number 0.
        self.0.lay(image, place + Self::ALIGN);
    }
}

impl Lay for Example {
    const ALIGN: usize = 8;
    const SIZE: usize = 16 + Expected::SIZE + 8;

    fn lay(&self, image: &mut Image, place: usize) {
        self.name.lay(image, place);
        self.row.lay(image, place + 8);
        Expected(&self.expected).lay(image, place + 16);
        self.tolerance.lay(image, place + 16 + Expected::SIZE);
    }
}
