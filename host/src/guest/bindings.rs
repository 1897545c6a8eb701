//! The interfaces that guests may import.

use super::Guest;
use anyhow::{Result, anyhow};
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

wasmtime::component::bindgen!({
    path: "wit",
    world: "model-api:host/platform",
    with: {
        "wasi:keyvalue/store.bucket": super::key_value::Bucket,
        "wasi:keyvalue/atomics.cas": super::key_value::Cas,
        "fermyon:spin/key-value.store": super::key_value::Bucket,
    },
});

/// A linker with all that a guest may import. What a component is not granted is refused when
/// it asks.
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
