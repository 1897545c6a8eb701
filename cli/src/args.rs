//! The command line.

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use model_api_host::command::Serving;
use model_api_import::args::{self, Beside};
use std::path::PathBuf;

/// Serves and scores a trained model: from ONNX, XGBoost's JSON or UBJSON, or LightGBM's text.
///
/// What the model's file does not say is in a card beside it, heart.toml for heart.onnx.
#[derive(Debug, Parser)]
#[command(name = "model-api", version, max_term_width = 80)]
pub struct Options {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a model over HTTP, or the application of a spin.toml.
    ///
    /// A model is imported first, as by `model-api import`.
    Serve(Serve),
    /// Make a component of a model, or a whole application with its manifests.
    ///
    /// Without --app or --out, the component is named in spin.toml.
    Import(Import),
    /// Answer all rows of a file.
    Predict(Predict),
    /// Compare the rows of a file, and the answers to them, with the model's card.
    ///
    /// The numbers are those of the alerts. The exit code is 1 if something is found.
    Check(Check),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// The options of `model-api serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The model's file, or the spin.toml of an application.
    #[arg(value_name = "FILE", default_value = "spin.toml")]
    pub file: PathBuf,
    /// The files beside the model.
    #[command(flatten, next_help_heading = "Options of a model")]
    pub beside: Beside,
    /// Serve the components of a spin.toml as they were built before.
    #[arg(long, help_heading = "Options of an application")]
    pub no_build: bool,
    /// How to serve it.
    #[command(flatten)]
    pub serving: Serving,
}

/// The options of `model-api import`.
#[derive(Args, Debug)]
pub struct Import {
    /// Those of `cargo import`.
    #[command(flatten)]
    pub options: args::Options,
    /// Write an application to this folder: spin.toml, its components, and manifests for Kubernetes.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["out", "manifest", "list"])]
    pub app: Option<PathBuf>,
}

/// The options of `model-api predict`.
#[derive(Args, Debug)]
pub struct Predict {
    /// The model's file.
    pub model: PathBuf,
    /// The card [default: the model's name with .toml].
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// The rows, as CSV with a header or as NDJSON, plain or packed by gzip, or as Parquet; - reads standard input.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub input: PathBuf,
    /// The answers, in the form of this name: .csv or .ndjson; - writes standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// Add the contribution of each feature to each answer.
    #[arg(long)]
    pub explain: bool,
    /// Threads that answer [default: one for each core].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
}

/// The options of `model-api check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The model's file.
    pub model: PathBuf,
    /// The card [default: the model's name with .toml].
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// The rows, as CSV with a header.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// The column with the truth [default: the one column that is no feature].
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// Print the report for programs, as JSON.
    #[arg(long)]
    pub json: bool,
}
