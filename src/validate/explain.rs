//! The option `explain` of a request, and the limits of explanations.

use super::check::{Context, Issue, Reason};
use super::raw::Raw;
use super::violations::{Place, Violation};
use crate::model::{Description, OutputKind, OutputNotes};
use crate::platform::settings;

/// The key of the option.
pub const KEY: &str = "explain";

const PLACE: Place = Place::Part(&[KEY]);
const TOP: Place = Place::Part(&[KEY, "top"]);
const CLASSES: Place = Place::Part(&[KEY, "classes"]);

/// Maximum number of contributions to all rows of a request. It bounds the memory for an answer.
pub const MOST_CONTRIBUTIONS: usize = 100_000;

/// A request's choice of explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explain {
    /// The number of contributions to show; none for all.
    pub top: Option<usize>,
    /// True for all classes of an output, false for the answered class.
    pub all_classes: bool,
    /// The location of the option, or the body for a route with explanations by default.
    place: Place,
}

impl Explain {
    /// The choice of a route with explanations by default.
    pub const DEFAULT: Self = Self::at(Place::BODY);

    const fn at(place: Place) -> Self {
        Self { top: None, all_classes: false, place }
    }

    /// Reads the value of the option; none for false.
    ///
    /// # Errors
    ///
    /// If the value is not valid, with the key at fault.
    pub fn read(raw: Raw<'_>) -> Result<Option<Self>, Violation<'_>> {
        match raw.get() {
            "true" => return Ok(Some(Self::at(PLACE))),
            "false" => return Ok(None),
            _ => {}
        }
        let object = raw.object().ok_or_else(|| not_an_option(raw))?;
        let mut explain = Self::at(PLACE);
        for (key, value) in object.members() {
            match key {
                "top" => explain.top = Some(top(value)?),
                "classes" => explain.all_classes = all_classes(value)?,
                _ => return Err(not_an_option(raw)),
            }
        }
        Ok(Some(explain))
    }

    // Inlining it for each protocol would add code.
    /// Checks that the model has explanations, and that those of so many rows are within the
    /// limits.
    ///
    /// # Errors
    ///
    /// If they are not, with the limit.
    #[inline(never)]
    pub fn check<'a>(
        self,
        description: &Description,
        features: usize,
        rows: usize,
    ) -> Result<(), Violation<'a>> {
        let refuse = |issue| Err(Violation::new(issue, self.place, None));
        // The model explains its answers.
        let Some(notes) = &description.explanation else {
            let message = "This model has no explanations";
            return refuse(Issue::new(Reason::NoExplanation, "no_explanation", message));
        };
        // The work is within its limit.
        let cost = (rows as u64).saturating_mul(notes.cost.into());
        if let Err(limit) = settings::check_explanation_cost(cost) {
            let message = format!(
                "The explanations cost {cost}, and the limit is {limit}: send fewer rows, or \
                 raise max_explanation_cost"
            );
            let issue = Issue::new(Reason::TooCostly, "too_costly", message);
            return refuse(issue.with_context(Context::Le(limit as f64)));
        }
        // The answer fits into the memory.
        let contributions =
            rows * features * description.outputs.iter().map(targets).sum::<usize>();
        if contributions > MOST_CONTRIBUTIONS {
            let message = format!(
                "The explanations have {contributions} contributions, and the limit is \
                 {MOST_CONTRIBUTIONS}: send fewer rows"
            );
            let issue = Issue::new(Reason::TooCostly, "too_long", message);
            return refuse(issue.with_context(Context::MaxLength(MOST_CONTRIBUTIONS)));
        }
        Ok(())
    }
}

/// Returns the number of attributions to an output.
fn targets(output: &OutputNotes) -> usize {
    match &output.kind {
        OutputKind::Classes(labels) if labels.len() > 2 => labels.len(),
        OutputKind::Classes(_) | OutputKind::Quantity(_) => 1,
    }
}

fn top(raw: Raw<'_>) -> Result<usize, Violation<'_>> {
    let text = raw.get();
    let number = if text.starts_with(|first: char| first.is_ascii_digit()) {
        text.parse().unwrap_or(0.0)
    } else {
        0.0
    };
    if number < 1.0 || number % 1.0 != 0.0 {
        let message = "Input should be a whole number greater than or equal to 1".to_owned();
        let issue = Issue::malformed(message).with_context(Context::Ge(1.0));
        return Err(Violation::new(issue, TOP, Some(raw)));
    }
    Ok(number as usize)
}

fn all_classes(raw: Raw<'_>) -> Result<bool, Violation<'_>> {
    match raw.get() {
        "\"all\"" => Ok(true),
        "\"answered\"" => Ok(false),
        _ => {
            let issue = Issue::malformed("Input should be 'answered' or 'all'".to_owned());
            Err(Violation::new(issue, CLASSES, Some(raw)))
        }
    }
}

fn not_an_option(raw: Raw<'_>) -> Violation<'_> {
    let message = "Input should be true, false, or an object with the keys 'top' and 'classes'";
    Violation::new(Issue::malformed(message.to_owned()), PLACE, Some(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the option of a body, or the location and the message of its violation.
    fn read(text: &str) -> Result<Option<Explain>, (Place, String)> {
        Explain::read(crate::validate::json::parse(text.as_bytes()).ok().unwrap())
            .map_err(|v| (v.place, v.issue.message.into_owned()))
    }

    #[test]
    fn an_option_is_a_boolean_or_an_object() {
        let all = Explain { top: None, all_classes: false, place: PLACE };
        for (text, expected) in [
            ("true", Some(all)),
            ("false", None),
            ("{}", Some(all)),
            (r#"{"top":5}"#, Some(Explain { top: Some(5), ..all })),
            (r#"{"top":2.0,"classes":"answered"}"#, Some(Explain { top: Some(2), ..all })),
            (r#"{"top":1e300}"#, Some(Explain { top: Some(usize::MAX), ..all })),
            (r#"{"classes":"all"}"#, Some(Explain { all_classes: true, ..all })),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_invalid_option_is_refused_with_its_key() {
        for text in ["1", "\"true\"", "[true]", r#"{"tops":1}"#] {
            let (place, message) = read(text).unwrap_err();
            assert_eq!(place, PLACE, "{text}");
            assert!(message.contains("'top' and 'classes'"), "{message}");
        }
        for top in ["0", "-1", "1.5", "null", "\"1\"", "1e999", "true", "[1]"] {
            let (place, message) = read(&format!(r#"{{"top":{top}}}"#)).unwrap_err();
            assert_eq!(place, TOP, "{top}");
            assert!(message.contains("whole number"), "{message}");
        }
        for classes in ["true", "\"High Risk\"", "[\"all\"]", "null"] {
            let (place, message) = read(&format!(r#"{{"classes":{classes}}}"#)).unwrap_err();
            assert_eq!((place, message.contains("'answered' or 'all'")), (CLASSES, true));
        }
    }
}
