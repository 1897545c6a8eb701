//! Makes a model component of a trained model's file.
//!
//! [`source`] reads a file by its kind ([`onnx`], [`xgboost`], [`lightgbm`]) into a [`graph`] of the
//! runner's operators. [`describe`] adds what the [`card`] says, which [`draft`] writes if there is
//! none. [`table`] writes the graph as the runner reads it, [`check`] asks it, and [`component`]
//! appends it to the runner. [`import`] is all of that in order.

pub mod args;
pub mod card;
pub mod check;
pub mod classes;
pub mod command;
pub mod component;
pub mod contract;
pub mod data;
pub mod describe;
pub mod draft;
pub mod evaluate;
pub mod graph;
pub mod import;
pub mod layout;
pub mod lightgbm;
pub mod manifest;
pub mod model;
pub mod onnx;
pub mod rows;
pub mod runner;
pub mod source;
pub mod table;
pub mod trees;
pub mod ubjson;
pub mod xgboost;
