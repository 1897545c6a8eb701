//! The features of a booster, with their categories from pandas.

use super::Section;
use crate::ir::model::{Feature, Missing, Values};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value as Json;

/// Reads the features. `rest` is the text of the file after its trees. `trained` has a flag for
/// each feature: true if its training data had missing values.
///
/// # Errors
///
/// If the file names another number of features, or if its lists of categories fit several columns.
pub fn features(head: &Section, rest: &str, trained: &[bool]) -> Result<Vec<Feature>> {
    let count = trained.len();
    let names: Vec<&str> = head.text("feature_names").unwrap_or_default().split(' ').collect();
    let infos: Vec<&str> = head.text("feature_infos").unwrap_or_default().split(' ').collect();
    ensure!(names.len() == count, "it names {} of {count} features", names.len());
    ensure!(infos.len() == count, "it has the ranges of {} of {count} features", infos.len());
    // Find the columns of categories, and the names of the categories.
    let listed = listed_columns(rest)?;
    let infos: Vec<Info> = infos
        .iter()
        .enumerate()
        .map(|(at, text)| Info::parse(text, listed.contains(&at)))
        .collect();
    let mut categories = assign(pandas_categories(rest)?, &infos, &names)?;
    Ok((0..count)
        .map(|column| Feature {
            name: names[column].to_owned(),
            input: 0,
            column,
            values: match (categories[column].take(), &infos[column]) {
                (Some(names), _) => values(&names),
                (None, Info::Codes(_)) => Values::Whole,
                (None, _) => Values::Number,
            },
            missing: Missing::Handle { is_trained: trained[column] },
        })
        .collect())
}

/// Reads the parameter `categorical_feature`: the indices of the categorical columns, listed since
/// version 3.
fn listed_columns(rest: &str) -> Result<Vec<usize>> {
    let line = rest.lines().find_map(|line| line.strip_prefix("[categorical_feature:"));
    let list = line.unwrap_or_default().trim_end_matches(']').trim();
    let columns = list.split(',').filter(|column| !column.is_empty()).map(str::parse);
    columns.collect::<Result<_, _>>().map_err(|_| anyhow!("its categorical_feature is cut off"))
}

/// Reads the categories of the pandas columns of type `category`, in the order of these columns.
fn pandas_categories(rest: &str) -> Result<Vec<Vec<Json>>> {
    let line = rest.lines().find_map(|line| line.strip_prefix("pandas_categorical:"));
    let lists: Option<_> = serde_json::from_str(line.unwrap_or("null"))
        .context("its pandas_categorical is cut off")?;
    Ok(lists.unwrap_or_default())
}

/// A column's entry in `feature_infos`.
#[derive(Debug)]
enum Info {
    /// `none`: the column is constant, or was filtered away.
    None { is_categorical: bool },
    /// `[least:greatest]`: the range of a column of numbers, or of the codes of ordered categories.
    Range(f64, f64),
    /// `code:code:…`: the codes of a categorical column. Only the greatest code is kept.
    Codes(f64),
}

impl Info {
    fn parse(text: &str, is_listed: bool) -> Self {
        let numbers = |text: &str| -> Vec<f64> {
            text.split(':').map(|number| number.parse().unwrap_or(f64::NAN)).collect()
        };
        match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(range) => match numbers(range)[..] {
                [least, greatest] => Self::Range(least, greatest),
                _ => Self::Range(f64::NEG_INFINITY, f64::INFINITY),
            },
            None if text == "none" => Self::None { is_categorical: is_listed },
            None => Self::Codes(numbers(text).into_iter().fold(-1.0, f64::max)),
        }
    }

    /// True if the column certainly has categories.
    fn is_categorical(&self) -> bool {
        matches!(self, Self::Codes(_) | Self::None { is_categorical: true })
    }

    /// True if a column of this many categories may have this entry. Ordered categories have a
    /// range of codes.
    fn fits(&self, categories: usize) -> bool {
        match self {
            Self::None { .. } => true,
            Self::Codes(greatest) => *greatest < categories as f64,
            Self::Range(least, greatest) => {
                least.fract() == 0.0
                    && greatest.fract() == 0.0
                    && *least >= 0.0
                    && *greatest < categories as f64
            }
        }
    }
}

/// Assigns each list of categories to its column. Lists and columns are in the same order. Each
/// categorical column has a list, unless the parameter `categorical_feature` made training take its
/// numbers as codes.
///
/// # Errors
///
/// If the lists fit in no way, or in more than one way: the file does not mark the columns of
/// ordered categories.
fn assign(lists: Vec<Vec<Json>>, infos: &[Info], names: &[&str]) -> Result<Vec<Option<Vec<Json>>>> {
    let mut assigned: Vec<Option<Vec<Json>>> = vec![None; infos.len()];
    let lengths: Vec<usize> = lists.iter().map(Vec::len).collect();
    ensure!(
        lengths.len() * infos.len() <= MAX_PAIRS,
        "it has too many categorical columns to tell them apart; train with their numbers"
    );
    let found = match columns_of(&lengths, infos, true) {
        Found::None => columns_of(&lengths, infos, false),
        found => found,
    };
    let columns = match found {
        Found::One(columns) => columns,
        Found::None => bail!("its pandas_categorical does not fit its columns"),
        Found::Many { open } => bail!(
            "it does not say if column {:?} had ordered categories; train with unordered ones, or with \
             their numbers",
            names[open]
        ),
    };
    for (list, column) in lists.into_iter().zip(columns) {
        assigned[column] = Some(list);
    }
    Ok(assigned)
}

/// The limit on pairs of a list and a column.
const MAX_PAIRS: usize = 16 << 20;

/// The result of assigning the lists to columns.
enum Found {
    None,
    One(Vec<usize>),
    /// The column `open` has a list in one assignment, and none in another.
    Many {
        open: usize,
    },
}

/// Finds the columns of lists with these lengths. If `all` is true, each categorical column gets
/// one.
fn columns_of(lengths: &[usize], infos: &[Info], all: bool) -> Found {
    // Count the assignments of the lists from `list` on to the columns from `column` on, up to two.
    let (lists, width) = (lengths.len(), infos.len() + 1);
    let mut ways = vec![0_u8; (lists + 1) * width];
    ways[lists * width + infos.len()] = 1;
    let may_skip = |column: usize| !all || !infos[column].is_categorical();
    let fits = |list: usize, column: usize| lists > list && infos[column].fits(lengths[list]);
    for column in (0..infos.len()).rev() {
        for list in 0..=lists {
            let skipped = if may_skip(column) { ways[list * width + column + 1] } else { 0 };
            let taken = if fits(list, column) { ways[(list + 1) * width + column + 1] } else { 0 };
            ways[list * width + column] = (skipped + taken).min(2);
        }
    }
    // Follow the only assignment.
    if ways[0] == 0 {
        return Found::None;
    }
    let (mut list, mut columns) = (0, Vec::with_capacity(lists));
    for column in 0..infos.len() {
        let can_skip = may_skip(column) && ways[list * width + column + 1] > 0;
        let can_take = fits(list, column) && ways[(list + 1) * width + column + 1] > 0;
        match (can_skip, can_take) {
            (true, true) => return Found::Many { open: column },
            (_, false) => {}
            (false, true) => {
                columns.push(column);
                list += 1;
            }
        }
    }
    Found::One(columns)
}

/// The values of a categorical column. The code of a category is its index; pandas encodes an
/// unknown category as NaN.
fn values(names: &[Json]) -> Values {
    if let [Json::Bool(false), Json::Bool(true)] = names {
        return Values::Flag;
    }
    Values::Category {
        names: names.iter().map(text).collect(),
        codes: (0..names.len()).map(|index| index as f64).collect(),
        unknown: f64::NAN,
    }
}

/// Formats a category as Python prints it.
fn text(name: &Json) -> String {
    match name {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}
