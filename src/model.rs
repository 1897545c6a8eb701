//! The model component: the types and functions of its contract. `wit/predictor.wit` documents
//! them.

mod bindings {
    wit_bindgen::generate!({
        path: ["wit/keyvalue", "wit/predictor.wit", "wit/service.wit"],
        world: "model-api:service/prediction",
        additional_derives: [Clone, PartialEq],
        generate_all,
    });
}

pub use bindings::model_api::predictor::predictor::{describe, explain, get_signature, predict};
pub use bindings::model_api::predictor::types::*;
