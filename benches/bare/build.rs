//! Link settings of the component, kept here so that any way of building it has them.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // As the service's.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory=262144");
        println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=proxy");
    }
}
