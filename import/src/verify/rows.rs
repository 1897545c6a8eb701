//! Makes rows of values: from a card's examples, from a table, or from a seed.

use crate::card::Given;
use crate::card::cells::Cell;
use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::profile;
use crate::card::table::{Row, Table};
use crate::ir::graph::keep;
use anyhow::{Result, anyhow, bail, ensure};
use predictor_abi::text;
use predictor_contract::check::{Fault, Unusual, inspect};
use predictor_contract::{Feature, Kind, NumberRange, Signature, Value};
use std::collections::BTreeMap;

/// Stands for a category outside the card's list.
pub const OTHER_CATEGORY: &str = "\u{1}other";

/// Returns the values of an example, in the order of the features. A feature without a value is
/// missing.
///
/// # Errors
///
/// If a key is no feature, or a value has the wrong type, or the service would refuse it.
pub fn from_table(signature: &Signature, row: &BTreeMap<String, Given>) -> Result<Vec<Value>> {
    for key in row.keys() {
        let is_feature = signature.features.iter().any(|feature| feature.name == *key);
        ensure!(is_feature, "{key:?} is no feature");
    }
    signature
        .features
        .iter()
        .map(|feature| match row.get(&feature.name) {
            None => Ok(Value::Missing),
            Some(value) => from_card(feature, value),
        })
        .collect()
}

fn from_card(feature: &Feature, given: &Given) -> Result<Value> {
    let name = &feature.name;
    let value = match (given, &feature.kind) {
        (Given::Number(number), Kind::Number(_)) if number.is_finite() => Value::Number(*number),
        (Given::Text(text), Kind::Category(_)) => Value::Text(text.clone()),
        (Given::Flag(flag), Kind::Flag) => Value::Flag(*flag),
        (other, kind) => bail!("{name} is {other}, and should be {}", name_of(kind)),
    };
    // The service would refuse it.
    inspect(&value, feature).map_err(|fault| match fault {
        Fault::NotWhole => anyhow!("{name} is {given}, and should be whole"),
        Fault::Unusual(Unusual::Unknown(_)) => anyhow!("{name} has no category {given}"),
        Fault::Unusual(_) => anyhow!("{name} is {given}, which is out of its range"),
        Fault::Missing | Fault::WrongKind(_) | Fault::NotFinite => anyhow!("{name}: {fault}"),
    })?;
    Ok(value)
}

fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number(_) => "a number",
        Kind::Category(_) => "a category",
        Kind::Flag => "true or false",
    }
}

/// True if the service refuses a row, by the policies of the features.
pub fn is_refused(signature: &Signature, row: &[Value]) -> bool {
    signature.features.iter().zip(row).any(|(feature, value)| inspect(value, feature).is_err())
}

/// Reads the values of a row of data.
///
/// # Errors
///
/// If a cell is not of its feature's type.
pub fn from_data(
    described: &Described,
    table: &Table,
    columns: &Columns,
    row: &Row,
) -> Result<Vec<Value>> {
    let features = described.signature.features.iter().zip(&described.readings);
    features
        .zip(&columns.features)
        .map(|((feature, reading), column)| {
            let cell = profile::value(table, reading, row, *column)?;
            Ok(from_cell(&feature.kind, cell))
        })
        .collect()
}

/// Converts a cell to the feature's type of value.
pub fn from_cell(kind: &Kind, cell: Cell) -> Value {
    match (cell, kind) {
        (Cell::Missing, _) => Value::Missing,
        (Cell::Number(number), Kind::Flag) => Value::Flag(number != 0.0),
        (Cell::Number(number), _) => Value::Number(number),
        (Cell::Flag(flag), Kind::Number(_)) => Value::Number(f64::from(u8::from(flag))),
        (Cell::Flag(flag), _) => Value::Flag(flag),
        (Cell::Category(index), Kind::Category(names)) => {
            Value::Text(names.get(index).map_or(OTHER_CATEGORY, String::as_str).to_owned())
        }
        (Cell::Category(_) | Cell::OtherCategory, _) => Value::Text(OTHER_CATEGORY.to_owned()),
        (Cell::Text(text), _) => Value::Text(text.to_owned()),
    }
}

/// Makes up a valid row from a seed. The same seed gives the same row.
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
                Kind::Number(NumberRange { minimum, maximum, whole, .. }) => {
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

/// Converts values to the runner's type.
pub fn to_runner(values: &[Value]) -> Vec<predictor_abi::Value> {
    let value = |value: &Value| match value {
        Value::Number(number) => predictor_abi::Value::Number(*number),
        Value::Text(name) => predictor_abi::Value::Text(text(keep(name))),
        Value::Flag(flag) => predictor_abi::Value::Flag(*flag),
        Value::Missing => predictor_abi::Value::Missing,
    };
    values.iter().map(value).collect()
}
