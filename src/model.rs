//! The model component, by its contract. `wit/predictor.wit` documents it.

pub use predictor_contract::*;
