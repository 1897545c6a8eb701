//! Drafts examples with usual, low and high values.

use super::{Data, Writer, number, tables};
use crate::card::profile::{Spread, Values as Seen};
use crate::card::round;
use crate::ir::model::{Feature, Model, Values};
use anyhow::Result;
use toml_edit::{DocumentMut, InlineTable, Item, Value, value};

impl Writer {
    /// Writes the examples, unless the card has some: three from data, or one without data.
    ///
    /// # Errors
    ///
    /// If `feature` or `example` is no array of tables.
    pub(super) fn examples(
        &mut self,
        document: &mut DocumentMut,
        model: &Model,
        order: &[usize],
        data: Option<Data>,
    ) -> Result<()> {
        if document.get("example").is_some() {
            return Ok(());
        }
        let features: Vec<toml_edit::Table> =
            tables(document, "feature")?.iter().cloned().collect();
        let levels = match data {
            Some(_) => &[Level::Typical, Level::Low, Level::High][..],
            None => &[Level::Typical],
        };
        for level in levels {
            let mut row = InlineTable::new();
            for (place, (own, table)) in order.iter().zip(&features).enumerate() {
                let spread = data.map(|data| &data.profile.features[place]);
                let name = table.get("name").and_then(Item::as_str).unwrap_or_default();
                row.insert(name, level.value(&model.features[*own], table, spread));
            }
            let mut table = toml_edit::Table::new();
            let name = if data.is_some() { level.name() } else { "an example" };
            table.insert("name", value(name));
            table.insert("row", Item::Value(row.into()));
            tables(document, "example")?.push(table);
            *self.added.entry("example").or_default() += 1;
        }
        if data.is_none() {
            self.notes.push("example \"an example\": give it values that people know".to_owned());
        }
        Ok(())
    }
}

/// The level of an example's values. They come from the distribution, not from a row of the data.
#[derive(Clone, Copy)]
enum Level {
    /// Medians, the most frequent categories, and the most frequent boolean.
    Typical,
    /// Lower quartiles, the most frequent categories, and false.
    Low,
    /// Upper quartiles, the second most frequent categories, and true.
    High,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Typical => "usual values",
            Self::Low => "low values",
            Self::High => "high values",
        }
    }

    fn value(self, own: &Feature, table: &toml_edit::Table, spread: Option<&Spread>) -> Value {
        let names: Vec<&str> = table
            .get("categories")
            .and_then(Item::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let says_flag = table.get("flag").and_then(Item::as_bool).unwrap_or(false);
        let is_flag = own.values == Values::Flag || says_flag;
        match spread.map(|spread| (&spread.values, spread.count)) {
            Some((Seen::Numbers(numbers), _)) if names.is_empty() && !is_flag => {
                let share = match self {
                    Self::Typical => 0.5,
                    Self::Low => 0.25,
                    Self::High => 0.75,
                };
                let range = round::range(&numbers.sample, numbers.are_whole);
                number(round::near(
                    round::quantile(&numbers.sample, share),
                    range,
                    numbers.are_whole,
                ))
            }
            Some((Seen::Flags { yes }, count)) => match self {
                Self::Typical => (2 * yes > count).into(),
                Self::Low => false.into(),
                Self::High => true.into(),
            },
            Some((Seen::Categories { counts, .. }, _)) => {
                let mut order: Vec<usize> = (0..counts.len().min(names.len())).collect();
                order.sort_by_key(|index| std::cmp::Reverse(counts[*index]));
                let rank = usize::from(matches!(self, Self::High));
                let index = order.get(rank).or(order.first());
                index.map_or("", |index| names[*index]).into()
            }
            Some((Seen::Texts(texts), _)) => {
                let rank = usize::from(matches!(self, Self::High));
                let text = texts.get(rank).or(texts.first());
                text.map_or("", |(text, _)| text.as_str()).into()
            }
            _ if is_flag => false.into(),
            _ if matches!(own.values, Values::Number | Values::Whole) && names.is_empty() => {
                0.into()
            }
            _ => names.first().copied().unwrap_or_default().into(),
        }
    }
}
