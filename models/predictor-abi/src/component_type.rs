//! The section that tells tools which world the module is for.

wit_bindgen::generate!({
    path: "../../wit/predictor.wit",
    world: "model",
    generate_unused_types: false,
});
