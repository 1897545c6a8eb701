//! Link settings of the component, kept here so that any way of building it has them. The bare component
//! of the benches has the same.

fn main() {
    println!("cargo::rerun-if-env-changed=CARGO_CFG_TARGET_ARCH");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // The memory of an instance is cleared after each request: a small stack, and a memory
        // large enough from the start that the usual request never grows it, keep that cheap. No
        // larger either: what a large request once wrote to is cleared after each one that follows,
        // and only what it grew by is given back.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory=262144");
        // The standard library's calls to the system, without files and an environment.
        println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=proxy");
    }
}
