//! Drafts a card, or completes one, from the model's file and the data.
//!
//! A person's text and comments in an existing card stay unchanged.

mod examples;
mod notes;
mod outputs;

use super::columns::Columns;
use super::profile::{Profile, Spread, Values as Seen};
use super::reference::{Reason, reference};
use super::round;
use super::table::Table;
use crate::ir::model::{Feature, Missing, Model, Values};
use anyhow::{Context, Result, anyhow};
use predictor_contract::ReferenceBins;
use std::collections::BTreeMap;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Value, value};

/// The data for a card, with its columns and its summary.
#[derive(Clone, Copy)]
pub struct Data<'d> {
    /// The table of data.
    pub table: &'d Table,
    /// The table's columns for the features and the target.
    pub columns: &'d Columns,
    /// The distribution of each feature, and the target's labels.
    pub profile: &'d Profile,
}

/// A draft of a card, with notes for its author.
pub struct Draft {
    document: DocumentMut,
    /// The number of added values, by key.
    pub added: BTreeMap<&'static str, usize>,
    /// Notes about values to check.
    pub notes: Vec<String>,
}

/// The comments for keys. Only the first use of a key in a new card gets its comment.
const COMMENTS: [(&str, &str); 4] = [
    ("unit", "a UCUM code, such as \"mg/dL\""),
    ("range", "outside of it, an answer has a warning"),
    ("missing", "refuse, impute, or handle"),
    ("classes", "labels that clients see, in this order"),
];

/// Drafts a new card for a model.
///
/// # Errors
///
/// If the labels of its classes cannot be found.
pub fn new(name: &str, model: &Model, data: Option<Data>) -> Result<Draft> {
    let order: Vec<usize> = (0..model.features.len()).collect();
    let head = head(name).parse::<DocumentMut>().expect("the head of a card is TOML");
    Draft::write(head, true, model, &order, data)
}

/// Adds the missing keys to the text of a card.
///
/// `order` has the index of the model's feature for each feature of the card.
///
/// # Errors
///
/// If the text is no TOML, or the labels of the model's classes cannot be found.
pub fn complete(text: &str, model: &Model, order: &[usize], data: Option<Data>) -> Result<Draft> {
    let document = text.parse::<DocumentMut>().map_err(|error| anyhow!("{}", error.message()))?;
    Draft::write(document, false, model, order, data)
}

fn head(name: &str) -> String {
    format!(
        "# What people have to know of this model, and its file does not say. Fill in what is empty.\n\n\
         name = \"{name}\"\n\
         version = \"v1.0.0\"        # a changed answer is a new version\n\
         summary = \"Predictions of {name}.\"\n\
         source = \"\"               # a citation or an address\n\
         license = \"\"              # an SPDX expression\n\
         population = \"\"           # for whom the model was made\n\
         limits = \"\"               # what it must not be used for\n"
    )
}

impl Draft {
    fn write(
        mut document: DocumentMut,
        is_new: bool,
        model: &Model,
        order: &[usize],
        data: Option<Data>,
    ) -> Result<Self> {
        let mut writer = Writer { is_new, ..Writer::default() };
        writer.features(tables(&mut document, "feature")?, model, order, data);
        writer.outputs(tables(&mut document, "output")?, model, data)?;
        writer.examples(&mut document, model, order, data)?;
        writer.note_all(data);
        let Writer { added, notes, .. } = writer;
        Ok(Self { document, added, notes })
    }

    /// Returns the card's text, in TOML.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Removes examples by their names.
    pub fn drop_examples(&mut self, names: &[String]) {
        let examples = self.document.get_mut("example").and_then(Item::as_array_of_tables_mut);
        let is_dropped = |table: &toml_edit::Table| {
            let name = table.get("name").and_then(Item::as_str);
            names.iter().any(|dropped| Some(dropped.as_str()) == name)
        };
        if let Some(examples) = examples {
            examples.retain(|table| !is_dropped(table));
        }
    }
}

/// Returns the array of tables of a key. Adds an empty one if the key is missing.
///
/// # Errors
///
/// If the key has another type.
pub(super) fn tables<'d>(
    document: &'d mut DocumentMut,
    key: &str,
) -> Result<&'d mut ArrayOfTables> {
    let item = document.entry(key).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut().with_context(|| format!("write {key} as [[{key}]]"))
}

/// Writes a card. Collects its notes.
#[derive(Default)]
struct Writer {
    is_new: bool,
    added: BTreeMap<&'static str, usize>,
    notes: Vec<String>,
    /// The names of numbers without a range.
    unbounded: Vec<String>,
    /// The names of features with missing values refused, since training may have had none.
    untrained: Vec<String>,
    /// The names of features without a reference for drift, each with the reason.
    without_reference: Vec<(Reason, String)>,
}

impl Writer {
    /// Sets a value, if the key is missing. The first use of a key in a new card gets its comment.
    fn set(&mut self, table: &mut toml_edit::Table, key: &'static str, value: impl Into<Value>) {
        if table.contains_key(key) {
            return;
        }
        let mut value: Value = value.into();
        let comment = COMMENTS.iter().find(|(of, _)| self.is_new && *of == key);
        if let Some((_, comment)) = comment.filter(|_| !self.added.contains_key(key)) {
            value.decor_mut().set_suffix(format!("   # {comment}"));
        }
        table.insert(key, Item::Value(value));
        *self.added.entry(key).or_default() += 1;
    }

    fn features(
        &mut self,
        tables: &mut ArrayOfTables,
        model: &Model,
        order: &[usize],
        data: Option<Data>,
    ) {
        for (place, own) in order.iter().enumerate() {
            let feature = &model.features[*own];
            let spread = data.map(|data| &data.profile.features[place]);
            if tables.get(place).is_none() {
                let column = data.map(|data| &data.table.columns[data.columns.features[place]]);
                tables.push(named(feature, model.is_named, column));
            }
            let Some(table) = tables.get_mut(place) else { continue };
            self.feature(table, feature, spread);
        }
    }

    fn feature(&mut self, table: &mut toml_edit::Table, own: &Feature, spread: Option<&Spread>) {
        let name = table.get("name").and_then(Item::as_str).unwrap_or(&own.name).to_owned();
        let has_codes = table.contains_key("codes");
        match (&own.values, spread.map(|spread| &spread.values)) {
            (Values::Number | Values::Whole, _) if has_codes => {}
            (Values::Flag, _) => self.set(table, "flag", true),
            (Values::Number | Values::Whole, Some(Seen::Flags { .. }))
                if !table.contains_key("range") =>
            {
                self.set(table, "flag", true);
            }
            (Values::Number | Values::Whole, seen) => {
                if self.is_new {
                    self.set(table, "unit", "");
                }
                match seen {
                    Some(Seen::Numbers(numbers)) => {
                        let [low, high] = round::range(&numbers.sample, numbers.are_whole);
                        self.set(table, "range", list([low, high].map(number)));
                    }
                    _ if !table.contains_key("range") => self.unbounded.push(name.clone()),
                    _ => {}
                }
            }
            (Values::Text { known, .. }, Some(Seen::Texts(texts))) if known.is_empty() => {
                self.set(table, "categories", list(texts.iter().map(|(text, _)| text)));
            }
            (Values::Text { known, .. } | Values::Category { names: known, .. }, _) => {
                if known.is_empty() && !table.contains_key("categories") {
                    self.notes.push(format!("feature {name:?}: list its categories"));
                }
                self.set(table, "categories", list(known));
            }
        }
        self.policies(table, &name, own, spread);
        if let Some(spread) = spread.filter(|_| !table.contains_key("reference")) {
            match reference(spread) {
                Ok(reference) => self.set(table, "reference", reference_table(&reference)),
                Err(reason) => self.without_reference.push((reason, name)),
            }
        }
    }

    /// Writes the policies for missing and unusual values.
    fn policies(
        &mut self,
        table: &mut toml_edit::Table,
        name: &str,
        own: &Feature,
        spread: Option<&Spread>,
    ) {
        let has_missing = spread.is_some_and(|spread| spread.missing > 0);
        let policy = match own.missing {
            Missing::Refuse => "refuse",
            Missing::Impute => "impute",
            Missing::Handle { is_trained: true } => "handle",
            Missing::Handle { is_trained: false } if has_missing => "handle",
            Missing::Handle { is_trained: false } => "refuse",
        };
        let is_open = !table.contains_key("missing");
        self.set(table, "missing", policy);
        if is_open && policy == "refuse" && own.missing != Missing::Refuse {
            self.untrained.push(name.to_owned());
        }
        if own.missing == Missing::Refuse && has_missing {
            self.notes.push(format!(
                "feature {name:?}: the data has missing values, and the model takes none"
            ));
        }
        if matches!(own.values, Values::Text { refuses_others: true, .. }) {
            self.set(table, "unusual", "refuse");
        }
    }
}

/// Writes the facts of the data that explanations need into the text of a card.
///
/// # Errors
///
/// If the card is no TOML, or `explanation` is no table in it.
pub fn with_explanation(text: &str, means: Option<&[f64]>, shares: &[f64]) -> Result<String> {
    let mut document = text.parse::<DocumentMut>()?;
    let item = document.entry("explanation").or_insert_with(toml_edit::table);
    let table = item.as_table_mut().context("[explanation] is no table")?;
    let lists = [("means", means.unwrap_or_default()), ("shares", shares)];
    for (key, numbers) in lists.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
        let numbers: Array = numbers.iter().map(|own| number(*own)).collect();
        if table.get(key).and_then(Item::as_array).map(Array::to_string)
            != Some(numbers.to_string())
        {
            table.insert(key, value(numbers));
        }
    }
    if table.is_empty() {
        document.remove("explanation");
    }
    Ok(document.to_string())
}

/// Makes the table of a feature: its name, its name in the file if it differs, and an empty
/// description.
fn named(feature: &Feature, is_named: bool, column: Option<&String>) -> toml_edit::Table {
    let mut table = toml_edit::Table::new();
    let name = column.unwrap_or(&feature.name);
    table.insert("name", value(name.clone()));
    if is_named && *name != feature.name {
        table.insert("input", value(feature.name.clone()));
    }
    table.insert("description", value(""));
    table
}

/// Makes a TOML number, an integer if it has no fraction.
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { (value as i64).into() } else { value.into() }
}

/// Makes a TOML number of a proportion, rounded to six decimals.
fn share(value: f64) -> Value {
    number((value * 1e6).round() / 1e6)
}

fn list<V: Into<Value>>(items: impl IntoIterator<Item = V>) -> Array {
    items.into_iter().collect()
}

pub(super) fn reference_table(reference: &predictor_contract::Reference) -> InlineTable {
    let mut table = InlineTable::new();
    let shares: Array = match &reference.bins {
        ReferenceBins::Number(bins) => {
            table.insert(
                "upper",
                list(bins[..bins.len() - 1].iter().map(|bin| number(bin.upper))).into(),
            );
            list(bins.iter().map(|bin| share(bin.share)))
        }
        ReferenceBins::Category(shares) => list(shares.iter().map(|value| share(*value))),
        ReferenceBins::Flag(of_true) => list([share(*of_true)]),
    };
    table.insert("shares", shares.into());
    table.insert("missing", share(reference.missing));
    table
}
