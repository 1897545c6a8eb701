//! A model's file as `serve` and `predict` get it: imported, without a component on the disk.

use crate::carried::RUNNER;
use anyhow::{Result, ensure};
use model_api_import::args::Beside;
use model_api_import::import::{self, Imported};
use std::path::Path;

/// Imports a model with what is beside it, and calls `say` with each line about it. Its card is written if the
/// import drafted or completed one; where nothing can be written, the import is as good without.
///
/// # Errors
///
/// If the model is not supported, or disagrees with its card or its data.
pub fn import(path: &Path, beside: &Beside, say: &mut dyn FnMut(String)) -> Result<Imported> {
    let card = beside.card_of(path)?;
    let imported = import::prepare(&beside.files(path, &card), RUNNER, say)?;
    if let Err(error) = imported.notes.write(&card, say) {
        say(format!("  its card is not kept: {error:#}"));
    }
    Ok(imported)
}

/// Reads a model with its card, and writes nothing.
///
/// # Errors
///
/// If the model is not supported, or disagrees with its card, or the named card is not there.
pub fn read(path: &Path, card: Option<&Path>) -> Result<Imported> {
    ensure_card(card)?;
    let beside = Beside { card: card.map(Path::to_owned), ..Beside::default() };
    import::prepare(&beside.files(path, &beside.card_of(path)?), RUNNER, &mut |_| {})
}

/// Refuses a card that is named and not there: by a misspelt name, a model would answer without its card.
///
/// # Errors
///
/// If there is no such file.
pub fn ensure_card(card: Option<&Path>) -> Result<()> {
    let Some(card) = card else { return Ok(()) };
    let name = card.display();
    ensure!(card.exists(), "there is no card {name}; leave --card out if the model has none");
    Ok(())
}
