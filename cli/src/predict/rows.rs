//! Reads the cells of rows, as CSV or as NDJSON.

use crate::predict::input::{Form, Input};
use crate::predict::lines::{self, Lines};
use anyhow::{Context, Result, bail, ensure};
use csv::{ByteRecord, ReaderBuilder};
use indexmap::IndexMap;
use model_api_import::card::columns::simplified;
use model_api_import::card::describe::Described;
use model_api_import::card::table::Table;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// The most features named in a message.
const NAMED: usize = 8;

/// The rows of a file: their form, and the place of each feature.
pub enum Rows {
    /// Lines of cells.
    Csv {
        /// The byte between two cells.
        separator: u8,
        /// The names of the columns.
        names: Vec<String>,
        /// The column of each feature.
        features: Vec<usize>,
        /// The columns beside the features, with their names.
        others: Vec<(usize, String)>,
    },
    /// Lines of objects.
    Ndjson {
        /// The index of each feature, by its names.
        features: HashMap<String, usize>,
        /// The number of features.
        count: usize,
        /// The keys beside the features in the first row.
        others: Vec<String>,
        /// The first feature that the first row has no key of.
        missing: Option<usize>,
    },
}

/// A row of a block.
pub enum Row<'r> {
    /// A cell for each feature; none if it is missing.
    Cells(&'r [Cell<'r>]),
    /// No row: the reason.
    Broken(String),
}

/// A cell of a row.
#[derive(Clone)]
pub enum Cell<'r> {
    /// The cell is missing.
    Missing,
    /// The text of a cell, or of a string, number or boolean in JSON.
    Text(Cow<'r, str>),
    /// A list or an object, or bytes without a text.
    Other,
}

impl Rows {
    /// Finds the features in a file, and passes over the header. `reserved` are the names of the answers: a
    /// column of such a name is left out of them.
    ///
    /// # Errors
    ///
    /// If a feature has no column.
    pub fn find(
        path: &Path,
        input: &mut Input,
        described: &Described,
        reserved: &[String],
    ) -> Result<Self> {
        let start = input.start();
        if start.trim_ascii_start().starts_with(b"{") {
            return Self::find_keys(start, described, reserved);
        }
        let (table, header) = Table::begin(path, start)?;
        let features = match described.columns(&table, None) {
            Ok(columns) => columns.features,
            Err(_) if !described.is_named => bail!(
                "the model has {} features without names, and it has {} columns; leave out the others, or name \
                 the features in the card",
                described.signature.features.len(),
                table.columns.len()
            ),
            Err(error) => return Err(error),
        };
        check_names(&features, &table, described)?;
        let others = table.columns.iter().cloned().enumerate();
        let others = others
            .filter(|(column, name)| !features.contains(column) && !is_reserved(name, reserved));
        let others = others.collect();
        let (separator, names) = (table.separator, table.columns);
        let rows = Self::Csv { separator, names, others, features };
        input.skip(header);
        Ok(rows)
    }

    /// Finds the features among the keys of the first object.
    fn find_keys(start: &[u8], described: &Described, reserved: &[String]) -> Result<Self> {
        let line = start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let first = serde_json::from_slice::<Object>(line.unwrap_or_default());
        let first = first.context("line 1 is no JSON object; write one on each line")?;
        let features = by_name(described);
        let keys = first.into_keys().map(|key| key.0.into_owned());
        let (own, others): (Vec<_>, Vec<_>) =
            keys.partition(|key| feature(&features, key).is_some());
        let names = described.signature.features.iter().map(|feature| feature.name.as_str());
        let names = || names.clone().take(NAMED).collect::<Vec<_>>().join(", ");
        ensure!(!own.is_empty(), "line 1 has no feature of the model: {}", names());
        let others = others.into_iter().filter(|key| !is_reserved(key, reserved)).collect();
        let count = described.signature.features.len();
        let found: Vec<usize> = own.iter().filter_map(|key| feature(&features, key)).collect();
        let missing = (0..count).find(|place| !found.contains(place));
        Ok(Self::Ndjson { features, count, others, missing })
    }

    /// True if the columns are taken in their order, since neither the card nor the model's file has
    /// their names.
    pub fn are_in_order(&self, described: &Described) -> bool {
        match self {
            Self::Csv { features, names, .. } => {
                let own = described.signature.features.iter().zip(features);
                !described.is_named
                    && own.into_iter().any(|(own, column)| names[*column] != own.name)
            }
            Self::Ndjson { .. } => false,
        }
    }

    /// Names the first feature that the first object has no key of.
    pub fn first_missing_key<'d>(&self, described: &'d Described) -> Option<&'d str> {
        match self {
            Self::Csv { .. } => None,
            Self::Ndjson { missing, .. } => {
                missing.map(|place| described.signature.features[place].name.as_str())
            }
        }
    }

    /// Returns the form of the rows.
    pub fn form(&self) -> Form {
        match self {
            Self::Csv { separator, .. } => Form::Csv { separator: *separator },
            Self::Ndjson { .. } => Form::Ndjson,
        }
    }

    /// Returns the form of the answers to them, if none is asked for.
    pub fn form_of_answers(&self) -> lines::Form {
        match self {
            Self::Csv { .. } => lines::Form::Csv,
            Self::Ndjson { .. } => lines::Form::Ndjson,
        }
    }

    /// Returns the names beside the features.
    pub fn others(&self) -> Vec<String> {
        match self {
            Self::Csv { others, .. } => others.iter().map(|(_, name)| name.clone()).collect(),
            Self::Ndjson { others, .. } => others.clone(),
        }
    }

    /// Calls `visit` with each row of a block. Before, the cells beside its features are added to `lines`.
    pub fn each(&self, block: &[u8], lines: &mut Lines, visit: &mut dyn FnMut(Row, &mut Lines)) {
        match self {
            Self::Csv { separator, names, features, others } => {
                each_record(block, *separator, &mut |record| {
                    for (column, name) in others {
                        let cell = record.get(*column).unwrap_or_default();
                        lines.cell(name, &String::from_utf8_lossy(cell));
                    }
                    if record.len() != names.len() {
                        let why = format!(
                            "the row has {} cells, and the header {}",
                            record.len(),
                            names.len()
                        );
                        return visit(Row::Broken(why), lines);
                    }
                    let cell = |column: &usize| match record.get(*column).map(str::from_utf8) {
                        Some(Ok(text)) => Cell::Text(text.into()),
                        Some(Err(_)) => Cell::Other,
                        None => Cell::Missing,
                    };
                    visit(Row::Cells(&features.iter().map(cell).collect::<Vec<_>>()), lines);
                });
            }
            Self::Ndjson { features, count, others, .. } => {
                for line in block.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
                    if !line.is_empty() {
                        match serde_json::from_slice::<Object>(line) {
                            Ok(object) => {
                                let cells = cells(&object, features, *count, others, lines);
                                visit(Row::Cells(&cells), lines);
                            }
                            Err(_) => {
                                others.iter().for_each(|name| lines.nothing(name));
                                visit(Row::Broken("the line is no JSON object".into()), lines);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Refuses columns in their order if some of them have names of the card: the others may be misspelt.
fn check_names(features: &[usize], table: &Table, described: &Described) -> Result<()> {
    let names = || described.signature.features.iter().map(|feature| &feature.name);
    let is_known = |name: &String| table.columns.contains(name);
    let is_in_order = names().zip(features).any(|(name, column)| table.columns[*column] != *name);
    match names().find(|name| !is_known(name)) {
        Some(missing) if !described.is_named && is_in_order && names().any(is_known) => {
            bail!(
                "it has no column {missing:?}, and others of the card: rename its columns as there"
            )
        }
        _ => Ok(()),
    }
}

/// True if the answers have something of this name. A dot in the name of a column is the way into an
/// object.
fn is_reserved(name: &str, reserved: &[String]) -> bool {
    reserved.iter().any(|own| own == name || own.split('.').next() == Some(name))
}

fn each_record(block: &[u8], separator: u8, visit: &mut dyn FnMut(&ByteRecord)) {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(block);
    let mut record = ByteRecord::new();
    // Bytes in memory are always read, and any number of cells is taken.
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        visit(&record);
    }
}

/// Returns a cell for each feature of an object, and adds its members beside the features to `lines`.
fn cells<'r>(
    object: &Object<'r>,
    features: &HashMap<String, usize>,
    count: usize,
    others: &[String],
    lines: &mut Lines,
) -> Vec<Cell<'r>> {
    let mut cells = vec![Cell::Missing; count];
    for (Text(key), value) in object {
        if let Some(index) = feature(features, key) {
            cells[index] = cell(value.get());
        }
    }
    for name in others {
        let json = object.get(&Text(name.into())).map(|value| value.get());
        match json.map(|json| (json, cell(json))) {
            Some((json, Cell::Text(text))) if json.starts_with('"') => lines.text(name, &text),
            Some((_, Cell::Missing)) | None => lines.nothing(name),
            Some((json, _)) => lines.json(name, json),
        }
    }
    cells
}

/// Reads a value of JSON as a cell.
fn cell(json: &str) -> Cell<'_> {
    match json.as_bytes().first() {
        Some(b'"') => {
            serde_json::from_str::<Text>(json).map_or(Cell::Other, |text| Cell::Text(text.0))
        }
        Some(b'{' | b'[') => Cell::Other,
        _ if json == "null" => Cell::Missing,
        _ => Cell::Text(json.into()),
    }
}

/// Maps the names of the features, in the card and in the model's file, to their index.
fn by_name(described: &Described) -> HashMap<String, usize> {
    let mut indices = HashMap::new();
    let features = &described.signature.features;
    for (index, name) in described.names_in_file.iter().enumerate() {
        indices.insert(name.clone(), index);
    }
    indices
        .extend(features.iter().enumerate().map(|(index, feature)| (feature.name.clone(), index)));
    indices
}

/// Finds a feature by a key: as it is, or as exporters simplify it.
fn feature(features: &HashMap<String, usize>, key: &str) -> Option<usize> {
    features.get(key).or_else(|| features.get(&simplified(key))).copied()
}

/// The members of an object. The last of two equal keys counts, as in Python.
type Object<'r> = IndexMap<Text<'r>, &'r RawValue>;

/// A string of JSON, borrowed if it has no escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Text<'r>(#[serde(borrow)] Cow<'r, str>);
