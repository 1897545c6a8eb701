//! Rows of values: from a card's examples, from data, and made up.

use crate::card::data::{self, Data};
use crate::card::describe::Described;
use crate::contract::{Feature, Kind, Signature, UnusualPolicy, Value};
use crate::ir::graph::keep;
use anyhow::{Result, bail, ensure};
use predictor_abi::text;

/// The values of an example, in the order of the features. A feature without a value is missing.
pub fn from_table(signature: &Signature, row: &toml::Table) -> Result<Vec<Value>> {
    for key in row.keys() {
        let is_feature = signature.features.iter().any(|feature| feature.name == *key);
        ensure!(is_feature, "{key:?} is no feature");
    }
    signature
        .features
        .iter()
        .map(|feature| match row.get(&feature.name) {
            None => Ok(Value::Missing),
            Some(value) => from_toml(feature, value),
        })
        .collect()
}

fn from_toml(feature: &Feature, value: &toml::Value) -> Result<Value> {
    let value = match (value, &feature.kind) {
        (toml::Value::Integer(number), Kind::Number { .. }) => Value::Number(*number as f64),
        (toml::Value::Float(number), Kind::Number { .. }) if number.is_finite() => {
            Value::Number(*number)
        }
        (toml::Value::String(text), Kind::Category(_)) => Value::Text(text.clone()),
        (toml::Value::Boolean(flag), Kind::Flag) => Value::Flag(*flag),
        (other, kind) => {
            bail!(
                "{} is of type {}, and should be {}",
                feature.name,
                other.type_str(),
                name_of(kind)
            )
        }
    };
    check(feature, &value)?;
    Ok(value)
}

fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number { .. } => "a number",
        Kind::Category(_) => "a category",
        Kind::Flag => "true or false",
    }
}

/// Checks that the service would let a value through.
fn check(feature: &Feature, value: &Value) -> Result<()> {
    let refuses = feature.unusual == UnusualPolicy::Refuse;
    match (value, &feature.kind) {
        (Value::Number(number), Kind::Number { minimum, maximum, whole }) => {
            ensure!(
                !whole || number.fract() == 0.0,
                "{} is {number}, and should be whole",
                feature.name
            );
            let is_usual = (*minimum..=*maximum).contains(number);
            ensure!(
                is_usual || !refuses,
                "{} is {number}, which is out of its range",
                feature.name
            );
        }
        (Value::Text(text), Kind::Category(names)) => {
            let is_usual = names.contains(text);
            ensure!(is_usual || !refuses, "{} has no category {text:?}", feature.name);
        }
        _ => {}
    }
    Ok(())
}

/// The values of a row of data, whose columns are named as the features. A category may be written as
/// its code.
pub fn from_data(described: &Described, data: &Data, row: &[String]) -> Result<Vec<Value>> {
    described
        .signature
        .features
        .iter()
        .zip(&described.codes)
        .map(|(feature, codes)| {
            let column = data.column(&feature.name);
            let Some(cell) = column.and_then(|column| data::value(row, column)) else {
                return Ok(Value::Missing);
            };
            Ok(match &feature.kind {
                Kind::Number { .. } => Value::Number(data::number(cell, &feature.name)?),
                Kind::Category(names) => Value::Text(category(cell, names, codes).to_owned()),
                Kind::Flag => match (data::flag(cell), cell.parse::<f64>()) {
                    (Some(flag), _) => Value::Flag(flag),
                    (None, Ok(number)) => Value::Flag(number != 0.0),
                    _ => bail!(
                        "column {:?} has {cell:?}, which is neither true nor false",
                        feature.name
                    ),
                },
            })
        })
        .collect()
}

/// The name of a category, from its name or its code.
fn category<'c>(cell: &'c str, names: &'c [String], codes: &[f64]) -> &'c str {
    if names.iter().any(|name| name == cell) {
        return cell;
    }
    let code: Option<f64> = cell.parse().ok();
    let place = codes.iter().position(|own| Some(*own) == code);
    place.and_then(|place| names.get(place)).map_or(cell, String::as_str)
}

/// A row that the service would let through, made up from a number: the same number gives the same
/// row.
pub fn made_up(signature: &Signature, seed: u64) -> Vec<Value> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    signature
        .features
        .iter()
        .map(|feature| {
            // Xorshift, by Marsaglia.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let part = (state >> 11) as f64 / (1_u64 << 53) as f64;
            match &feature.kind {
                Kind::Number { minimum, maximum, whole } => {
                    let low = if minimum.is_finite() { *minimum } else { maximum.min(2.0) - 4.0 };
                    let high = if maximum.is_finite() { *maximum } else { low + 4.0 };
                    let number = low + (high - low) * part;
                    Value::Number(if *whole { number.round() } else { number })
                }
                Kind::Category(names) => {
                    Value::Text(names[(part * names.len() as f64) as usize].clone())
                }
                Kind::Flag => Value::Flag(part < 0.5),
            }
        })
        .collect()
}

/// The same values as the runner takes them.
pub fn to_runner(values: &[Value]) -> Vec<predictor_abi::Value> {
    let value = |value: &Value| match value {
        Value::Number(number) => predictor_abi::Value::Number(*number),
        Value::Text(name) => predictor_abi::Value::Text(text(keep(name))),
        Value::Flag(flag) => predictor_abi::Value::Flag(*flag),
        Value::Missing => predictor_abi::Value::Missing,
    };
    values.iter().map(value).collect()
}
