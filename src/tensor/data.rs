//! The elements of a tensor, in row-major order.

use super::datatype::{Datatype, Scalar};
use crate::edge::model::Value;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads JSON data, which is one list, or lists in lists as the shape has dimensions.
///
/// # Errors
///
/// If an element is not of the type, or the data has not the shape.
pub fn from_json(
    data: &RawValue,
    datatype: Datatype,
    shape: &[usize],
) -> Result<Vec<Value>, String> {
    if !data.get().starts_with('[') {
        return Err("its data is not a list".to_owned());
    }
    let mut reader = Reader {
        datatype,
        shape,
        depth: 0,
        leaf_depth: None,
        nested: false,
        values: Vec::new(),
        fault: None,
    };
    let read = reader.deserialize(&mut serde_json::Deserializer::from_str(data.get()));
    if let Err(error) = read {
        return Err(reader.fault.unwrap_or_else(|| format!("its data cannot be read: {error}")));
    }
    let (expected, found) = (shape.iter().product::<usize>(), reader.values.len());
    if found == expected {
        Ok(reader.values)
    } else {
        Err(format!("shape {shape:?} means {expected} elements, and the data has {found}"))
    }
}

/// Reads binary data: elements one after another, texts each with their length before them.
///
/// # Errors
///
/// If the bytes are not as many elements as the shape has.
pub fn from_binary(
    mut data: &[u8],
    datatype: Datatype,
    shape: &[usize],
) -> Result<Vec<Value>, String> {
    let expected: usize = shape.iter().product();
    if let Some(width) = datatype.width() {
        let bytes = data.len();
        return if bytes == expected * width {
            Ok(data.chunks_exact(width).map(|element| datatype.decode(element)).collect())
        } else {
            let name = datatype.name();
            Err(format!(
                "shape {shape:?} of {name} means {} bytes, and the data has {bytes}",
                expected * width
            ))
        };
    }
    let mut values = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((text, rest)) = rest.split_at_checked(length) else { break };
        let text = std::str::from_utf8(text).map_err(|_| "an element is not UTF-8".to_owned())?;
        values.push(Value::Text(text.to_owned()));
        data = rest;
    }
    match (data.len(), values.len()) {
        (0, found) if found == expected => Ok(values),
        (0, found) => {
            Err(format!("shape {shape:?} means {expected} elements, and the data has {found}"))
        }
        _ => Err("the last element is longer than the data".to_owned()),
    }
}

/// Collects elements from a list of lists. What is wrong is kept here, as serde would add a place
/// that means nothing to the client.
struct Reader<'a> {
    datatype: Datatype,
    shape: &'a [usize],
    /// How many lists are open.
    depth: usize,
    /// How many lists were open around the first element.
    leaf_depth: Option<usize>,
    /// Whether any list is in another one.
    nested: bool,
    values: Vec<Value>,
    fault: Option<String>,
}

impl Reader<'_> {
    fn fail<E: Error>(&mut self, fault: String) -> E {
        let error = E::custom(&fault);
        self.fault = Some(fault);
        error
    }

    fn push<E: Error>(&mut self, scalar: Scalar) -> Result<(), E> {
        let is_leaf = self.depth == 1 || self.depth == self.shape.len();
        if !is_leaf || *self.leaf_depth.get_or_insert(self.depth) != self.depth {
            return Err(self.disagree());
        }
        match self.datatype.value(scalar) {
            Some(value) => {
                self.values.push(value);
                Ok(())
            }
            None => {
                let (element, name) = (self.values.len(), self.datatype.name());
                Err(self.fail(format!("element {element} of its data is not a valid {name}")))
            }
        }
    }

    fn disagree<E: Error>(&mut self) -> E {
        self.fail(format!("the lists in its data do not have the shape {:?}", self.shape))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "an element of {}", self.datatype.name())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.depth += 1;
        if self.depth > self.shape.len() {
            return Err(self.disagree());
        }
        self.nested |= self.depth > 1;
        let mut length = 0;
        while list.next_element_seed(&mut *self)?.is_some() {
            length += 1;
        }
        self.depth -= 1;
        let is_right = !self.nested || self.shape[self.depth] == length;
        if is_right { Ok(()) } else { Err(self.disagree()) }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.push(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.push(Scalar::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.push(Scalar::Integer(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.push(Scalar::Integer(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.push(Scalar::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(Scalar::Text(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &str, datatype: &str, shape: &[usize]) -> Result<Vec<f64>, String> {
        let data: &RawValue = serde_json::from_str(data).unwrap();
        let values = from_json(data, Datatype::parse(datatype).unwrap(), shape)?;
        let number = |value: Value| match value {
            Value::Number(number) => number,
            _ => f64::NAN,
        };
        Ok(values.into_iter().map(number).collect())
    }

    #[test]
    fn flat_and_nested_data_are_the_same() {
        for data in ["[1,2,3,4]", "[[1,2],[3,4]]"] {
            assert_eq!(read(data, "INT64", &[2, 2]), Ok(vec![1.0, 2.0, 3.0, 4.0]));
        }
        assert_eq!(read("[[1],[2]]", "FP32", &[2, 1]), Ok(vec![1.0, 2.0]));
        assert_eq!(read("[]", "FP32", &[0]), Ok(Vec::new()));
    }

    #[test]
    fn data_that_is_not_of_the_shape_is_refused_with_both() {
        let error = read("[1,2,3]", "INT64", &[2, 2]).unwrap_err();
        assert_eq!(error, "shape [2, 2] means 4 elements, and the data has 3");
        for data in [
            "[[1,2,3],[4]]",
            "[[1,2]]",
            "[[1],[2],[3],[4]]",
            "[1,[2],3,4]",
            "[[1,2],3,4]",
            "[[[1,2],[3,4]]]",
            "[[],[],[],[]]",
        ] {
            let error = read(data, "INT64", &[2, 2]).unwrap_err();
            assert!(error.contains("shape [2, 2]"), "{data}: {error}");
        }
    }

    #[test]
    fn an_element_of_another_type_is_named_by_its_place() {
        let error = read("[1,2.5]", "INT64", &[2]).unwrap_err();
        assert_eq!(error, "element 1 of its data is not a valid INT64");
        for data in ["[{}]", "[{\"a\":[1]}]", "7", "[1e999]", "\"[1]\""] {
            assert!(read(data, "FP64", &[1]).is_err(), "{data}");
        }
    }

    #[test]
    fn deep_nesting_ends_at_the_shape() {
        let data = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&data, "FP64", &[1]).unwrap_err().contains("do not have the shape [1]"));
    }

    #[test]
    fn binary_texts_have_their_length_before_them() {
        let data = [&2_u32.to_le_bytes()[..], b"ab", &0_u32.to_le_bytes()].concat();
        let texts = [Value::Text("ab".into()), Value::Text(String::new())];
        assert_eq!(from_binary(&data, Datatype::Bytes, &[2]).unwrap(), texts);
        assert!(from_binary(&data, Datatype::Bytes, &[1]).is_err());
        assert!(from_binary(&data[..5], Datatype::Bytes, &[1]).is_err());
        assert!(from_binary(&[1, 0, 0, 0, 0xff], Datatype::Bytes, &[1]).is_err());
    }

    #[test]
    fn binary_numbers_fill_the_shape_exactly() {
        let data = 65_i64.to_le_bytes();
        assert_eq!(from_binary(&data, Datatype::INT64, &[1]).unwrap(), [Value::Number(65.0)]);
        let error = from_binary(&data, Datatype::FP64, &[2]).unwrap_err();
        assert_eq!(error, "shape [2] of FP64 means 16 bytes, and the data has 8");
    }
}
