//! Reads the cells of a table as values, by the type of their feature.

use crate::card;
use crate::ir::model::{Feature, Values};
use predictor_contract::cells;
pub use predictor_contract::cells::flag;
use std::collections::HashMap;

/// The string for a missing value in the data sets of UCI.
const QUESTION_MARK: &str = "?";

/// The value of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'c> {
    /// No value: an empty cell, a word such as `NA`, or one of the feature's numbers for it.
    Missing,
    /// A finite number.
    Number(f64),
    /// A boolean, of a boolean feature or in a column of numbers.
    Flag(bool),
    /// The index of a known category.
    Category(usize),
    /// An unknown category.
    OtherCategory,
    /// A string, for a feature without known categories.
    Text(&'c str),
}

/// The way to read a feature's cells.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Numbers. The numbers in `missing` stand for a missing value. Booleans are allowed too:
    /// training reads them as numbers.
    Number {
        /// Numbers for a missing value, such as -999.
        missing: Vec<f64>,
    },
    /// Booleans, in any usual format.
    Flag,
    /// Categories, by their names, values or codes.
    Categories(Categories),
    /// Strings. Any string may be a category.
    Text,
}

/// The known categories of a feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Categories {
    /// The indices, by the names in requests and in the model's file.
    by_name: HashMap<String, usize>,
    /// The number of each category, if the model was trained on numbers.
    codes: Vec<f64>,
    count: usize,
}

impl Categories {
    /// Returns the number of categories.
    pub fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, index: usize, name: &str) {
        self.by_name.entry(name.to_owned()).or_insert(index);
    }

    fn named(names: &[String]) -> Self {
        let mut categories = Self { count: names.len(), ..Self::default() };
        names.iter().enumerate().for_each(|(index, name)| categories.add(index, name));
        categories
    }

    /// Reads a cell. Names come before strings for a missing value, since "NA" may be a name. The
    /// exact string comes before the trimmed one, since " Private" may be a name.
    fn read(&self, text: &str) -> Cell<'static> {
        let trimmed = text.trim();
        if let Some(index) = self.by_name.get(text).or_else(|| self.by_name.get(trimmed)) {
            return Cell::Category(*index);
        }
        if is_missing(trimmed) {
            return Cell::Missing;
        }
        self.by_value(trimmed).map_or(Cell::OtherCategory, Cell::Category)
    }

    /// Finds a category by its value: a number or a boolean in another format, or a code.
    fn by_value(&self, text: &str) -> Option<usize> {
        let (number, flag) = (text.parse::<f64>().ok(), flag(text));
        if number.is_none() && flag.is_none() {
            return None;
        }
        let same = |name: &String| {
            number.is_some() && name.parse().ok() == number
                || flag.is_some() && self::flag(name) == flag
        };
        let named =
            self.by_name.iter().filter(|(name, _)| same(name)).map(|(_, index)| *index).min();
        named.or_else(|| self.codes.iter().position(|code| Some(*code) == number))
    }
}

impl Reading {
    /// Chooses the way to read a feature's cells, from the model's file and the card.
    pub fn of(own: &Feature, card: Option<&card::Feature>) -> Self {
        let named = card.and_then(|card| card.categories.as_ref());
        match (&own.values, named) {
            (Values::Category { names, codes, .. }, named) => {
                let mut categories = Categories::named(named.unwrap_or(names));
                names.iter().enumerate().for_each(|(index, name)| categories.add(index, name));
                categories.codes.clone_from(codes);
                Self::Categories(categories)
            }
            (Values::Text { known, .. }, None) if known.is_empty() => Self::Text,
            (Values::Text { known, .. }, named) => {
                Self::Categories(Categories::named(named.unwrap_or(known)))
            }
            (_, Some(names)) => {
                let mut categories = Categories::named(names);
                categories.codes = card.and_then(|card| card.codes.clone()).unwrap_or_default();
                Self::Categories(categories)
            }
            (Values::Flag, None) => Self::Flag,
            (_, None) if card.is_some_and(|card| card.flag) => Self::Flag,
            (Values::Number | Values::Whole, None) => Self::Number {
                missing: card.map(|card| card.missing_values.clone()).unwrap_or_default(),
            },
        }
    }

    /// Reads a cell. Returns none if it is not of the feature's type.
    pub fn read<'c>(&self, text: &'c str) -> Option<Cell<'c>> {
        match self {
            Self::Number { missing } => {
                let text = text.trim();
                // Most cells are numbers: look for the words last.
                match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                    Some(number) if missing.contains(&number) => Some(Cell::Missing),
                    Some(number) => Some(Cell::Number(number)),
                    None if is_missing(text) => Some(Cell::Missing),
                    None => flag(text).map(Cell::Flag),
                }
            }
            Self::Flag => match text.trim() {
                text if is_missing(text) => Some(Cell::Missing),
                text => any_flag(text).map(Cell::Flag),
            },
            Self::Categories(known) => Some(known.read(text)),
            Self::Text if is_missing(text.trim()) => Some(Cell::Missing),
            Self::Text => Some(Cell::Text(text)),
        }
    }
}

/// True if a string stands for a missing value, unless a category has this name.
pub fn is_missing(text: &str) -> bool {
    text == QUESTION_MARK || cells::is_missing(text)
}

/// Parses a boolean in any usual format, such as `yes`, `t` or `1`.
fn any_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" | "1.0" => Some(true),
        "false" | "no" | "n" | "f" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Reading {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Reading::Categories(Categories::named(&names))
    }

    #[test]
    fn a_category_of_the_file_goes_before_a_word_for_a_missing_value() {
        let reading = known(&["NA", " Private", "?"]);
        for (text, index) in [("NA", 0), (" Private", 1), ("Private", 1), ("?", 2)] {
            let expected =
                if text == "Private" { Cell::OtherCategory } else { Cell::Category(index) };
            assert_eq!(reading.read(text), Some(expected), "{text:?}");
        }
        assert_eq!(known(&["a"]).read("NA"), Some(Cell::Missing));
        assert_eq!(known(&["a"]).read(" a"), Some(Cell::Category(0)));
    }

    #[test]
    fn a_category_may_be_a_number_or_a_flag_in_another_form() {
        let reading = known(&["1", "2.50", "True"]);
        for (text, index) in [("1.0", 0), ("2.5", 1), ("true", 2)] {
            assert_eq!(reading.read(text), Some(Cell::Category(index)), "{text:?}");
        }
        assert_eq!(reading.read("3"), Some(Cell::OtherCategory));
    }

    #[test]
    fn a_number_is_read_without_blanks_and_a_text_is_none() {
        let reading = Reading::Number { missing: vec![-999.0] };
        assert_eq!(reading.read(" 1.5 "), Some(Cell::Number(1.5)));
        assert_eq!(reading.read("-999.0"), Some(Cell::Missing));
        for text in ["<NA>", "None", "?", " ", "nan"] {
            assert_eq!(reading.read(text), Some(Cell::Missing), "{text:?}");
        }
        for text in ["1,5", "inf", "x", "1 2"] {
            assert_eq!(reading.read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_flag_may_be_yes_or_a_number() {
        for (text, flag) in [("yes", true), ("0", false), ("True", true), ("N", false)] {
            assert_eq!(Reading::Flag.read(text), Some(Cell::Flag(flag)), "{text:?}");
        }
        assert_eq!(Reading::Flag.read("2"), None);
    }
}
