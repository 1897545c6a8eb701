//! The import of a model, from its file to its component.

use crate::card::Card;
use crate::card::data::Data;
use crate::card::describe::{Described, describe};
use crate::card::draft::draft;
use crate::emit::component;
use crate::formats;
use crate::ir::evaluate::Evaluator;
use crate::ir::model::{Answer, Missing, Model};
use crate::verify::check;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The files of a model.
pub struct Files<'f> {
    pub model: &'f Path,
    /// The card. It is written if it is not there.
    pub card: &'f Path,
    pub data: Option<&'f Path>,
    /// The column of the data that the model predicts.
    pub target: Option<&'f str>,
}

/// A model that was imported.
pub struct Imported {
    pub described: Described,
    pub evaluator: Evaluator,
    pub component: Vec<u8>,
}

/// Makes a component of a model, and says to `say` what happens, line by line.
///
/// # Errors
///
/// If the model is not supported, or disagrees with its card.
pub fn import(files: &Files, runner: &[u8], say: &mut dyn FnMut(String)) -> Result<Imported> {
    // Read the model and the data.
    let named = |path: &Path| path.display().to_string();
    let bytes = std::fs::read(files.model).with_context(|| named(files.model))?;
    let data = files.data.map(|path| Data::read(path).with_context(|| named(path))).transpose()?;
    let columns = columns(files, data.as_ref());
    let mut model =
        formats::read(files.model, &bytes, columns).with_context(|| named(files.model))?;
    say(format!("{}: {}; {}", named(files.model), model.source, counted(&model)));
    model.notes.iter().for_each(|note| say(format!("  {note}")));
    // Read the card, or write it first.
    if !files.card.exists() {
        write_card(files, &mut model, data.as_ref(), say)?;
    }
    let in_card = || named(files.card);
    let card_text = std::fs::read_to_string(files.card).with_context(in_card)?;
    let card = Card::parse(&card_text).with_context(in_card)?;
    let mut described = describe(&mut model, &card, digest(&bytes)).with_context(in_card)?;
    if let Some(note) = check::keep_probabilities(&mut model, &mut described)? {
        say(format!("  {note}"));
    }
    // Ask the model.
    let evaluator = check::write(&model, &described)?;
    for name in check::without_missing(&evaluator, &described) {
        say(format!(
            "  feature {name:?}: the model has no answer without it; set missing = \"refuse\""
        ));
    }
    let examples = check::examples(&evaluator, &described, &card).with_context(in_card)?;
    for example in &examples {
        let answers: Vec<String> = example.expected.iter().map(check::shown).collect();
        say(format!("  example {:?}: {}", example.name, answers.join(", ")));
    }
    described.description.examples = examples;
    if let Some(data) = &data {
        let report = check::agreement(&evaluator, &described, data, files.target)?;
        report.into_iter().for_each(|line| say(format!("  {line}")));
    }
    // Put the component together.
    let stamp = stamp([runner, &bytes, card_text.as_bytes()]);
    let (signature, description) = (&described.signature, &described.description);
    let component = component::build(runner, signature, description, evaluator.words, &stamp)?;
    Ok(Imported { described, evaluator, component })
}

/// Names the runner, the model and the card that a component is made of: if they are the same, so is
/// the component.
pub fn stamp(parts: [&[u8]; 3]) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of features that the card or the data have, for a model that does not say it.
fn columns(files: &Files, data: Option<&Data>) -> Option<usize> {
    if let Ok(card) = Card::read(files.card) {
        return Some(card.features.len());
    }
    let data = data?;
    let is_feature = |name: &&String| Some(name.as_str()) != files.target && *name != "prediction";
    let count = data.columns.iter().filter(is_feature).count();
    // Without a name for the target, it is the last column.
    Some(if files.target.is_some() { count } else { count.saturating_sub(1) })
}

fn counted(model: &Model) -> String {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let features = plural(model.features.len(), "feature", "features");
    match &model.answer {
        Answer::Class { labels, .. } => {
            format!("{features}, {}", plural(labels.len(), "class", "classes"))
        }
        Answer::Quantities(all) => {
            format!("{features}, {}", plural(all.len(), "number", "numbers"))
        }
    }
}

fn write_card(
    files: &Files,
    model: &mut Model,
    data: Option<&Data>,
    say: &mut dyn FnMut(String),
) -> Result<()> {
    let name = name_of(files.model);
    let first = draft(&name, model, data, files.target)?;
    // A feature is said to take missing values if the model then has an answer.
    let card = Card::parse(&first.text)?;
    let described = describe(model, &card, String::new())?;
    let unanswered = check::without_missing(&check::write(model, &described)?, &described);
    for (feature, described) in model.features.iter_mut().zip(&described.signature.features) {
        if unanswered.contains(&described.name) {
            feature.missing = Missing::Refuse;
        }
    }
    let draft = draft(&name, model, data, files.target)?;
    std::fs::write(files.card, &draft.text).with_context(|| files.card.display().to_string())?;
    say(format!("{}: written; fill in what is empty, and look at", files.card.display()));
    draft.notes.iter().for_each(|note| say(format!("  {note}")));
    if data.is_some() {
        say("  the ranges, which are those of the data".to_owned());
    } else {
        say("  everything: with --data rows.csv it gets ranges, categories and bins".to_owned());
    }
    Ok(())
}

/// The name of a model, from that of its file.
fn name_of(file: &Path) -> String {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    match name.trim_matches('-') {
        "" => "model".to_owned(),
        name => name.to_owned(),
    }
}

/// The card that is beside a model.
pub fn card_beside(model: &Path) -> PathBuf {
    model.with_extension("toml")
}
