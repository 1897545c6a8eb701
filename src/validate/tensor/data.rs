//! The elements of a tensor, in row-major order.

use super::datatype::{Datatype, Scalar};
use crate::model::Value;
use crate::validate::raw::{List, Raw};
use serde_json::value::RawValue;

/// Reads JSON data of the shape `[rows]` or `[rows, columns]`: one flat list, or a list with one
/// list for each row.
///
/// # Errors
///
/// If an element is not of the type, or the data does not have the shape.
pub fn from_json(
    data: &RawValue,
    datatype: Datatype,
    shape: &[usize],
) -> Result<Vec<Value>, String> {
    // The data is a list of elements, or of rows.
    let list = Raw::of(data).list().ok_or("its data is not a list")?;
    let mut elements = Elements { datatype, values: Vec::new() };
    match shape {
        [rows, columns] if list.items.first().is_some_and(|item| item.list().is_some()) => {
            let disagree = || format!("the lists in its data do not have the shape {shape:?}");
            if list.len != *rows {
                return Err(disagree());
            }
            for row in list.items {
                let row = row.list().filter(|row| row.len == *columns);
                elements.read(&row.ok_or_else(disagree)?)?;
            }
        }
        _ => {
            check_elements(shape, list.len)?;
            elements.read(&list)?;
        }
    }
    Ok(elements.values)
}

/// Returns the number of elements of a shape. The limits of a batch keep it small.
fn elements(shape: &[usize]) -> usize {
    shape.iter().fold(1, |product, length| product.saturating_mul(*length))
}

fn check_elements(shape: &[usize], found: usize) -> Result<(), String> {
    let expected = elements(shape);
    if found == expected {
        return Ok(());
    }
    Err(format!("shape {shape:?} means {expected} elements, and the data has {found}"))
}

struct Elements {
    datatype: Datatype,
    values: Vec<Value>,
}

impl Elements {
    fn read(&mut self, list: &List) -> Result<(), String> {
        self.values.reserve(list.len);
        for item in &list.items {
            let (element, scalar) = (self.values.len(), scalar(*item));
            if matches!(scalar, Some(Scalar::Float(number)) if number.is_infinite()) {
                return Err(format!("element {element} of its data is infinite"));
            }
            let value = scalar.and_then(|scalar| self.datatype.value(scalar));
            self.values.push(value.ok_or_else(|| {
                format!("element {element} of its data is not a valid {}", self.datatype.name())
            })?);
        }
        Ok(())
    }
}

/// Reads an element; none if it is a list, an object, or a string with an unpaired surrogate.
fn scalar(element: Raw) -> Option<Scalar> {
    let text = element.get();
    match text.as_bytes()[0] {
        b'n' => Some(Scalar::Null),
        b't' => Some(Scalar::Flag(true)),
        b'f' => Some(Scalar::Flag(false)),
        b'"' => serde_json::from_str(text).ok().map(Scalar::Text),
        b'[' | b'{' => None,
        // Rust parses all JSON numbers; a number too large becomes infinite.
        _ => match text.parse() {
            Ok(number) => Some(Scalar::Integer(number)),
            Err(_) => text.parse().ok().map(Scalar::Float),
        },
    }
}

/// Reads binary data: elements one after another, each string with its length before it.
///
/// # Errors
///
/// If the data does not have as many elements as the shape, or a string is not UTF-8.
pub fn from_binary(data: &[u8], datatype: Datatype, shape: &[usize]) -> Result<Vec<Value>, String> {
    let Some(width) = datatype.width() else { return texts(data, shape) };
    let (expected, found) = (elements(shape).saturating_mul(width), data.len());
    if found == expected {
        return Ok(data.chunks_exact(width).map(|element| datatype.decode(element)).collect());
    }
    let name = datatype.name();
    Err(format!("shape {shape:?} of {name} means {expected} bytes, and the data has {found}"))
}

fn texts(mut data: &[u8], shape: &[usize]) -> Result<Vec<Value>, String> {
    let (expected, mut values) = (elements(shape), Vec::new());
    // Read strings until the data ends.
    while let Some((length, rest)) = data.split_first_chunk() {
        let Some((text, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            break;
        };
        if values.len() == expected {
            return Err(format!(
                "shape {shape:?} means {expected} elements, and the data has more"
            ));
        }
        let text = std::str::from_utf8(text).map_err(|_| "an element is not UTF-8".to_owned())?;
        values.push(Value::Text(text.to_owned()));
        data = rest;
    }
    // All data has to be read, with as many strings as the shape has.
    if !data.is_empty() {
        return Err("the last element is longer than the data".to_owned());
    }
    check_elements(shape, values.len())?;
    Ok(values)
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
    fn data_of_another_shape_is_refused_with_both() {
        let error = read("[1,2,3]", "INT64", &[2, 2]).unwrap_err();
        assert_eq!(error, "shape [2, 2] means 4 elements, and the data has 3");
        for data in [
            "[[1,2,3],[4]]",
            "[[1,2]]",
            "[[1],[2],[3],[4]]",
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
        let error = read("[1,[2],3,4]", "INT64", &[2, 2]).unwrap_err();
        assert_eq!(error, "element 1 of its data is not a valid INT64");
        for data in ["[{}]", "[{\"a\":[1]}]", "7", "[1e999]", "\"[1]\""] {
            assert!(read(data, "FP64", &[1]).is_err(), "{data}");
        }
    }

    #[test]
    fn deep_nesting_is_no_element() {
        let data = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&data, "FP64", &[1]).is_err() && read(&data, "FP64", &[1, 1]).is_err());
    }

    #[test]
    fn a_number_is_read_to_its_last_digit() {
        let text = "60.000000000000004";
        let number = text.parse::<f64>().unwrap();
        assert_eq!(read(&format!("[{text}]"), "FP64", &[1]), Ok(vec![number]));
        assert_eq!(read("[60.000001]", "FP32", &[1]), Ok(vec![60.0]));
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
