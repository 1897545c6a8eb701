//! Link settings of the component, kept here for any way of building it. The bare component of the
//! benches has the same.

fn main() {
    println!("cargo::rerun-if-env-changed=CARGO_CFG_TARGET_ARCH");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        // The memory of an instance is cleared after each request. Two settings keep this cheap: a
        // small stack, and an initial memory large enough for the usual request never to grow it.
        // It is no larger either: if a large request once writes to initial memory, this is cleared
        // after each later request, too. Only the memory by which it grew is given back.
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory=262144");
        // The standard library's calls to the system, without files and an environment.
        println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=proxy");
    }
}
