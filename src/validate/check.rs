//! Checks of single values: reads JSON, and says the faults of [`crate::model::check`] in the words
//! of an answer.

use super::raw::Raw;
use crate::model::check::{self, Fault, Unusual};
use crate::model::{Feature, Kind, OtherUnit, Refusal, RefusalReason, Value};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A fault of a value, or something unusual about it.
#[derive(Debug)]
pub struct Issue {
    pub reason: Reason,
    /// The error's `type`, as in FastAPI.
    pub kind: &'static str,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    pub context: Option<Context>,
    /// The number outside its range, if it is one.
    pub outside: Option<f64>,
}

impl Issue {
    /// Makes an issue.
    pub fn new(reason: Reason, kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, kind, message: message.into(), context: None, outside: None }
    }

    /// Makes the issue of a missing value that the model needs.
    pub fn missing() -> Self {
        Fault::Missing.into()
    }

    /// Makes the issue of a malformed body, from a sentence with the reason.
    pub fn malformed(message: String) -> Self {
        Self::new(Reason::Malformed, "value_error", message)
    }

    /// Adds the bound, list or error of the message.
    pub fn with_context(self, context: Context) -> Self {
        Self { context: Some(context), ..self }
    }

    /// Makes the issue of a row refused by the model itself.
    pub fn refused(refusal: &Refusal) -> Self {
        let (reason, kind) = match refusal.reason {
            RefusalReason::Missing => (Reason::Missing, "missing"),
            RefusalReason::WrongType => (Reason::WrongType, "value_error"),
            RefusalReason::OutOfRange => (Reason::OutOfRange, "value_error"),
            RefusalReason::UnknownCategory => (Reason::UnknownCategory, "value_error"),
            RefusalReason::Unanswerable => (Reason::Unanswerable, "value_error"),
        };
        Self::new(reason, kind, refusal.message.clone())
    }
}

impl From<Fault<'_>> for Issue {
    #[inline(never)]
    fn from(fault: Fault) -> Self {
        let (reason, kind) = match fault {
            Fault::Missing => (Reason::Missing, "missing"),
            Fault::WrongKind(Kind::Number(_)) => (Reason::WrongType, "float_type"),
            Fault::WrongKind(Kind::Category(_)) => (Reason::WrongType, "string_type"),
            Fault::WrongKind(Kind::Flag) => (Reason::WrongType, "bool_type"),
            Fault::NotFinite => (Reason::WrongType, "finite_number"),
            Fault::NotWhole => (Reason::WrongType, "int_from_float"),
            Fault::Unusual(unusual) => return unusual.into(),
        };
        Self::new(reason, kind, fault.sentence())
    }
}

impl From<Unusual<'_>> for Issue {
    fn from(unusual: Unusual) -> Self {
        let usual = unusual.usual();
        let sentence = format!("Input should be {usual}");
        let (reason, kind, context, outside) = match unusual {
            Unusual::Below { number, minimum } => {
                (Reason::OutOfRange, "greater_than_equal", Context::Ge(minimum), Some(number))
            }
            Unusual::Above { number, maximum } => {
                (Reason::OutOfRange, "less_than_equal", Context::Le(maximum), Some(number))
            }
            Unusual::Unknown(_) => {
                (Reason::UnknownCategory, "literal_error", Context::Expected(usual), None)
            }
        };
        let issue = Self::new(reason, kind, sentence);
        Self { context: Some(context), outside, ..issue }
    }
}

/// The `reason` label of `model_invalid_inputs_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Malformed,
    Missing,
    WrongType,
    OutOfRange,
    UnknownCategory,
    UnknownUnit,
    UnknownVersion,
    UnknownOutput,
    UnknownClass,
    UnknownGroup,
    Unanswerable,
    NoExplanation,
    TooCostly,
}

impl Reason {
    /// Returns the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::UnknownCategory => "unknown_category",
            Self::UnknownUnit => "unknown_unit",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownOutput => "unknown_output",
            Self::UnknownClass => "unknown_class",
            Self::UnknownGroup => "unknown_group",
            Self::Unanswerable => "unanswerable",
            Self::NoExplanation => "no_explanation",
            Self::TooCostly => "too_costly",
        }
    }
}

/// The bound, list or error of a message, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    Error(String),
    Expected(String),
    Ge(f64),
    Le(f64),
    MaxLength(usize),
}

/// A value that the model takes.
#[derive(Debug)]
pub struct Checked {
    pub value: Value,
    /// Issue of an unusual value, if the model takes it all the same.
    pub unusual: Option<Issue>,
}

/// Returns the issue of a value, be it refused or unusual.
pub fn issue_of(checked: &mut Result<Checked, Issue>) -> Option<&mut Issue> {
    match checked {
        Ok(checked) => checked.unusual.as_mut(),
        Err(issue) => Some(issue),
    }
}

/// Checks a JSON value; `given` is none if the value is missing. `unit` is the unit of a number, if
/// it is not the feature's own.
///
/// A value of another type is taken if it has only one possible meaning, but it is unusual. FastAPI
/// takes such values, and pandas and forms send them.
pub fn check_json(
    given: Option<Raw>,
    feature: &Feature,
    unit: Option<&OtherUnit>,
) -> Result<Checked, Issue> {
    let Some(raw) = given else { return check(Value::Missing, feature) };
    let issue = match decode(raw, &feature.kind) {
        Ok(value) => return check_in(value, unit, feature),
        Err(issue) => issue,
    };
    let value = of_other_type(raw.get(), &feature.kind).ok_or(issue)?;
    let mut checked = check_in(value, unit, feature)?;
    checked.unusual = checked.unusual.or_else(|| Some(wrong_kind(&feature.kind)));
    Ok(checked)
}

/// Reads a value of another type: a number in quotes; a boolean as 0 or 1, or in quotes; or a
/// category as a number or a boolean.
fn of_other_type(text: &str, kind: &Kind) -> Option<Value> {
    match kind {
        Kind::Number(_) => quoted_number(text).map(Value::Number),
        Kind::Flag => match text.trim_matches('"') {
            "1" | "1.0" | "true" | "True" => Some(Value::Flag(true)),
            "0" | "0.0" | "false" | "False" => Some(Value::Flag(false)),
            _ => None,
        },
        Kind::Category(names) if !text.starts_with(['"', '[', '{']) => {
            named(text, names).map(|index| Value::Text(names[index].clone()))
        }
        Kind::Category(_) => None,
    }
}

/// Finds the name meant by a JSON number or boolean, and returns its index: by the text as written,
/// or by its value if only one name has it.
pub fn named<N: AsRef<str>>(text: &str, names: &[N]) -> Option<usize> {
    let exact = names.iter().position(|name| name.as_ref() == text);
    if exact.is_some() {
        return exact;
    }
    let number = text.parse::<f64>();
    let same = |name: &N| match &number {
        Ok(number) => name.as_ref().parse() == Ok(*number),
        Err(_) => name.as_ref().eq_ignore_ascii_case(text),
    };
    let index = names.iter().position(same)?;
    (!names[index + 1..].iter().any(same)).then_some(index)
}

/// Reads a number from a string with one JSON number and nothing else.
fn quoted_number(text: &str) -> Option<f64> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    // Serde would pass over white space on both sides.
    let is_bare = inner.ends_with(|last: char| last.is_ascii_digit());
    let is_json = || serde_json::from_str::<&RawValue>(inner).is_ok();
    if is_bare && is_json() { number(inner).ok() } else { None }
}

/// Reads a number of JSON, also in quotes.
pub fn json_number(text: &str) -> Result<f64, Issue> {
    number(text).or_else(|issue| quoted_number(text).ok_or(issue))
}

fn decode(raw: Raw, kind: &Kind) -> Result<Value, Issue> {
    let text = raw.get();
    match kind {
        Kind::Number(_) => number(text).map(Value::Number),
        Kind::Category(_) if text.starts_with('"') => match serde_json::from_str(text) {
            Ok(text) => Ok(Value::Text(text)),
            Err(_) => Err(wrong("string_unicode", "Input should be valid Unicode")),
        },
        Kind::Flag if text == "true" => Ok(Value::Flag(true)),
        Kind::Flag if text == "false" => Ok(Value::Flag(false)),
        Kind::Category(_) | Kind::Flag => Err(wrong_kind(kind)),
    }
}

fn number(text: &str) -> Result<f64, Issue> {
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        let is_number = |byte| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'-' | b'"');
        return Err(match text.contains(',') && text.bytes().all(is_number) {
            true => wrong("float_type", "Input should be a number with a point, not a comma"),
            false => wrong("float_type", "Input should be a valid number"),
        });
    }
    // Rust parses all JSON numbers; a number too large becomes infinite.
    Ok(text.parse().unwrap_or(f64::INFINITY))
}

fn wrong(kind: &'static str, message: &'static str) -> Issue {
    Issue::new(Reason::WrongType, kind, message)
}

/// Checks a value of any type.
///
/// # Errors
///
/// If the model does not take the value.
pub fn check(value: Value, feature: &Feature) -> Result<Checked, Issue> {
    check_in(value, None, feature)
}

fn wrong_kind(kind: &Kind) -> Issue {
    Fault::WrongKind(kind).into()
}

// Inlining it for each type would add code.
/// Checks a value, a number in a unit of the feature's.
#[inline(never)]
fn check_in(value: Value, unit: Option<&OtherUnit>, feature: &Feature) -> Result<Checked, Issue> {
    let checked = check::check(value, unit, feature)?;
    Ok(Checked { value: checked.value, unusual: checked.unusual.map(Issue::from) })
}

/// Tolerance of an answer at a bound, as a proportion of the bound, or of 1 for a smaller bound: sums
/// of many 32-bit floats are not exact.
const LEEWAY: f64 = 1e-4;

/// Returns true if an answer is within its bounds, but for rounding. NaN is within no bounds.
pub fn is_within(number: f64, minimum: f64, maximum: f64) -> bool {
    let leeway = |bound: f64| LEEWAY * bound.abs().max(1.0);
    number >= minimum - leeway(minimum) && number <= maximum + leeway(maximum)
}
