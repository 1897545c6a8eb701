//! The command line of `cargo import`.

use crate::files::{self, Files};
use anyhow::{Result, bail};
use clap::{Args, Parser};
use std::path::{Path, PathBuf};

/// Makes a component of a trained model, and names it in spin.toml.
///
/// What the model's file does not say is in a card beside it, model.toml for model.onnx. If there is
/// none, one is written for you to fill in.
#[derive(Debug, Parser, PartialEq)]
#[command(name = "cargo import", version, max_term_width = 80)]
pub struct Options {
    /// The model's file: ONNX, XGBoost's JSON or UBJSON, or LightGBM's text.
    #[arg(required_unless_present = "list")]
    pub model: Option<PathBuf>,
    /// The files beside it.
    #[command(flatten)]
    pub beside: Beside,
    /// Write the component to this file, and leave the manifest unchanged.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The manifest of the service.
    #[arg(short = 'f', long = "from", value_name = "FILE", default_value = "spin.toml")]
    pub manifest: PathBuf,
    /// Print the path of the model in the manifest, and import nothing.
    #[arg(long, conflicts_with = "model")]
    pub list: bool,
}

/// The files beside a model's, with the facts that it does not have.
#[derive(Args, Debug, Default, PartialEq)]
pub struct Beside {
    /// The card [default: the model's name with .toml].
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// Rows of training or testing, as CSV with a header.
    ///
    /// A new card gets ranges, categories and the reference for drift from them. The model's answers
    /// are compared with the target, and with a column "prediction".
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Held-out rows, as CSV with the columns of the data.
    ///
    /// The performance in the card is computed from them. Without them it is computed from the data,
    /// and the card says that it flatters.
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
    /// The column of the data with the target [default: the one column that is no feature].
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// Import the model even if its answers agree with the data no better than chance.
    #[arg(long)]
    pub anyway: bool,
}

impl Beside {
    /// Returns the path of the card of a model.
    ///
    /// # Errors
    ///
    /// If the model's path is that of the card.
    pub fn card_of(&self, model: &Path) -> Result<PathBuf> {
        let card = self.card.clone().unwrap_or_else(|| files::card_beside(model));
        if card == model {
            bail!("{}: name the model's file; this is its card", card.display());
        }
        Ok(card)
    }

    /// Names the files of an import.
    pub fn files<'f>(&'f self, model: &'f Path, card: &'f Path) -> Files<'f> {
        Files {
            model,
            card,
            data: self.data.as_deref(),
            test: self.test.as_deref(),
            target: self.target.as_deref(),
            anyway: self.anyway,
        }
    }
}
