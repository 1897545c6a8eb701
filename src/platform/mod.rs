//! All that knows the host. Everything else is plain Rust and runs natively in unit tests.
//!
//! What the host lends for a request is kept ([`Lent`]), and not given back: the host takes all of
//! it with the instance, and giving it back one by one would be a call to the host each.

pub mod clock;
pub mod http;
pub mod log;
pub mod model;
pub mod random;
pub mod store;
pub mod variables;

/// Something of the host's that is never given back.
type Lent<T> = std::mem::ManuallyDrop<T>;

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
