//! Checks of single values against a feature, as every caller of a model makes them.

use crate::types::{Feature, Kind, MissingPolicy, NumberRange, OtherUnit, UnusualPolicy, Value};
use std::borrow::Cow;
use std::fmt::{self, Display};

/// A value that the model takes.
#[derive(Debug)]
pub struct Checked<'f> {
    /// The value. A number for a missing value is missing, and a number in another unit converted.
    pub value: Value,
    /// Something unusual about the value, if the model takes it all the same.
    pub unusual: Option<Unusual<'f>>,
}

/// The reason why a model does not take a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault<'f> {
    /// The value is missing, and the model needs it.
    Missing,
    /// The value is not of the feature's kind.
    WrongKind(&'f Kind),
    /// The number is infinite, or not a number.
    NotFinite,
    /// The number has a fraction, and the range is one of integers.
    NotWhole,
    /// The model refuses unusual values.
    Unusual(Unusual<'f>),
}

/// A property of an unusual value. Some models take such values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unusual<'f> {
    /// The number is below the minimum.
    Below {
        /// The number, in the feature's own unit.
        number: f64,
        /// The minimum of the range.
        minimum: f64,
    },
    /// The number is above the maximum.
    Above {
        /// The number, in the feature's own unit.
        number: f64,
        /// The maximum of the range.
        maximum: f64,
    },
    /// The text is none of these categories.
    Unknown(&'f [String]),
}

impl Fault<'_> {
    /// Returns a sentence for people, without a full stop.
    pub fn sentence(&self) -> Cow<'static, str> {
        let sentence = match self {
            Self::Missing => "Field required",
            Self::WrongKind(Kind::Number(_)) => "Input should be a valid number",
            Self::WrongKind(Kind::Category(_)) => "Input should be a valid string",
            Self::WrongKind(Kind::Flag) => "Input should be a valid boolean",
            Self::NotFinite => "Input should be a finite number",
            Self::NotWhole => "Input should be a whole number",
            Self::Unusual(unusual) => return unusual.sentence().into(),
        };
        sentence.into()
    }
}

impl Unusual<'_> {
    /// Describes the usual values, such as `greater than or equal to 0` or `'a' or 'b'`.
    pub fn usual(&self) -> String {
        let (words, bound) = match self {
            Self::Below { minimum, .. } => ("greater than or equal to", minimum),
            Self::Above { maximum, .. } => ("less than or equal to", maximum),
            Self::Unknown(categories) => {
                let names: Vec<&str> = categories.iter().map(String::as_str).collect();
                return alternatives(&names);
            }
        };
        format!("{words} {bound}")
    }

    /// Returns a sentence for people, without a full stop.
    pub fn sentence(&self) -> String {
        format!("Input should be {}", self.usual())
    }
}

impl Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl Display for Unusual<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

/// Checks a value of any type. `unit` is the unit of a number, if it is not the feature's own. A
/// number for a missing value is one in any unit.
///
/// # Errors
///
/// If the model does not take the value.
pub fn check<'f>(
    value: Value,
    unit: Option<&OtherUnit>,
    feature: &'f Feature,
) -> Result<Checked<'f>, Fault<'f>> {
    let value = match (value, unit, &feature.kind) {
        (value, _, kind) if stands_for_missing(&value, kind) => Value::Missing,
        (Value::Number(number), Some(unit), Kind::Number(range)) => {
            Value::Number(converted(number, unit, range))
        }
        (value, ..) => value,
    };
    let unusual = inspect(&value, feature)?;
    Ok(Checked { value, unusual })
}

/// Checks a value in the feature's own unit. Returns its unusual property, if the model takes it.
///
/// A number for a missing value is a number here: [`check`] makes it missing.
///
/// # Errors
///
/// If the model does not take the value.
pub fn inspect<'f>(value: &Value, feature: &'f Feature) -> Result<Option<Unusual<'f>>, Fault<'f>> {
    let unusual = match (value, &feature.kind) {
        (Value::Missing, _) => match feature.missing {
            MissingPolicy::Refuse => return Err(Fault::Missing),
            MissingPolicy::Impute | MissingPolicy::Handle => None,
        },
        (Value::Number(number), Kind::Number(range)) => outside(*number, range)?,
        (Value::Text(text), Kind::Category(categories)) => {
            (!is_in(text, categories)).then_some(Unusual::Unknown(categories))
        }
        (Value::Flag(_), Kind::Flag) => None,
        (_, kind) => return Err(Fault::WrongKind(kind)),
    };
    match (unusual, feature.unusual) {
        (Some(unusual), UnusualPolicy::Refuse) => Err(Fault::Unusual(unusual)),
        (unusual, _) => Ok(unusual),
    }
}

/// Returns true if a name is in a list. Names of one list often differ in their last byte alone, and all
/// of their bytes are compared by a call.
fn is_in(name: &str, names: &[String]) -> bool {
    let end = |name: &str| name.as_bytes().last().copied();
    names.iter().any(|one| one.len() == name.len() && end(one) == end(name) && one == name)
}

/// Returns true if the model takes this number for a missing value.
fn stands_for_missing(value: &Value, kind: &Kind) -> bool {
    match (value, kind) {
        (Value::Number(number), Kind::Number(range)) => range.missing_values.contains(number),
        _ => false,
    }
}

/// Checks a number against a range. Returns the bound that it is beyond: the model may accept it.
///
/// # Errors
///
/// If the number is not finite, or has a fraction in a range of integers.
fn outside(number: f64, range: &NumberRange) -> Result<Option<Unusual<'static>>, Fault<'static>> {
    let NumberRange { minimum, maximum, whole, .. } = *range;
    if !number.is_finite() {
        return Err(Fault::NotFinite);
    }
    if whole && number.fract() != 0.0 {
        return Err(Fault::NotWhole);
    }
    Ok(if number < minimum {
        Some(Unusual::Below { number, minimum })
    } else if number > maximum {
        Some(Unusual::Above { number, maximum })
    } else {
        None
    })
}

/// Converts a number from another unit to the feature's own.
pub fn in_own_unit(number: f64, OtherUnit { factor, offset, .. }: &OtherUnit) -> f64 {
    number * factor + offset
}

/// The relative distance from a bound that a conversion may be off: the bound is meant.
const ROUNDING: f64 = 1e-12;

/// Converts a number for a feature with a range.
fn converted(number: f64, unit: &OtherUnit, range: &NumberRange) -> f64 {
    let number = in_own_unit(number, unit);
    let is_meant =
        |bound: &f64| bound.is_finite() && (number - bound).abs() <= ROUNDING * bound.abs();
    [range.minimum, range.maximum].into_iter().find(is_meant).unwrap_or(number)
}

/// Maximum number of categories in a message.
const MOST_NAMED: usize = 50;

/// Writes a list of names as `'a', 'b' or 'c'`.
pub fn alternatives(names: &[&str]) -> String {
    let named = &names[..names.len().min(MOST_NAMED)];
    let mut quoted: Vec<_> = named.iter().map(|name| format!("'{name}'")).collect();
    match names.len() - named.len() {
        0 => {}
        more => quoted.push(format!("one of {more} more")),
    }
    list(&quoted, "or")
}

/// Joins words as `a, b or c`, with `last_by` before the last one.
pub fn list(words: &[String], last_by: &str) -> String {
    let mut list = String::new();
    for (place, word) in words.iter().enumerate() {
        match words.len() - place {
            _ if place == 0 => {}
            1 => list.extend([" ", last_by, " "]),
            _ => list.push_str(", "),
        }
        list.push_str(word);
    }
    if words.is_empty() { "nothing".to_owned() } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(kind: Kind, unusual: UnusualPolicy) -> Feature {
        let missing = MissingPolicy::Refuse;
        Feature { name: "x".into(), kind, missing, unusual, group: None }
    }

    fn range(whole: bool) -> Kind {
        let missing_values = vec![-999.0];
        Kind::Number(NumberRange { minimum: 0.0, maximum: 2.5, whole, missing_values })
    }

    fn kinds() -> [Kind; 3] {
        [range(true), Kind::Category(vec!["a".into(), "b".into()]), Kind::Flag]
    }

    #[test]
    fn every_fault_is_a_sentence() {
        let text = |text: &str| Value::Text(text.into());
        let [whole, category, flag] = kinds();
        for (value, kind, sentence) in [
            (Value::Missing, &whole, "Field required"),
            (Value::Number(-999.0), &whole, "Field required"),
            (text("a"), &whole, "Input should be a valid number"),
            (Value::Flag(true), &category, "Input should be a valid string"),
            (Value::Number(1.0), &flag, "Input should be a valid boolean"),
            (Value::Number(f64::NAN), &whole, "Input should be a finite number"),
            (Value::Number(0.5), &whole, "Input should be a whole number"),
            (Value::Number(-1.0), &whole, "Input should be greater than or equal to 0"),
            (Value::Number(3.0), &whole, "Input should be less than or equal to 2.5"),
            (text("c"), &category, "Input should be 'a' or 'b'"),
        ] {
            let feature = feature(kind.clone(), UnusualPolicy::Refuse);
            let fault = check(value, None, &feature).unwrap_err();
            assert_eq!(fault.to_string(), sentence);
        }
    }

    #[test]
    fn an_unusual_value_is_taken_if_the_model_accepts_it() {
        let feature = feature(range(false), UnusualPolicy::Accept);
        let checked = check(Value::Number(3.0), None, &feature).unwrap();
        let unusual = Unusual::Above { number: 3.0, maximum: 2.5 };
        assert_eq!((checked.value, checked.unusual), (Value::Number(3.0), Some(unusual)));
        assert_eq!(check(Value::Number(2.5), None, &feature).unwrap().unusual, None);
    }

    #[test]
    fn a_number_in_another_unit_is_converted_and_one_for_a_missing_value_is_none() {
        let unit = OtherUnit { code: "mm".into(), factor: 0.1, offset: 0.0 };
        let feature = feature(range(false), UnusualPolicy::Refuse);
        let checked = check(Value::Number(20.0), Some(&unit), &feature).unwrap();
        assert_eq!(checked.value, Value::Number(2.0));
        assert_eq!(
            check(Value::Number(-999.0), Some(&unit), &feature).unwrap_err(),
            Fault::Missing
        );
    }
}
