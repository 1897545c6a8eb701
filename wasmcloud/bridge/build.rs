//! Link settings of the component, kept here for any way of building it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // As in the service: a small stack keeps the memory of an instance small. Its adapter is
        // the usual one, since wasmCloud gives settings as an environment.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    }
}
