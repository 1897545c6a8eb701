//! Violations in FastAPI's form: `{"detail": […]}`.

use crate::validate::{Context, Place, Raw, Violation, Violations};
use serde::Serialize;
use serde_json::value::RawValue;
use std::num::NonZero;

/// The body of a 422.
#[derive(Serialize)]
pub struct Detail<'a> {
    detail: Vec<Entry<'a>>,
    /// The number of violations left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<NonZero<usize>>,
}

impl<'a> Detail<'a> {
    /// Makes the body for these violations.
    pub fn new(violations: &'a Violations) -> Self {
        let detail = violations.kept.iter().map(Entry::new).collect();
        Self { detail, more: violations.not_kept() }
    }
}

/// One entry of `detail`, and of a prediction's `warnings`.
#[derive(Serialize)]
pub struct Entry<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The path into the body, beginning with `body`.
    loc: Vec<Step<'a>>,
    msg: &'a str,
    input: Shown<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<&'a Context>,
}

impl<'a> Entry<'a> {
    /// Makes the entry of a violation.
    pub fn new(violation: &'a Violation) -> Self {
        let Violation { issue, place, feature, input } = violation;
        let mut loc = path(*place);
        loc.extend(feature.map(Step::Key));
        Self {
            kind: issue.kind,
            loc,
            msg: &issue.message,
            input: input.map_or(Shown::Nothing, Shown::of),
            ctx: issue.context.as_ref(),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Step<'a> {
    Key(&'a str),
    Position(usize),
}

fn path<'a>(place: Place) -> Vec<Step<'a>> {
    let (keys, position) = match place {
        Place::Offset(offset) => (&[][..], Some(offset)),
        Place::Part(keys) => (keys, None),
        Place::Row(keys, row) => (keys, Some(row)),
    };
    let keys = ["body"].iter().chain(keys).map(|key| Step::Key(key));
    keys.chain(position.map(Step::Position)).collect()
}

/// The client's input, as part of the answer.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Raw(&'a RawValue),
    /// The JSON as a string.
    Text(&'a str),
    /// A replacement for long input, so an answer stays smaller than its request.
    TooLong(String),
    Nothing,
}

/// The largest length of input in an answer, in bytes.
const SHOWN_INPUT_BYTES: usize = 1024;

impl<'a> Shown<'a> {
    fn of(raw: Raw<'a>) -> Self {
        let text = raw.get();
        if text.len() > SHOWN_INPUT_BYTES {
            Self::TooLong(format!("<{} bytes>", text.len()))
        } else if is_plain(text) {
            serde_json::from_str(text).map_or(Self::Text(text), Self::Raw)
        } else {
            Self::Text(text)
        }
    }
}

/// Returns true if every client can read this JSON. Many parsers refuse some valid JSON: deep
/// nesting, numbers beyond all floats, half of a surrogate pair.
fn is_plain(json: &str) -> bool {
    let depth = json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let longest_number = json.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    let has_exponent = json
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E'));
    depth <= 32 && longest_number <= Some(300) && !has_exponent && !json.contains("\\u")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::RowForm;
    use crate::model::{Feature, Kind, MissingPolicy, Signature, UnusualPolicy};
    use crate::validate::rows;
    use proptest::prelude::*;
    use serde_json::json;

    fn signature() -> Signature {
        let smoking = Kind::Category(vec!["never".into(), "former".into(), "daily".into()]);
        let (missing, unusual) = (MissingPolicy::Handle, UnusualPolicy::Refuse);
        let features = [("smoking", smoking), ("diabetic", Kind::Flag)];
        Signature {
            name: "test".into(),
            version: "1".into(),
            features: features
                .map(|(name, kind)| Feature {
                    name: name.into(),
                    kind,
                    missing,
                    unusual,
                    group: None,
                })
                .into(),
        }
    }

    /// Returns the body of the 422 to a body; none if the body is valid.
    fn detail(body: &str) -> Option<String> {
        let signature = signature();
        let violations =
            rows::read(body.as_bytes(), RowForm::Json, &signature, Vec::new, None).err()?;
        Some(serde_json::to_string(&Detail::new(&violations)).unwrap())
    }

    #[test]
    fn an_unknown_category_is_shown_beside_the_known_ones() {
        let expected = json!({ "detail": [{
            "type": "literal_error",
            "loc": ["body", "patient_data", "smoking"],
            "msg": "Input should be 'never', 'former' or 'daily'",
            "input": "weekly",
            "ctx": { "expected": "'never', 'former' or 'daily'" },
        }] });
        let detail = detail(r#"{"patient_data":{"smoking":"weekly"}}"#).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&detail).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn input_is_sent_back_as_json(value in r#"("([^"\\\x00-\x1f]|\\u[0-9a-f]{4}|\\n)*"|-?[1-9][0-9]{0,400}(e[0-9]{1,4})?|\[{1,200})"#) {
            let close = "]".repeat(value.bytes().filter(|b| *b == b'[').count());
            let body = format!(r#"{{"patient_data":{{"diabetic":{value}{close}}}}}"#);
            if let Some(text) = detail(&body) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            }
        }
    }
}
