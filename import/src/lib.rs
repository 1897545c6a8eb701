//! Makes a model component of a trained model's file.
//!
//! The folders are the steps of an import, in order. Each uses only the ones above it.
//!
//! - [`ir`] is a model between its file and its component: a graph of the runner's operators, its
//!   trees, and the runner's program.
//! - [`formats`] reads files: ONNX, XGBoost, LightGBM.
//! - [`card`] reads the model's documentation, the card. It drafts a new card from the model's file
//!   and from data.
//! - [`verify`] tests the model on synthetic rows, examples and data.
//! - [`explain`](mod@explain) finds a way to compute the contribution of each feature to an answer.
//! - [`emit`] writes the component, and names it in `spin.toml`.
//!
//! [`import`] runs all steps, [`paper`] drafts or completes the card, and [`command`] runs
//! the command line. [`check`] compares the rows of a file with the card of an imported model.
#![warn(missing_docs, clippy::missing_errors_doc)]

pub mod ir;

pub mod formats;

pub mod card;

pub mod verify;

pub mod explain;

pub mod emit;

pub mod files;

pub mod paper;

pub mod import;

pub mod check;

pub mod args;
pub mod command;
