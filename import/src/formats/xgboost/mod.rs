//! Reads XGBoost's own JSON
//! (<https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html>) of versions 1.7 to 3.2.

mod boosters;
mod file;
mod objective;
pub mod ubjson;

use crate::ir::graph::{Graph, Input, InputKind};
use crate::ir::model::{Feature, Missing, Model, Values};
use anyhow::{Context, Result, ensure};
use boosters::{linear, trees_of};
use file::{Booster, File, Gbtree, Learner, Names, number, without_nan};
use objective::Objective;

/// Reads a model from JSON.
///
/// # Errors
///
/// If the text is no XGBoost model, or if its objective or booster is not supported.
pub fn read(json: &str) -> Result<Model> {
    let file: File =
        serde_json::from_str(&without_nan(json)).context("it is no model of XGBoost")?;
    let learner = &file.learner;
    let count = number(&learner.param.num_feature, "num_feature")?;
    ensure!((1..=65_536).contains(&count), "it has {count} features");
    let mut graph = Graph::new("the booster");
    let input = Input { name: "input".to_owned(), kind: InputKind::Float, columns: count };
    let x = graph.input(input);
    let mut notes = Vec::new();
    // Add up the margins, and turn them into an answer.
    let objective = Objective::new(learner)?;
    let margin = match &learner.booster {
        Booster::Gbtree(Gbtree { model }) => {
            trees_of(&mut graph, x, model, None, learner, &objective, &mut notes)?
        }
        Booster::Dart { gbtree: Gbtree { model }, weight_drop } => {
            trees_of(&mut graph, x, model, Some(weight_drop), learner, &objective, &mut notes)?
        }
        Booster::Gblinear { model } => linear(&mut graph, x, &model.weights, count, &objective)?,
    };
    let answers = objective.answers(&mut graph, margin)?;
    let [major, minor, patch] = file.version;
    Ok(Model {
        graph,
        features: features(learner, count)?,
        is_named: !learner.feature_names.is_empty(),
        answers,
        precision: "float32",
        source: format!("XGBoost {major}.{minor}.{patch}, {}", learner.objective.name),
        notes,
    })
}

fn features(learner: &Learner, count: usize) -> Result<Vec<Feature>> {
    for names in [&learner.feature_names, &learner.feature_types] {
        ensure!(
            names.is_empty() || names.len() == count,
            "it names {} of {count} features",
            names.len()
        );
    }
    let categories = match &learner.booster {
        Booster::Gbtree(trees) | Booster::Dart { gbtree: trees, .. } => &trees.model.cats.enc[..],
        Booster::Gblinear { .. } => &[],
    };
    (0..count)
        .map(|column| {
            let name = learner.feature_names.get(column).cloned();
            let names = categories.get(column).map(Names::texts).transpose()?.unwrap_or_default();
            let values = match learner.feature_types.get(column).map(String::as_str) {
                Some("c") => categorical(names),
                Some("int") => Values::Whole,
                Some("i") => Values::Flag,
                _ => Values::Number,
            };
            let name = name.unwrap_or_else(|| format!("x{column}"));
            // Training gives each branch a direction for missing values, even if its data had none.
            let missing = Missing::Handle { is_trained: false };
            Ok(Feature { name, input: 0, column, values, missing })
        })
        .collect()
}

/// The values of a categorical column. The code of a category is its index. If the categories have
/// no names, a client sends the index.
fn categorical(names: Vec<String>) -> Values {
    if names.is_empty() {
        return Values::Whole;
    }
    let codes = (0..names.len()).map(|place| place as f64).collect();
    // The code of an unknown category is the first unused index.
    Values::Category { unknown: names.len() as f64, names, codes }
}
