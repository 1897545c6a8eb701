//! Asks a model: with rows that are made up, with the card's examples, and with data.

pub mod check;
pub mod rows;
