//! The reasons why a body gets no predictions, and the answers to them in the form of each API.

use super::Reply;
use super::detail::Detail;
use crate::http::{ErrorForm, HttpError, NO_ROWS, Response, encoding, media_type};
use crate::model::Signature;
use crate::platform::log;
use crate::predict::NoAnswer;
use crate::record::Observed;
use crate::validate::{Issue, Place, Violation, Violations};
use std::borrow::Cow;

/// The reason why a body gets no predictions.
pub enum PredictError<'a> {
    /// An error unrelated to the rows and the model.
    Http(HttpError),
    /// The body cannot be decompressed.
    Encoding(HttpError),
    /// Some rows are invalid, or the model refuses them.
    Invalid(Violations<'a>),
    /// The model breaks its contract.
    Broken(String),
}

/// The message of a 500: the model breaks its contract. The log has the details.
const NO_ANSWER: &str = "The model gave no answer";

/// The largest length of an error's sentence, in bytes. A longer one would send back the client's
/// own input.
const SENTENCE_BYTES: usize = 2000;

impl<'a> PredictError<'a> {
    /// Refuses a body with a Content-Type of no rows.
    pub fn no_rows() -> Self {
        Self::Http(HttpError::new(415, NO_ROWS))
    }

    /// Refuses a body with another Content-Type than JSON.
    pub fn not_json() -> Self {
        Self::Http(HttpError::new(415, media_type::NOT_JSON))
    }

    /// Refuses a malformed body, with a sentence about the reason.
    pub fn malformed(message: String) -> Self {
        let violation = Violation::new(Issue::malformed(message), Place::BODY, None);
        Self::Invalid(violation.into())
    }

    /// Refuses rows because of the model's answer to them.
    pub fn of_no_answer(
        no_answer: NoAnswer,
        place: impl Fn(usize) -> Place,
        signature: &'a Signature,
    ) -> Self {
        match no_answer {
            NoAnswer::Refused(rows) => {
                Self::Invalid(Violations::of_refusals(&rows, place, signature))
            }
            NoAnswer::Broken(how) => Self::Broken(how),
        }
    }

    /// Makes the reply, and adds the violations to the facts `observed` before.
    pub fn reply(self, mut observed: Observed, form: ErrorForm) -> Reply {
        if let Self::Invalid(violations) = &self {
            observed.violations.merge(&violations.counts);
        }
        Reply { response: self.response(form), observed, may_be_logged: true }
    }

    fn response(&self, form: ErrorForm) -> Response {
        match self {
            Self::Http(error) => form.response(error.status, &cut(&error.message)),
            Self::Encoding(error) => {
                error.response(form).with_header("accept-encoding", encoding::ACCEPTED)
            }
            Self::Invalid(violations) => match form {
                ErrorForm::Detail => Response::json(422, &Detail::new(violations)),
                ErrorForm::Error => form.response(400, &cut(&violations.sentence())),
            },
            Self::Broken(how) => {
                log::warn(how);
                form.response(500, NO_ANSWER)
            }
        }
    }
}

/// Cuts a message to [`SENTENCE_BYTES`].
fn cut(message: &str) -> Cow<'_, str> {
    match message.floor_char_boundary(SENTENCE_BYTES) {
        end if end < message.len() => format!("{}…", &message[..end]).into(),
        _ => message.into(),
    }
}
