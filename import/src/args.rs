//! Parses the command line of `cargo import`.

use anyhow::{Result, bail};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// A parsed command line.
#[derive(Debug, PartialEq)]
pub enum Args {
    /// Make a component of a model.
    Import(Options),
    /// Print the path of the model in this manifest.
    List(PathBuf),
    /// Print this text, such as the help, and exit.
    Print(String),
}

/// The options of an import.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// The model's file.
    pub model: PathBuf,
    /// The card's file. Without it, the file beside the model, with the extension `.toml`.
    pub card: Option<PathBuf>,
    /// A CSV file of rows from training or testing.
    pub data: Option<PathBuf>,
    /// The name of the target column in the data.
    pub target: Option<String>,
    /// True to import the model even if its answers agree with the data no better than chance.
    pub anyway: bool,
    /// The file to write the component to. If it is given, the manifest stays unchanged.
    pub out: Option<PathBuf>,
    /// The manifest of the service: `spin.toml`, unless `--from` names another file.
    pub manifest: PathBuf,
}

/// Parses the arguments, without the program's name.
///
/// # Errors
///
/// If an option is unknown or has no value, or if there is no model or more than one.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Args> {
    let mut parser = Parser::from_args(arguments);
    let (mut model, mut card, mut data, mut target, mut out) = (None, None, None, None, None);
    let (mut manifest, mut list, mut anyway) = (PathBuf::from("spin.toml"), false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("card") => card = Some(parser.value()?.into()),
            Arg::Long("data") => data = Some(parser.value()?.into()),
            Arg::Long("target") => target = Some(parser.value()?.to_string_lossy().into_owned()),
            Arg::Long("anyway") => anyway = true,
            Arg::Short('o') | Arg::Long("out") => out = Some(parser.value()?.into()),
            Arg::Short('f') | Arg::Long("from") => manifest = parser.value()?.into(),
            Arg::Long("list") => list = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(Args::Print(HELP.to_owned())),
            Arg::Short('V') | Arg::Long("version") => {
                return Ok(Args::Print(format!(
                    "model-api-import {}\n",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            Arg::Value(value) if model.is_none() => model = Some(PathBuf::from(value)),
            Arg::Value(value) => {
                bail!("unexpected argument {value:?}; one model is imported at a time")
            }
            unknown => bail!("{}; see --help", unknown.unexpected()),
        }
    }
    if list {
        return Ok(Args::List(manifest));
    }
    let Some(model) = model else {
        bail!("name the model's file: cargo import model.onnx; see --help")
    };
    Ok(Args::Import(Options { model, card, data, target, anyway, out, manifest }))
}

const HELP: &str = "\
Makes a component of a trained model, and wires it into spin.toml.

Usage: cargo import [OPTIONS] <MODEL>

<MODEL> is ONNX, XGBoost's JSON or UBJSON, or LightGBM's text. What its file
does not say is in a card beside it, model.toml for model.onnx. If there is
none, one is written for you to fill in.

Options:
      --card <FILE>      the card [the model's name with .toml]
      --data <FILE>      rows with a header, as CSV: a new card gets ranges,
                         categories and the reference for drift from them; the
                         model's answers are compared with the target, and with
                         a column \"prediction\"
      --target <COLUMN>  the column of the data that the model predicts
                         [the one column that is no feature]
  -f, --from <FILE>      the manifest that is to serve it [spin.toml]
  -o, --out <FILE>       write the component there, and leave the manifest alone
      --list             say which model the manifest serves
  -h, --help
  -V, --version
";
