//! Checks one value against what the model says of its feature.

use super::violation::{Context, Reason, Violation};
use crate::edge::model::{Feature, Kind, MissingPolicy, NumberRange, UnusualPolicy, Value};
use serde_json::value::RawValue;

/// A value that the model takes.
#[derive(Debug)]
pub struct Checked {
    pub value: Value,
    /// What is unusual about it, if the model takes it all the same.
    pub unusual: Option<Violation>,
}

/// A value that is still JSON; none if it is missing.
///
/// A number in quotes is taken, since FastAPI takes it and forms send it, but it is unusual.
pub fn json(given: Option<&RawValue>, feature: &Feature) -> Result<Checked, Violation> {
    let Some(raw) = given else { return check(Value::Missing, feature) };
    if let (Kind::Number(_), Some(number)) = (&feature.kind, quoted_number(raw.get())) {
        let mut checked = check(number, feature)?;
        checked.unusual = checked.unusual.or_else(|| Some(wrong_kind(&feature.kind)));
        return Ok(checked);
    }
    check(decode(raw, &feature.kind)?, feature)
}

/// The number in a string that is a JSON number and nothing else.
fn quoted_number(text: &str) -> Option<Value> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    // Serde would pass over white space on both sides.
    let is_bare = inner.ends_with(|last: char| last.is_ascii_digit());
    let is_json = || serde_json::from_str::<&RawValue>(inner).is_ok();
    if is_bare && is_json() { number(inner).ok() } else { None }
}

fn decode(raw: &RawValue, kind: &Kind) -> Result<Value, Violation> {
    let text = raw.get();
    match kind {
        Kind::Number(_) => number(text),
        Kind::Category(_) if text.starts_with('"') => match serde_json::from_str(text) {
            Ok(text) => Ok(Value::Text(text)),
            Err(_) => Err(wrong("string_unicode", "Input should be valid Unicode")),
        },
        Kind::Flag if text == "true" => Ok(Value::Flag(true)),
        Kind::Flag if text == "false" => Ok(Value::Flag(false)),
        Kind::Category(_) | Kind::Flag => Err(wrong_kind(kind)),
    }
}

fn number(text: &str) -> Result<Value, Violation> {
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(wrong("float_type", "Input should be a valid number"));
    }
    // JSON's numbers are a part of what Rust parses; those too large become infinite.
    Ok(Value::Number(text.parse().unwrap_or(f64::INFINITY)))
}

fn wrong(kind: &'static str, message: &'static str) -> Violation {
    Violation::new(Reason::WrongType, kind, message)
}

fn wrong_kind(kind: &Kind) -> Violation {
    match kind {
        Kind::Number(_) => wrong("float_type", "Input should be a valid number"),
        Kind::Category(_) => wrong("string_type", "Input should be a valid string"),
        Kind::Flag => wrong("bool_type", "Input should be a valid boolean"),
    }
}

/// A value of any type, by all that the feature says.
pub fn check(value: Value, feature: &Feature) -> Result<Checked, Violation> {
    let unusual = match (&value, &feature.kind) {
        (Value::Missing, _) => match feature.missing {
            MissingPolicy::Refuse => return Err(Violation::missing()),
            MissingPolicy::Impute | MissingPolicy::Handle => None,
        },
        (Value::Number(number), Kind::Number(range)) => outside(*number, range)?,
        (Value::Text(text), Kind::Category(categories)) => unknown(text, categories),
        (Value::Flag(_), Kind::Flag) => None,
        (_, kind) => return Err(wrong_kind(kind)),
    };
    match (unusual, feature.unusual) {
        (Some(violation), UnusualPolicy::Refuse) => Err(violation),
        (unusual, _) => Ok(Checked { value, unusual }),
    }
}

/// What is unusual about a number that crosses a bound.
fn outside(number: f64, range: &NumberRange) -> Result<Option<Violation>, Violation> {
    if !number.is_finite() {
        return Err(wrong("finite_number", "Input should be a finite number"));
    }
    if range.whole && number.fract() != 0.0 {
        return Err(wrong("int_from_float", "Input should be a whole number"));
    }
    let (kind, words, bound, context) = if number < range.minimum {
        let bound = range.minimum;
        ("greater_than_equal", "greater than or equal to", bound, Context::Ge(bound))
    } else if number > range.maximum {
        let bound = range.maximum;
        ("less_than_equal", "less than or equal to", bound, Context::Le(bound))
    } else {
        return Ok(None);
    };
    let message = format!("Input should be {words} {bound}");
    Ok(Some(Violation::new(Reason::OutOfRange, kind, message).with_context(context)))
}

fn unknown(text: &String, categories: &[String]) -> Option<Violation> {
    if categories.contains(text) {
        return None;
    }
    let expected = alternatives(categories);
    let message = format!("Input should be {expected}");
    let violation = Violation::new(Reason::UnknownCategory, "literal_error", message);
    Some(violation.with_context(Context::Expected(expected)))
}

/// `'a', 'b' or 'c'`
fn alternatives(categories: &[String]) -> String {
    let quoted: Vec<_> = categories.iter().map(|category| format!("'{category}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}
