//! The forms of rows in bodies and answers, by their media types.

use super::JSON;
use super::media_type::{essence, may_be_json, quality};

/// The form of rows in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowForm {
    /// One document of JSON.
    Json,
    /// A header, and a line for each row.
    Csv,
    /// A line of JSON for each row.
    Lines,
}

/// The names of the forms. The first of each is in answers.
const NAMES: [(&str, RowForm); 6] = [
    (JSON, RowForm::Json),
    ("text/csv", RowForm::Csv),
    ("application/x-ndjson", RowForm::Lines),
    ("application/ndjson", RowForm::Lines),
    ("application/jsonl", RowForm::Lines),
    ("application/x-jsonlines", RowForm::Lines),
];

/// Message to a client whose rows have another type.
pub const NO_ROWS: &str = "The body should be JSON, CSV or lines of JSON: send content-type: \
                           application/json, text/csv or application/x-ndjson";

impl RowForm {
    /// Returns the form of a body by its Content-Type header; none for any other.
    pub fn of(content_type: Option<&str>) -> Option<Self> {
        let Some(content_type) = content_type.filter(|name| !may_be_json(Some(name))) else {
            return Some(Self::Json);
        };
        let name = essence(content_type);
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// Returns the form of an answer: the one that an Accept header prefers, or else the form of the
    /// body.
    pub fn accepted(self, accept: Option<&str>) -> Self {
        let Some(accept) = accept else { return self };
        let mut best = (self, 0.0);
        for is_own in [true, false] {
            for (name, form) in NAMES.into_iter().filter(|(_, form)| (*form == self) == is_own) {
                let quality = quality(accept, name).unwrap_or(0.0);
                if quality > best.1 {
                    best = (form, quality);
                }
            }
        }
        best.0
    }

    /// Returns the media type of an answer.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Lines => "application/x-ndjson",
            Self::Json => JSON,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RowForm::{self, Csv, Json, Lines};

    #[test]
    fn a_content_type_names_a_form() {
        for (content_type, form) in [
            ("application/json", Some(Json)),
            ("Text/CSV; charset=utf-8; header=present", Some(Csv)),
            ("application/jsonl", Some(Lines)),
            ("application/x-jsonlines", Some(Lines)),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(RowForm::of(Some(content_type)), form, "{content_type}");
        }
        assert_eq!(RowForm::of(None), Some(Json));
    }

    #[test]
    fn an_answer_has_the_form_of_the_body_unless_another_is_preferred() {
        for (accept, form) in [
            ("*/*", Csv),
            ("text/html, application/xml;q=0.9, */*;q=0.8", Csv),
            ("image/png", Csv),
            ("application/json", Json),
            ("application/json, text/csv", Csv),
            ("application/json;q=0.9, text/csv;q=0.8", Json),
            ("text/csv;q=0, application/*;q=0.5", Json),
            ("application/jsonl;q=0.3, text/*;q=0.2", Lines),
        ] {
            assert_eq!(Csv.accepted(Some(accept)), form, "{accept}");
        }
        assert_eq!(Json.accepted(Some("text/csv")), Csv);
        assert_eq!(Lines.accepted(None), Lines);
    }
}
