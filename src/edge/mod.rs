//! All that knows the host. Everything else is plain Rust and runs natively in unit tests.

pub mod clock;
pub mod http;
pub mod log;
pub mod model;
pub mod random;
pub mod store;
pub mod variables;

mod bindings {
    wit_bindgen::generate!({
        path: [
            "wit/predictor.wit",
            "wit/keyvalue",
            "wit/service.wit",
        ],
        world: "model-api:service/service",
        additional_derives: [Clone, PartialEq],
        additional_derives_ignore: ["cas-error"],
        generate_all,
    });
}
