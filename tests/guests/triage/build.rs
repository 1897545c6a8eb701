//! Link settings of the component, kept here so that any way of building it has them.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // A small stack leaves most of the first page to the heap: a request touches one page,
        // which the host has to clear again, and never grows the memory.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=16384");
    }
}
