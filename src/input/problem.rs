//! What is wrong with a body, in the words that FastAPI's users know.

use crate::edge::model::{Feature, Refusal, RefusalReason, Signature};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One entry of `detail`.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The path into the body, which begins with `body`.
    loc: Vec<Step<'a>>,
    msg: Cow<'static, str>,
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Context>,
    #[serde(skip)]
    reason: Reason,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Key(&'a str),
    Position(usize),
}

/// What the message speaks of, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    Error(String),
    Expected(String),
    Ge(f64),
    Le(f64),
}

/// What the client sent, shown back to it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Raw(&'a RawValue),
    /// The JSON as a string.
    Text(&'a str),
    /// Instead of what would make the answer as large as the request, or larger.
    TooLong(String),
    Nothing,
}

/// Input longer than this, in bytes, is not shown back.
const SHOWN_INPUT_BYTES: usize = 1024;

/// The `reason` label of `model_invalid_inputs_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Malformed,
    Missing,
    WrongType,
    OutOfRange,
    UnknownCategory,
    Unanswerable,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::UnknownCategory => "unknown_category",
            Self::Unanswerable => "unanswerable",
        }
    }
}

/// The `feature` label of a problem that is not one feature's.
const NO_FEATURE: &str = "none";

impl<'a> Problem<'a> {
    fn new(
        reason: Reason,
        kind: &'static str,
        loc: &[&'a str],
        msg: impl Into<Cow<'static, str>>,
        input: Input<'a>,
    ) -> Self {
        let loc = loc.iter().copied().map(Step::Key).collect();
        Self { kind, loc, msg: msg.into(), input, ctx: None, reason }
    }

    /// A problem with the value that a feature was given.
    pub fn of(
        feature: &'a Feature,
        raw: &'a RawValue,
        reason: Reason,
        kind: &'static str,
        msg: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(reason, kind, &path(&feature.name), msg, Input::of(raw))
    }

    pub fn missing_feature(feature: &'a Feature, object: &'a RawValue) -> Self {
        Self::missing(&path(&feature.name), object)
    }

    /// The last step of the path is missing from `object`.
    pub fn missing(loc: &[&'a str], object: &'a RawValue) -> Self {
        Self::new(Reason::Missing, "missing", loc, "Field required", Input::of(object))
    }

    pub fn missing_body() -> Self {
        Self::new(Reason::Missing, "missing", &["body"], "Field required", Input::Nothing)
    }

    pub fn not_an_object(loc: &[&'a str], raw: &'a RawValue) -> Self {
        let msg = "Input should be an object";
        Self::new(Reason::WrongType, "dict_type", loc, msg, Input::of(raw))
    }

    /// Not JSON, from that many bytes into the body.
    pub fn malformed(offset: usize, error: &serde_json::Error) -> Self {
        let msg = "JSON decode error";
        let mut problem =
            Self::new(Reason::Malformed, "json_invalid", &["body"], msg, Input::Nothing);
        problem.loc.push(Step::Position(offset));
        problem.with_context(Context::Error(error.to_string()))
    }

    /// The model itself refused the row.
    pub fn refused(refusal: &Refusal, signature: &'a Signature) -> Self {
        let (reason, kind) = match refusal.reason {
            RefusalReason::Missing => (Reason::Missing, "missing"),
            RefusalReason::WrongType => (Reason::WrongType, "value_error"),
            RefusalReason::OutOfRange => (Reason::OutOfRange, "value_error"),
            RefusalReason::UnknownCategory => (Reason::UnknownCategory, "value_error"),
            RefusalReason::Unanswerable => (Reason::Unanswerable, "value_error"),
        };
        let feature = refusal.feature.and_then(|index| signature.features.get(index as usize));
        let msg = refusal.message.clone();
        match feature {
            Some(feature) => Self::new(reason, kind, &path(&feature.name), msg, Input::Nothing),
            None => Self::new(reason, kind, &["body", super::PATIENT_DATA], msg, Input::Nothing),
        }
    }

    pub fn with_context(self, context: Context) -> Self {
        Self { ctx: Some(context), ..self }
    }

    /// The labels `feature` and `reason`. A feature's name is the model's, never the client's.
    pub fn observed(&self) -> (String, &'static str) {
        let feature = match &self.loc[..] {
            [_, _, Step::Key(feature)] => feature,
            _ => NO_FEATURE,
        };
        (feature.to_owned(), self.reason.as_str())
    }
}

fn path(feature: &str) -> [&str; 3] {
    ["body", super::PATIENT_DATA, feature]
}

impl<'a> Input<'a> {
    fn of(raw: &'a RawValue) -> Self {
        let text = raw.get();
        if text.len() > SHOWN_INPUT_BYTES {
            Self::TooLong(format!("<{} bytes>", text.len()))
        } else if is_plain(text) {
            Self::Raw(raw)
        } else {
            Self::Text(text)
        }
    }
}

/// Whether every client can read this JSON. It may be valid, and still have what many parsers
/// refuse: deep nesting, numbers beyond all floats, half of a surrogate pair.
fn is_plain(json: &str) -> bool {
    let depth = json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let longest_number = json.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    let has_exponent = json
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E'));
    depth <= 32 && longest_number <= Some(300) && !has_exponent && !json.contains("\\u")
}
