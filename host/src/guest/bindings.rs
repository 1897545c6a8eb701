//! The interfaces available to guests as imports.

use super::Guest;
use anyhow::{Result, anyhow};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

wasmtime::component::bindgen!({
    path: "wit",
    world: "model-api:host/platform",
    with: {
        "wasi:keyvalue/store.bucket": super::handles::Bucket,
        "wasi:keyvalue/atomics.cas": super::handles::Cas,
        "fermyon:spin/key-value.store": super::handles::Bucket,
    },
});

/// Makes a linker with all interfaces for guests. A component can import interfaces without a
/// grant, but its calls are then refused.
///
/// # Errors
///
/// If wasmtime refuses an interface.
pub fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    let link = |linker: &mut Linker<Guest>| -> wasmtime::Result<()> {
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
        Platform::add_to_linker::<Guest, HasSelf<Guest>>(linker, |guest| guest)
    };
    link(&mut linker).map_err(|error| anyhow!("{error:#}"))?;
    Ok(linker)
}
