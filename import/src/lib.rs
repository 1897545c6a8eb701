//! Makes a model component of a trained model's file.
//!
//! The folders are the steps of an import, in their order; each uses only those above it.
//!
//! - [`contract`] has the records of `wit/predictor.wit`.
//! - [`ir`] is a model between its file and its component: a graph of the runner's operators, its
//!   trees, and the program that the runner reads.
//! - [`formats`] reads files: ONNX, XGBoost, LightGBM.
//! - [`card`] has the rest of what people need to know: the card, its draft, and the data that a
//!   draft is made from.
//! - [`verify`] asks the model: made-up rows, examples, data.
//! - [`emit`] writes the component, and names it in `spin.toml`.
//!
//! [`import`] is all of that in order, [`paper`] its card, and [`command`] the program around it.

pub mod contract;

pub mod ir;

pub mod formats;

pub mod card;

pub mod verify;

pub mod emit;

pub mod files;

pub mod paper;

pub mod import;

pub mod args;
pub mod command;
