//! Cells of CSV, as `read_csv` of pandas reads them.

use crate::types::{Kind, Value};

/// The separators of CSV, by their bytes. The first is usual.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// The strings for a missing value in `read_csv` of pandas.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Finds the most frequent separator of a header, outside of quotes.
pub fn separator(header: &[u8]) -> u8 {
    let (mut counts, mut is_quoted) = ([0_u32; SEPARATORS.len()], false);
    for byte in header {
        is_quoted ^= *byte == b'"';
        for (separator, count) in SEPARATORS.iter().zip(&mut counts) {
            *count += u32::from(separator == byte && !is_quoted);
        }
    }
    let mut best = 0;
    for place in 1..counts.len() {
        if counts[place] > counts[best] {
            best = place;
        }
    }
    SEPARATORS[best]
}

/// Returns true if a text without blanks around it stands for a missing value.
pub fn is_missing(text: &str) -> bool {
    MISSING.contains(&text)
}

/// Parses a boolean as Python or JSON writes it.
pub fn flag(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Reads a cell as a value of a kind; none if it is not of the kind. A number may be infinite, and a
/// category unknown.
pub fn value(text: &str, kind: &Kind) -> Option<Value> {
    let trimmed = text.trim();
    if let Kind::Category(names) = kind {
        return Some(category(text, trimmed, names));
    }
    if is_missing(trimmed) {
        return Some(Value::Missing);
    }
    let (number, flag) = (trimmed.parse::<f64>().ok(), flag(trimmed));
    match (kind, number) {
        (Kind::Flag, Some(1.0)) => Some(Value::Flag(true)),
        (Kind::Flag, Some(0.0)) => Some(Value::Flag(false)),
        (Kind::Flag, _) => flag.map(Value::Flag),
        (_, number) => number.or(flag.map(|flag| f64::from(u8::from(flag)))).map(Value::Number),
    }
}

/// Reads a category. Its name goes before a string for a missing value, since "NA" may be a name, and
/// the exact text before the trimmed one, since " Private" may be a name.
fn category(text: &str, trimmed: &str, names: &[String]) -> Value {
    let named = |text: &str| names.iter().find(|name| *name == text);
    match named(text).or_else(|| named(trimmed)) {
        Some(name) => Value::Text(name.clone()),
        None if is_missing(trimmed) => Value::Missing,
        None => Value::Text(by_value(trimmed, names).unwrap_or(trimmed).to_owned()),
    }
}

/// Finds the only category with the value of a number or a boolean.
fn by_value<'n>(text: &str, names: &'n [String]) -> Option<&'n str> {
    let (number, flag) = (text.parse::<f64>().ok(), flag(text));
    let same = |name: &&String| {
        number.is_some() && name.parse().ok() == number
            || flag.is_some() && self::flag(name) == flag
    };
    let mut found = names.iter().filter(same);
    found.next().filter(|_| found.next().is_none()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::NumberRange;

    #[test]
    fn a_cell_is_read_by_the_kind_of_its_feature() {
        let (minimum, maximum) = (0.0, 1.0);
        let range = NumberRange { minimum, maximum, whole: false, missing_values: Vec::new() };
        let (number, flag) = (Kind::Number(range), Kind::Flag);
        let names = ["1", "NA", " Private", "True"].map(str::to_owned);
        let category = Kind::Category(names.into());
        let text = |text: &str| Some(Value::Text(text.into()));
        for (cell, kind, expected) in [
            (" 1.50 ", &number, Some(Value::Number(1.5))),
            ("True", &number, Some(Value::Number(1.0))),
            ("n/a", &number, Some(Value::Missing)),
            ("1,5", &number, None),
            ("FALSE", &flag, Some(Value::Flag(false))),
            ("1.0", &flag, Some(Value::Flag(true))),
            ("", &flag, Some(Value::Missing)),
            ("yes", &flag, None),
            ("1.0", &category, text("1")),
            ("true", &category, text("True")),
            ("NA", &category, text("NA")),
            (" Private", &category, text(" Private")),
            (" Public ", &category, text("Public")),
            ("None", &category, Some(Value::Missing)),
        ] {
            assert_eq!(value(cell, kind), expected, "{cell:?} for {kind:?}");
        }
    }

    #[test]
    fn a_separator_in_quotes_does_not_count() {
        assert_eq!(separator(b"\"a,b,c\";d;e"), b';');
        assert_eq!((separator(b"a\tb"), separator(b"a"), separator(b"a|b")), (b'\t', b',', b'|'));
    }
}
