//! Checks one value against what the model says of its feature.

use super::Problem;
use super::json::Object;
use super::problem::{Context, Reason};
use crate::edge::model::{Feature, Kind, MissingPolicy, NumberRange, UnusualPolicy, Value};
use serde_json::value::RawValue;

pub struct Checked<'a> {
    pub value: Value,
    pub warning: Option<Problem<'a>>,
}

/// The value that an object has for a feature. JSON's null is a value that is missing.
pub fn value<'a>(object: &Object<'a>, feature: &'a Feature) -> Result<Checked<'a>, Problem<'a>> {
    let given = object.get(&feature.name).filter(|raw| raw.get() != "null");
    let Some(raw) = given else {
        return match feature.missing {
            MissingPolicy::Refuse => Err(Problem::missing_feature(feature, object.raw)),
            MissingPolicy::Impute | MissingPolicy::Handle => {
                Ok(Checked { value: Value::Missing, warning: None })
            }
        };
    };
    let (value, unusual) = match &feature.kind {
        Kind::Number(range) => number(raw, range, feature)?,
        Kind::Category(categories) => category(raw, categories, feature)?,
        Kind::Flag => (flag(raw, feature)?, None),
    };
    match (unusual, feature.unusual) {
        (Some(problem), UnusualPolicy::Refuse) => Err(problem),
        (warning, _) => Ok(Checked { value, warning }),
    }
}

type Judged<'a> = Result<(Value, Option<Problem<'a>>), Problem<'a>>;

fn number<'a>(raw: &'a RawValue, range: &NumberRange, feature: &'a Feature) -> Judged<'a> {
    let wrong = |kind, message| Problem::of(feature, raw, Reason::WrongType, kind, message);
    let text = raw.get();
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(wrong("float_type", "Input should be a valid number"));
    }
    // JSON's numbers are a part of what Rust parses; those too large become infinite.
    let number: f64 = text.parse().unwrap_or(f64::INFINITY);
    if !number.is_finite() {
        return Err(wrong("finite_number", "Input should be a finite number"));
    }
    if range.whole && number.fract() != 0.0 {
        return Err(wrong("int_from_float", "Input should be a whole number"));
    }
    Ok((Value::Number(number), outside(number, range, feature, raw)))
}

/// What is unusual about a number that crosses a bound.
fn outside<'a>(
    number: f64,
    range: &NumberRange,
    feature: &'a Feature,
    raw: &'a RawValue,
) -> Option<Problem<'a>> {
    let (kind, words, bound, context) = if number < range.minimum {
        let bound = range.minimum;
        ("greater_than_equal", "greater than or equal to", bound, Context::Ge(bound))
    } else if number > range.maximum {
        let bound = range.maximum;
        ("less_than_equal", "less than or equal to", bound, Context::Le(bound))
    } else {
        return None;
    };
    let message = format!("Input should be {words} {bound}");
    Some(Problem::of(feature, raw, Reason::OutOfRange, kind, message).with_context(context))
}

fn category<'a>(raw: &'a RawValue, categories: &[String], feature: &'a Feature) -> Judged<'a> {
    let wrong = |kind, message| Problem::of(feature, raw, Reason::WrongType, kind, message);
    if !raw.get().starts_with('"') {
        return Err(wrong("string_type", "Input should be a valid string"));
    }
    let Ok(text) = serde_json::from_str::<String>(raw.get()) else {
        return Err(wrong("string_unicode", "Input should be valid Unicode"));
    };
    if categories.contains(&text) {
        return Ok((Value::Text(text), None));
    }
    let expected = alternatives(categories);
    let message = format!("Input should be {expected}");
    let problem = Problem::of(feature, raw, Reason::UnknownCategory, "literal_error", message)
        .with_context(Context::Expected(expected));
    Ok((Value::Text(text), Some(problem)))
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

fn flag<'a>(raw: &'a RawValue, feature: &'a Feature) -> Result<Value, Problem<'a>> {
    match raw.get() {
        "true" => Ok(Value::Flag(true)),
        "false" => Ok(Value::Flag(false)),
        _ => {
            let message = "Input should be a valid boolean";
            Err(Problem::of(feature, raw, Reason::WrongType, "bool_type", message))
        }
    }
}
