//! The custom section for tools: it names the world of the module.

wit_bindgen::generate!({
    path: "../../wit/predictor.wit",
    world: "model",
    generate_unused_types: false,
});
