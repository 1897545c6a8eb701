//! What is wrong with a value, in the words that FastAPI's users know.

use crate::edge::model::{Refusal, RefusalReason};
use serde::Serialize;
use std::borrow::Cow;

/// What is wrong with a value, wherever it came from.
#[derive(Debug)]
pub struct Violation {
    pub reason: Reason,
    pub kind: &'static str,
    pub message: Cow<'static, str>,
    pub context: Option<Context>,
}

impl Violation {
    pub fn new(reason: Reason, kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, kind, message: message.into(), context: None }
    }

    pub fn missing() -> Self {
        Self::new(Reason::Missing, "missing", "Field required")
    }

    pub fn with_context(self, context: Context) -> Self {
        Self { context: Some(context), ..self }
    }

    /// The model itself refused the row.
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

/// What the message speaks of, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    Error(String),
    Expected(String),
    Ge(f64),
    Le(f64),
    MaxLength(usize),
}
