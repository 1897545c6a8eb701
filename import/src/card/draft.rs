//! The first version of a card, from what the file says and what the data shows.

use crate::card::data::{Column, ColumnKind, Data};
use crate::contract::ReferenceBins;
use crate::ir::model::{Answer, Feature, Missing, Model, Values, is_same_name};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;

/// A card as text, and the lines of it that are worth a look.
pub struct Draft {
    pub text: String,
    pub notes: Vec<String>,
    /// The features without a range.
    unbounded: Vec<String>,
}

/// The most features that a note names.
const NAMED: usize = 4;

/// The number of rows of the data that become examples.
const EXAMPLES: usize = 3;

/// Writes a card.
///
/// `target` is the column of the data that the model predicts.
///
/// # Errors
///
/// If the data has not the model's columns.
pub fn draft(
    name: &str,
    model: &Model,
    data: Option<&Data>,
    target: Option<&str>,
) -> Result<Draft> {
    let columns = match data {
        Some(data) => columns(model, data, target)?,
        None => vec![None; model.features.len()],
    };
    let mut draft = Draft { text: head(name), notes: Vec::new(), unbounded: Vec::new() };
    let mut drafted = Vec::new();
    for (feature, column) in model.features.iter().zip(columns) {
        let summary = match (data, column) {
            (Some(data), Some(column)) => {
                let name = &data.columns[column];
                let summary = Column::of(data.values(column));
                Some(summary.with_context(|| format!("column {name:?}"))?)
            }
            _ => None,
        };
        let name = match (data, column) {
            (Some(data), Some(column)) => data.columns[column].clone(),
            _ => feature.name.clone(),
        };
        draft.feature(&name, feature, summary.as_ref())?;
        drafted.push((name, column, summary));
    }
    draft.note_unbounded();
    draft.outputs(model);
    draft.examples(model, data, &drafted);
    Ok(draft)
}

/// The column of each feature in the data: by the names of the file, or in order if it has none.
fn columns(model: &Model, data: &Data, target: Option<&str>) -> Result<Vec<Option<usize>>> {
    if let Some(target) = target {
        ensure!(data.column(target).is_some(), "the data has no column {target:?}");
    }
    let column_of = |feature: &Feature| {
        data.columns.iter().position(|column| is_same_name(column, &feature.name))
    };
    let by_name: Vec<Option<usize>> = model.features.iter().map(column_of).collect();
    if by_name.iter().all(Option::is_some) {
        return Ok(by_name);
    }
    let has_names =
        model.features.iter().enumerate().any(|(place, own)| own.name != format!("x{place}"));
    if let (true, Some(place)) = (has_names, by_name.iter().position(Option::is_none)) {
        bail!("the data has no column {:?}", model.features[place].name);
    }
    // What is left of the columns are the features, in order; the last one may be the target.
    let mut others: Vec<usize> = (0..data.columns.len())
        .filter(|column| Some(data.columns[*column].as_str()) != target)
        .filter(|column| data.columns[*column] != "prediction")
        .collect();
    if others.len() == model.features.len() + 1 && target.is_none() {
        others.pop();
    }
    ensure!(
        others.len() == model.features.len(),
        "the model has {} features, and the data {} columns beside the target; name the target with \
         --target, and leave out the rest",
        model.features.len(),
        others.len()
    );
    Ok(others.into_iter().map(Some).collect())
}

fn head(name: &str) -> String {
    format!(
        "# What people have to know of this model, and its file does not say. Fill in what is empty.\n\n\
         name = {name}\n\
         version = \"v1.0.0\"        # a changed answer is a new version\n\
         summary = {summary}\n\
         source = \"\"               # a citation or an address\n\
         license = \"\"              # an SPDX expression\n\
         population = \"\"           # for whom the model was made\n\
         limits = \"\"               # what it must not be used for\n",
        name = quoted(name),
        summary = quoted(&format!("Predictions of {name}."))
    )
}

/// A text in TOML.
fn quoted(text: &str) -> String {
    // JSON's escapes are TOML's, but for the one of a slash, which is not written.
    serde_json::to_string(text).unwrap_or_default()
}

/// A number in TOML.
fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    format!("{value}")
}

/// A key in TOML, with quotes if it needs them.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A share, with as many digits as it needs.
fn share(value: f64) -> String {
    number((value * 1e6).round() / 1e6)
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

impl Draft {
    /// A comment, if it is not in the card yet.
    fn hint(&self, comment: &'static str) -> &'static str {
        if self.text.contains(comment) { "" } else { comment }
    }

    fn line(&mut self, text: std::fmt::Arguments) {
        // A String takes everything.
        let _ = self.text.write_fmt(text);
        self.text.push('\n');
    }

    fn feature(&mut self, name: &str, own: &Feature, column: Option<&Column>) -> Result<()> {
        self.line(format_args!("\n[[feature]]\nname = {}\ndescription = \"\"", quoted(name)));
        match (&own.values, column.map(|column| &column.kind)) {
            (Values::Flag, _) | (Values::Number, Some(ColumnKind::Flag { .. })) => {
                self.line(format_args!("flag = true"));
            }
            (Values::Text(known), Some(ColumnKind::Category(shares))) if known.is_empty() => {
                let names = list(shares.iter().map(|(name, _)| quoted(name)));
                self.line(format_args!("categories = {names}"));
            }
            (Values::Text(known) | Values::Category { names: known, .. }, _) => {
                if known.is_empty() {
                    self.notes.push(format!("feature {name:?}: list its categories"));
                }
                self.line(format_args!(
                    "categories = {}",
                    list(known.iter().map(|name| quoted(name)))
                ));
            }
            (
                Values::Number | Values::Whole,
                Some(ColumnKind::Number { minimum, maximum, whole, .. }),
            ) => {
                let (minimum, maximum) = (number(*minimum), number(*maximum));
                self.line(format_args!(
                    "unit = \"\"               # a UCUM code, such as \"mg/dL\""
                ));
                self.line(format_args!("range = [{minimum}, {maximum}]"));
                if *whole {
                    self.line(format_args!("whole = true"));
                }
            }
            (Values::Number | Values::Whole, Some(_)) => {
                bail!("column {name:?} has texts, and the model takes a number");
            }
            (Values::Number | Values::Whole, None) => {
                self.unbounded.push(name.to_owned());
                self.line(format_args!(
                    "unit = \"\"               # a UCUM code, such as \"mg/dL\""
                ));
                self.line(format_args!("# range = [0.0, 100.0]"));
            }
        }
        self.policies(name, own, column);
        Ok(())
    }

    fn note_unbounded(&mut self) {
        let names =
            self.unbounded.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.unbounded.len() {
            0 => {}
            count if count <= NAMED => {
                self.notes.push(format!("{names}: any number is taken; give a range"));
            }
            count => {
                let others = count - NAMED;
                self.notes
                    .push(format!("{names} and {others} more: any number is taken; give ranges"));
            }
        }
    }

    fn policies(&mut self, name: &str, own: &Feature, column: Option<&Column>) {
        let missing = match own.missing {
            Missing::Refuse => "refuse",
            Missing::Impute => "impute",
            Missing::Handle => "handle",
        };
        let hint = self.hint("   # refuse, impute, or handle");
        self.line(format_args!("missing = \"{missing}\"{hint}"));
        if own.missing == Missing::Refuse && column.is_some_and(|column| column.missing > 0.0) {
            self.notes.push(format!(
                "feature {name:?}: the data has missing values, and the model takes none"
            ));
        }
        let Some(reference) = column.and_then(Column::reference) else { return };
        // The categories of the file may be in another order than those of the data.
        let bins = match (&reference.bins, &own.values, column.map(|column| &column.kind)) {
            (ReferenceBins::Number(bins), ..) => {
                let upper = list(bins[..bins.len() - 1].iter().map(|bin| number(bin.upper)));
                let shares = list(bins.iter().map(|bin| share(bin.share)));
                format!("upper = {upper}, shares = {shares}")
            }
            (
                _,
                Values::Text(known) | Values::Category { names: known, .. },
                Some(ColumnKind::Category(found)),
            ) if !known.is_empty() => {
                let of = |name: &String| {
                    found.iter().find(|(found, _)| found == name).map_or(0.0, |(_, share)| *share)
                };
                let shares: Vec<f64> = known.iter().map(of).collect();
                let others = (1.0 - shares.iter().sum::<f64>()).max(0.0);
                format!("shares = {}", list(shares.into_iter().chain([others]).map(share)))
            }
            (ReferenceBins::Category(shares), ..) => {
                format!("shares = {}", list(shares.iter().map(|value| share(*value))))
            }
            (ReferenceBins::Flag(of_true), ..) => format!("shares = [{}]", share(*of_true)),
        };
        self.line(format_args!("reference = {{ {bins}, missing = {} }}", share(reference.missing)));
    }

    fn outputs(&mut self, model: &Model) {
        match &model.answer {
            Answer::Class { labels, .. } => {
                self.line(format_args!("\n[[output]]\nname = \"prediction\"\ndescription = \"\""));
                let labels = list(labels.iter().map(|label| quoted(label)));
                self.line(format_args!(
                    "classes = {labels}   # labels that clients see, in this order"
                ));
            }
            Answer::Quantities(all) => {
                for index in 0..all.len() {
                    let name =
                        if all.len() == 1 { "prediction".to_owned() } else { format!("y{index}") };
                    self.line(format_args!(
                        "\n[[output]]\nname = {}\ndescription = \"\"\nunit = \"\"",
                        quoted(&name)
                    ));
                }
            }
        }
    }

    /// The first rows of the data, or one that is made of what is known of the features.
    fn examples(
        &mut self,
        model: &Model,
        data: Option<&Data>,
        drafted: &[(String, Option<usize>, Option<Column>)],
    ) {
        let Some(data) = data else {
            let values = model.features.iter().map(|feature| match &feature.values {
                Values::Flag => "false".to_owned(),
                Values::Text(names) | Values::Category { names, .. } => {
                    quoted(names.first().map_or("", String::as_str))
                }
                Values::Number | Values::Whole => "0".to_owned(),
            });
            let names = drafted.iter().map(|(name, ..)| name);
            let row = names.zip(values).map(|(name, value)| format!("{} = {value}", key(name)));
            self.example("an example", row);
            self.notes.push("example \"an example\": give it values that people know".to_owned());
            return;
        };
        // A row with all values shows the most.
        let is_whole = |row: &&Vec<String>| {
            drafted.iter().all(|(_, column, _)| {
                column.is_none_or(|column| crate::card::data::value(row, column).is_some())
            })
        };
        let rows: Vec<&Vec<String>> = data.rows.iter().filter(is_whole).take(EXAMPLES).collect();
        let rows = if rows.is_empty() { data.rows.iter().take(EXAMPLES).collect() } else { rows };
        for (index, row) in rows.into_iter().enumerate() {
            let values = drafted.iter().filter_map(|(name, column, summary)| {
                let cell = crate::card::data::value(row, (*column)?)?;
                let value = match summary.as_ref()?.kind {
                    ColumnKind::Number { .. } if !is_text(model, drafted, name) => {
                        number(cell.parse().ok()?)
                    }
                    ColumnKind::Flag { .. } => crate::card::data::flag(cell)?.to_string(),
                    _ => quoted(cell),
                };
                Some(format!("{} = {value}", key(name)))
            });
            self.example(&format!("row {} of the data", index + 1), values);
        }
    }

    fn example(&mut self, name: &str, row: impl Iterator<Item = String>) {
        let row = row.collect::<Vec<_>>().join(", ");
        self.line(format_args!("\n[[example]]\nname = {}\nrow = {{ {row} }}", quoted(name)));
    }
}

/// True if the model takes a text for this feature.
fn is_text(model: &Model, drafted: &[(String, Option<usize>, Option<Column>)], name: &str) -> bool {
    let place = drafted.iter().position(|(drafted, ..)| drafted == name);
    let feature = place.and_then(|place| model.features.get(place));
    feature
        .is_some_and(|feature| matches!(feature.values, Values::Text(_) | Values::Category { .. }))
}
