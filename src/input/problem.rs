//! What is wrong with a body, as FastAPI words it.

use super::violation::{Context, Reason, Violation};
use crate::edge::model::{Feature, Refusal, Signature};
use crate::metrics::{Invalid, NO_FEATURE};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Where in a body something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Body,
    PatientData,
    Instances,
    /// A row of the batch, from 0.
    Instance(usize),
}

impl Place {
    fn path<'a>(self) -> Vec<Step<'a>> {
        let body = Step::Key("body");
        match self {
            Self::Body => vec![body],
            Self::PatientData => vec![body, Step::Key(super::PATIENT_DATA)],
            Self::Instances => vec![body, Step::Key(super::INSTANCES)],
            Self::Instance(row) => vec![body, Step::Key(super::INSTANCES), Step::Position(row)],
        }
    }

    /// Which row that is; the first where there is only one.
    pub fn row(self) -> usize {
        match self {
            Self::Instance(row) => row,
            Self::Body | Self::PatientData | Self::Instances => 0,
        }
    }
}

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
    /// The feature's name, which is the model's and never the client's.
    #[serde(skip)]
    pub feature: Option<&'a str>,
    #[serde(skip)]
    pub reason: Reason,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Key(&'a str),
    Position(usize),
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

impl<'a> Problem<'a> {
    fn new(violation: Violation, place: Place, input: Input<'a>) -> Self {
        let Violation { reason, kind, message, context } = violation;
        let loc = place.path();
        Self { kind, loc, msg: message, input, ctx: context, feature: None, reason }
    }

    /// A problem with the value that a feature was given, or was not.
    pub fn of(
        feature: &'a Feature,
        place: Place,
        input: &'a RawValue,
        violation: Violation,
    ) -> Self {
        Self::new(violation, place, Input::of(input)).with_feature(&feature.name)
    }

    fn with_feature(mut self, feature: &'a str) -> Self {
        self.loc.push(Step::Key(feature));
        Self { feature: Some(feature), ..self }
    }

    /// `place` is missing from `object`.
    pub fn missing(place: Place, object: &'a RawValue) -> Self {
        Self::new(Violation::missing(), place, Input::of(object))
    }

    pub fn missing_body() -> Self {
        Self::new(Violation::missing(), Place::Body, Input::Nothing)
    }

    pub fn not_an_object(place: Place, raw: &'a RawValue) -> Self {
        let violation = Violation::new(Reason::WrongType, "dict_type", "Input should be an object");
        Self::new(violation, place, Input::of(raw))
    }

    pub fn not_a_list(place: Place, raw: &'a RawValue) -> Self {
        let violation = Violation::new(Reason::WrongType, "list_type", "Input should be a list");
        Self::new(violation, place, Input::of(raw))
    }

    pub fn too_long(list: &'a RawValue, limit: usize, length: usize) -> Self {
        let message = format!("List should have at most {limit} items, not {length}");
        let violation = Violation::new(Reason::Malformed, "too_long", message);
        let violation = violation.with_context(Context::MaxLength(limit));
        Self::new(violation, Place::Instances, Input::of(list))
    }

    /// Not JSON, from that many bytes into the body.
    pub fn malformed(offset: usize, error: String) -> Self {
        let violation = Violation::new(Reason::Malformed, "json_invalid", "JSON decode error")
            .with_context(Context::Error(error));
        let mut problem = Self::new(violation, Place::Body, Input::Nothing);
        problem.loc.push(Step::Position(offset));
        problem
    }

    /// The model itself refused the row.
    pub fn refused(refusal: &Refusal, place: Place, signature: &'a Signature) -> Self {
        let problem = Self::new(Violation::refused(refusal), place, Input::Nothing);
        let feature = refusal.feature.and_then(|index| signature.features.get(index as usize));
        match feature {
            Some(feature) => problem.with_feature(&feature.name),
            None => problem,
        }
    }
}

/// All that is wrong with a body.
#[derive(Debug, Default)]
pub struct Problems<'a> {
    shown: Vec<Problem<'a>>,
    all: u64,
    pub invalid: Invalid,
    pub unknown_features: u64,
}

impl<'a> Problems<'a> {
    pub fn push(&mut self, problem: Problem<'a>) {
        let (feature, reason) = (problem.feature.unwrap_or(NO_FEATURE), problem.reason);
        self.add(feature, reason, || problem);
    }

    /// Counts a problem, which is made only if it is shown.
    pub fn add(&mut self, feature: &str, reason: Reason, problem: impl FnOnce() -> Problem<'a>) {
        self.all += 1;
        self.invalid.add(feature, reason.as_str(), 1);
        if self.shown.len() < super::SHOWN_PROBLEMS {
            self.shown.push(problem());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all == 0
    }
}

impl<'a> From<Problem<'a>> for Problems<'a> {
    fn from(problem: Problem<'a>) -> Self {
        let mut problems = Self::default();
        problems.push(problem);
        problems
    }
}

/// `{"detail": […]}`, as FastAPI words it.
impl Serialize for Problems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("detail", &self.shown)?;
        let hidden = self.all - self.shown.len() as u64;
        if hidden > 0 {
            body.serialize_entry("more", &hidden)?;
        }
        body.end()
    }
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
