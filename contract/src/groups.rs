//! Subgroups of people, by features with a `group`.

use crate::types::{Feature, Kind, Value};

/// The largest number of subgroups of all features of a model together.
pub const MOST_SUBGROUPS: usize = 20;

/// Names the subgroups of a feature, in order; none if it makes no subgroups.
///
/// A category and a flag have their values' names. A number has `<40`, `40 to <65`, `>=65` for the
/// bounds 40 and 65.
pub fn names(feature: &Feature) -> Option<Vec<String>> {
    let bounds = feature.group.as_ref()?;
    Some(match &feature.kind {
        Kind::Category(names) => names.clone(),
        Kind::Flag => vec!["false".to_owned(), "true".to_owned()],
        Kind::Number(_) => (0..=bounds.len()).map(|index| interval(bounds, index)).collect(),
    })
}

fn interval(bounds: &[f64], index: usize) -> String {
    let lower = index.checked_sub(1).and_then(|index| bounds.get(index));
    match (lower, bounds.get(index)) {
        (None, None) => "all".to_owned(),
        (None, Some(upper)) => format!("<{upper}"),
        (Some(lower), Some(upper)) => format!("{lower} to <{upper}"),
        (Some(lower), None) => format!(">={lower}"),
    }
}

/// Returns the index of a value's subgroup. None if the feature makes no subgroups, and for a missing
/// value or an unknown category.
pub fn place(value: &Value, feature: &Feature) -> Option<usize> {
    let bounds = feature.group.as_ref()?;
    match (value, &feature.kind) {
        (Value::Number(number), Kind::Number(_)) => {
            Some(bounds.partition_point(|bound| bound <= number))
        }
        (Value::Text(text), Kind::Category(names)) => names.iter().position(|name| name == text),
        (Value::Flag(flag), Kind::Flag) => Some(usize::from(*flag)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{MissingPolicy, NumberRange, UnusualPolicy};

    fn feature(kind: Kind, bounds: &[f64]) -> Feature {
        let (missing, unusual) = (MissingPolicy::Handle, UnusualPolicy::Accept);
        Feature { name: "age".into(), kind, missing, unusual, group: Some(bounds.into()) }
    }

    fn number() -> Kind {
        let (minimum, maximum) = (f64::NEG_INFINITY, f64::INFINITY);
        Kind::Number(NumberRange { minimum, maximum, whole: false, missing_values: Vec::new() })
    }

    #[test]
    fn a_bound_is_the_least_number_of_the_subgroup_above_it() {
        let age = feature(number(), &[40.0, 65.5]);
        let names = names(&age).unwrap();
        assert_eq!(names, ["<40", "40 to <65.5", ">=65.5"]);
        for (number, expected) in [(39.9, 0), (40.0, 1), (65.4, 1), (65.5, 2), (1e9, 2)] {
            assert_eq!(place(&Value::Number(number), &age), Some(expected), "{number}");
        }
    }

    #[test]
    fn a_missing_value_and_an_unknown_category_are_in_no_subgroup() {
        let sex = feature(Kind::Category(vec!["female".into(), "male".into()]), &[]);
        assert_eq!(names(&sex).unwrap(), ["female", "male"]);
        assert_eq!(place(&Value::Text("male".into()), &sex), Some(1));
        assert_eq!(place(&Value::Text("other".into()), &sex), None);
        assert_eq!(place(&Value::Missing, &sex), None);
        assert_eq!(place(&Value::Flag(true), &feature(Kind::Flag, &[])), Some(1));
        let plain = Feature { group: None, ..feature(number(), &[]) };
        assert_eq!((names(&plain), place(&Value::Number(1.0), &plain)), (None, None));
    }
}
