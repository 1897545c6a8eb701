//! The types of elements, and the conversion of elements to a model's values.

use crate::model::Value;
use half::f16;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datatype {
    Bool,
    Integer { signed: bool, bytes: usize },
    Float { bytes: usize },
    Bytes,
}

/// The protocol's names.
static NAMES: [(&str, Datatype); 13] = [
    ("BOOL", Datatype::Bool),
    ("UINT8", Datatype::Integer { signed: false, bytes: 1 }),
    ("UINT16", Datatype::Integer { signed: false, bytes: 2 }),
    ("UINT32", Datatype::Integer { signed: false, bytes: 4 }),
    ("UINT64", Datatype::Integer { signed: false, bytes: 8 }),
    ("INT8", Datatype::Integer { signed: true, bytes: 1 }),
    ("INT16", Datatype::Integer { signed: true, bytes: 2 }),
    ("INT32", Datatype::Integer { signed: true, bytes: 4 }),
    ("INT64", Datatype::INT64),
    ("FP16", Datatype::Float { bytes: 2 }),
    ("FP32", Datatype::Float { bytes: 4 }),
    ("FP64", Datatype::FP64),
    ("BYTES", Datatype::Bytes),
];

/// An element of JSON data.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Flag(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}

impl Datatype {
    /// The type of integers.
    pub const INT64: Self = Self::Integer { signed: true, bytes: 8 };
    /// The type of other numbers.
    pub const FP64: Self = Self::Float { bytes: 8 };

    /// Lists the protocol's names of all types.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Finds a type by its name.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, datatype)| *datatype)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Makes a value for the model; none if the element is not of this type. `null` is a missing
    /// value.
    pub fn value(self, scalar: Scalar) -> Option<Value> {
        match (self, scalar) {
            (_, Scalar::Null) => Some(Value::Missing),
            (Self::Bool, Scalar::Flag(flag)) => Some(Value::Flag(flag)),
            (Self::Bytes, Scalar::Text(text)) => Some(Value::Text(text)),
            (Self::Integer { .. }, Scalar::Integer(number)) => self.integer(number),
            // Python writes a whole float in this way.
            (Self::Integer { .. }, Scalar::Float(number)) if number.fract() == 0.0 => {
                self.integer(number as i128)
            }
            (Self::Float { bytes }, Scalar::Integer(number)) => float(bytes, number as f64),
            (Self::Float { bytes }, Scalar::Float(number)) => float(bytes, number),
            _ => None,
        }
    }

    fn integer(self, number: i128) -> Option<Value> {
        let Self::Integer { signed, bytes } = self else { return None };
        let bits = 8 * bytes as u32;
        let range =
            if signed { -(1_i128 << (bits - 1))..1_i128 << (bits - 1) } else { 0..1_i128 << bits };
        range.contains(&number).then_some(Value::Number(number as f64))
    }

    /// Returns the size of an element of binary data in bytes; none if each element has its own.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Bool => Some(1),
            Self::Integer { bytes, .. } | Self::Float { bytes } => Some(bytes),
            Self::Bytes => None,
        }
    }

    /// Reads an element of binary data, little-endian and of [`Self::width`] bytes. NaN is a
    /// missing value.
    pub fn decode(self, element: &[u8]) -> Value {
        let mut bytes = [0; 8];
        bytes[..element.len()].copy_from_slice(element);
        let bits = u64::from_le_bytes(bytes);
        let number = match self {
            Self::Bool => return Value::Flag(bits != 0),
            Self::Integer { signed: false, .. } => bits as f64,
            Self::Integer { signed: true, bytes } => {
                let unused = 64 - 8 * bytes as u32;
                (((bits << unused) as i64) >> unused) as f64
            }
            Self::Float { bytes: 2 } => f16::from_bits(bits as u16).to_f64(),
            Self::Float { bytes: 4 } => f32::from_bits(bits as u32).into(),
            Self::Float { .. } => f64::from_bits(bits),
            Self::Bytes => return Value::Missing,
        };
        if number.is_nan() { Value::Missing } else { Value::Number(number) }
    }
}

/// Rounds a number to a float of this size, in bytes; none if it is too large for any.
fn float(bytes: usize, number: f64) -> Option<Value> {
    let nearest = match bytes {
        2 => f16::from_f64(number).to_f64(),
        4 => f64::from(number as f32),
        _ => number,
    };
    nearest.is_finite().then_some(Value::Number(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(datatype: &str, scalar: Scalar) -> Option<Value> {
        Datatype::parse(datatype).unwrap().value(scalar)
    }

    #[test]
    fn every_datatype_is_parsed_from_its_name() {
        assert!(Datatype::names().all(|name| Datatype::parse(name).unwrap().name() == name));
        assert_eq!(Datatype::parse("fp64"), None);
    }

    #[test]
    fn an_integer_has_to_fit_its_type() {
        for (datatype, least, greatest) in [
            ("UINT8", 0, 255),
            ("INT8", -128, 127),
            ("UINT64", 0, i128::from(u64::MAX)),
            ("INT64", i128::from(i64::MIN), i128::from(i64::MAX)),
        ] {
            assert!(value(datatype, Scalar::Integer(least)).is_some(), "{datatype}");
            assert!(value(datatype, Scalar::Integer(greatest)).is_some(), "{datatype}");
            assert_eq!(value(datatype, Scalar::Integer(least - 1)), None, "{datatype}");
            assert_eq!(value(datatype, Scalar::Integer(greatest + 1)), None, "{datatype}");
        }
        assert_eq!(value("INT32", Scalar::Float(65.0)), Some(Value::Number(65.0)));
        assert_eq!(value("INT32", Scalar::Float(65.5)), None);
    }

    #[test]
    fn a_float_has_to_fit_its_type() {
        assert_eq!(value("FP16", Scalar::Integer(65_504)), Some(Value::Number(65_504.0)));
        assert_eq!(value("FP16", Scalar::Integer(65_505)), Some(Value::Number(65_504.0)));
        assert_eq!(value("FP16", Scalar::Integer(65_520)), None);
        assert_eq!(
            value("FP16", Scalar::Float(0.1)),
            Some(Value::Number(f16::from_bits(0x2e66).to_f64()))
        );
        assert_eq!(value("FP16", Scalar::Float(1e-9)), Some(Value::Number(0.0)));
        assert_eq!(value("FP32", Scalar::Float(0.1)), Some(Value::Number(0.1_f32.into())));
        assert_eq!(value("FP32", Scalar::Float(1e39)), None);
        assert_eq!(value("FP64", Scalar::Float(1e39)), Some(Value::Number(1e39)));
    }

    #[test]
    fn types_are_not_mixed() {
        assert_eq!(value("BOOL", Scalar::Integer(1)), None);
        assert_eq!(value("FP64", Scalar::Text("1".into())), None);
        assert_eq!(value("BYTES", Scalar::Integer(1)), None);
        assert_eq!(value("BYTES", Scalar::Null), Some(Value::Missing));
    }

    #[test]
    fn binary_elements_keep_their_sign() {
        let decode = |name, bytes: &[u8]| Datatype::parse(name).unwrap().decode(bytes);
        assert_eq!(decode("INT8", &[0xff]), Value::Number(-1.0));
        assert_eq!(decode("UINT8", &[0xff]), Value::Number(255.0));
        assert_eq!(decode("INT64", &(-5_i64).to_le_bytes()), Value::Number(-5.0));
        assert_eq!(decode("FP16", &[0x00, 0xc0]), Value::Number(-2.0));
        assert_eq!(decode("FP32", &0.5_f32.to_le_bytes()), Value::Number(0.5));
        assert_eq!(decode("FP64", &f64::NAN.to_le_bytes()), Value::Missing);
        assert_eq!(decode("BOOL", &[1]), Value::Flag(true));
    }
}
