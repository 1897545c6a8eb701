//! The build script of models: link settings in one file, so every way to build a model uses them.

fn main() {
    println!("cargo::rerun-if-env-changed=CARGO_CFG_TARGET_ARCH");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // A small stack leaves most of the first page to the heap: a request touches one page,
        // which the host has to clear again, and never grows the memory.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=16384");
    }
}
