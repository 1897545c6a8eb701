//! Numbers in other units: `{"value": 5.2, "unit": "mmol/L"}`, and the remark about a number that was
//! probably meant in another unit.

use super::check::{Checked, Issue, Reason, check_json, issue_of};
use super::raw::Raw;
use crate::model::check::{in_own_unit, list};
use crate::model::{Feature, FeatureNotes, Kind, OtherUnit};
use std::cell::OnceCell;

/// The units of the features. The usual request has bare numbers, and does not ask for them.
pub struct Units {
    ask: fn() -> Vec<FeatureNotes>,
    notes: OnceCell<Vec<FeatureNotes>>,
}

impl Units {
    /// Makes the units of a model; `ask` asks it for them.
    pub fn new(ask: fn() -> Vec<FeatureNotes>) -> Self {
        Self { ask, notes: OnceCell::new() }
    }

    /// Returns the unit and the other units of a feature, by its index.
    fn of(&self, feature: usize) -> (&str, &[OtherUnit]) {
        let notes = self.notes.get_or_init(self.ask);
        notes.get(feature).map_or(("", &[]), |notes| (&notes.unit, &notes.other_units))
    }

    /// Checks the object of a number and its unit, for the feature with this index.
    ///
    /// # Errors
    ///
    /// If it is no such object, or the feature has no such unit, or does not take the number.
    pub fn check(&self, index: usize, raw: Raw, feature: &Feature) -> Result<Checked, Issue> {
        let (own, others) = self.of(index);
        if own.is_empty() {
            return check_json(Some(raw), feature, None);
        }
        let (value, unit) = parts(raw).ok_or_else(|| {
            let message = "Input should be a number, or an object with 'value' and 'unit'";
            Issue::new(Reason::WrongType, "float_type", message)
        })?;
        let value = Some(value).filter(|value| value.get() != "null");
        if unit == own {
            return check_json(value, feature, None);
        }
        let other = others.iter().find(|other| other.code == unit);
        let other = other.ok_or_else(|| {
            let codes = [own].into_iter().chain(others.iter().map(|other| other.code.as_str()));
            let codes: Vec<String> = codes.map(|code| format!("'{code}'")).collect();
            let message = format!("The unit should be {}", list(&codes, "or"));
            Issue::new(Reason::UnknownUnit, "unit_unknown", message)
        })?;
        let mut checked = check_json(value, feature, Some(other));
        if let Some(issue) = issue_of(&mut checked).filter(|issue| issue.outside.is_some()) {
            issue.message = format!("{} {own}", issue.message).into();
        }
        checked
    }

    /// Adds a remark to the issue of a bare number outside its range, if the number would be inside
    /// in another unit of the feature with this index.
    pub fn add_remark(&self, index: usize, feature: &Feature, issue: &mut Issue) {
        let (Some(number), Kind::Number(range)) = (issue.outside, &feature.kind) else {
            return;
        };
        let inside = range.minimum..=range.maximum;
        let (own, others) = self.of(index);
        let other = others.iter().find(|other| inside.contains(&in_own_unit(number, other)));
        if let Some(OtherUnit { code, .. }) = other {
            let message = format!(
                "{} {own}. It would be inside in {code}: such a number goes into \
                 {{\"value\": …, \"unit\": \"{code}\"}}",
                issue.message
            );
            issue.message = message.into();
        }
    }
}

/// Returns true if a value may be a number with its unit.
pub fn may_have_unit(raw: Raw, feature: &Feature) -> bool {
    raw.get().starts_with('{') && matches!(feature.kind, Kind::Number(_))
}

/// Returns the value and the unit of an object with nothing else.
fn parts(raw: Raw) -> Option<(Raw, String)> {
    let object = raw.object()?;
    let is_known = |(key, _): (&str, Raw)| matches!(key, "value" | "unit");
    let unit = serde_json::from_str(object.get("unit")?.get()).ok()?;
    object.members().all(is_known).then_some((object.get("value")?, unit))
}
