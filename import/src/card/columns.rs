//! Finds the columns of a model's features and of its target in a table.

use super::table::Table;
use anyhow::{Context, Result, bail, ensure};

/// The name of the column with the model's own answers, unless a feature has this name.
pub const PREDICTION: &str = "prediction";

/// The most columns named in a message.
const NAMED: usize = 8;

/// The indices of a table's columns, by their use.
#[derive(Debug, PartialEq)]
pub struct Columns {
    /// The column of each feature, in the order of the features.
    pub features: Vec<usize>,
    /// The column with the true values.
    pub target: Option<usize>,
    /// The column with the model's own answers.
    pub prediction: Option<usize>,
    /// All other columns.
    pub others: Vec<usize>,
}

/// The names of a feature.
pub struct Names<'n> {
    /// The names to match exactly, the preferred one first.
    pub exact: Vec<&'n str>,
    /// The name in the model's file. It matches a column by its simplified form.
    pub in_file: &'n str,
}

impl Columns {
    /// Finds the columns by their names, or in order if the model's file has no names.
    ///
    /// `is_named` is true if it has names. Without a `target`, a single column left over is the
    /// target.
    ///
    /// # Errors
    ///
    /// If a feature has no column or several, if there is no column `target`, or if the number of
    /// columns is wrong.
    pub fn find(
        table: &Table,
        features: &[Names],
        is_named: bool,
        target: Option<&str>,
    ) -> Result<Self> {
        let target = target
            .map(|name| {
                let column = table.column(name);
                column
                    .with_context(|| format!("it has no column {name:?}; it has {}", listed(table)))
            })
            .transpose()?;
        let found = by_name(table, features)?;
        let features = match found.iter().copied().collect::<Option<Vec<usize>>>() {
            Some(found) => found,
            None if is_named => {
                let missing = found.iter().position(Option::is_none).unwrap_or_default();
                let name = features[missing].exact.first().unwrap_or(&features[missing].in_file);
                bail!("it has no column {name:?}; it has {}", listed(table));
            }
            None => in_order(table, features.len(), target)?,
        };
        let is_other = |column: &usize| !features.contains(column);
        let prediction = table.column(PREDICTION).filter(is_other);
        let mut others: Vec<usize> = (0..table.columns.len())
            .filter(is_other)
            .filter(|column| Some(*column) != prediction && Some(*column) != target)
            .collect();
        // A single column left over is the target.
        let target = match (target, &others[..]) {
            (None, [_]) => others.pop(),
            (target, _) => target,
        };
        Ok(Self { features, target, prediction, others })
    }
}

/// Finds the column of each feature by its names; none if no column matches.
fn by_name(table: &Table, features: &[Names]) -> Result<Vec<Option<usize>>> {
    let exact = |names: &Names| names.exact.iter().find_map(|name| table.column(name));
    let mut found: Vec<Option<usize>> = features.iter().map(exact).collect();
    for (place, names) in features.iter().enumerate() {
        if found[place].is_some() {
            continue;
        }
        let like =
            |column: &usize| simplified(&table.columns[*column]) == simplified(names.in_file);
        let columns: Vec<usize> = (0..table.columns.len()).filter(like).collect();
        match columns[..] {
            [] => {}
            [one] => found[place] = Some(one),
            [one, other, ..] => bail!(
                "the file's name {:?} may be that of column {:?} and of column {:?}; rename one, and \
                 train again",
                names.in_file,
                table.columns[one],
                table.columns[other]
            ),
        }
    }
    Ok(found)
}

/// Returns all columns in order, without the target and the model's answers.
fn in_order(table: &Table, count: usize, target: Option<usize>) -> Result<Vec<usize>> {
    let is_feature =
        |column: &usize| Some(*column) != target && table.columns[*column] != PREDICTION;
    let columns: Vec<usize> = (0..table.columns.len()).filter(is_feature).collect();
    if columns.len() == count + 1 && target.is_none() {
        bail!(
            "it has one column more than the model has features, {count}; name the one that the model \
             predicts: --target {}",
            table.columns[columns[count]]
        );
    }
    ensure!(
        columns.len() == count,
        "the model has {count} features, and it has {} columns beside the target ({}); leave out the rest",
        columns.len(),
        listed(table)
    );
    Ok(columns)
}

/// Simplifies a name as skl2onnx and LightGBM do: letters, digits, `_` and `+`, and no digit at the
/// start.
///
/// Source: `Topology._generate_unique_name` in `skl2onnx/common/_topology.py`.
pub fn simplified(name: &str) -> String {
    let is_kept = |letter: char| letter.is_alphanumeric() || "_+".contains(letter);
    let name: String =
        name.chars().map(|letter| if is_kept(letter) { letter } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Lists the first names of columns, for a message.
fn listed(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().take(NAMED).map(String::as_str).collect();
    let more = if table.columns.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}
