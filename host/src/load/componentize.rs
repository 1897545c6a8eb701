//! Makes a component from a core module.

use anyhow::{Context, Result, bail};
use std::borrow::Cow;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as ADAPTER_NAME,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Returns `wasm` unchanged if it is a component. Otherwise makes a component of the core module.
/// An adapter translates calls of WASI preview 1 to WASI 0.2. Spin does the same.
///
/// # Errors
///
/// If `wasm` is neither, or if the module does not describe its imports and exports.
pub fn componentize(wasm: &[u8]) -> Result<Cow<'_, [u8]>> {
    if wasm.starts_with(COMPONENT) {
        return Ok(Cow::Borrowed(wasm));
    }
    if !wasm.starts_with(MODULE) {
        bail!("it is not WebAssembly");
    }
    let component = ComponentEncoder::default()
        .validate(true)
        .module(wasm)
        .and_then(|encoder| encoder.adapter(ADAPTER_NAME, ADAPTER))
        .and_then(|mut encoder| encoder.encode())
        .context("cannot make a component of the core module")?;
    Ok(Cow::Owned(component))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_stays_as_it_is() {
        assert_eq!(componentize(COMPONENT).unwrap(), COMPONENT);
    }

    #[test]
    fn a_core_module_becomes_a_component() {
        assert!(componentize(MODULE).unwrap().starts_with(COMPONENT));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(componentize(b"<html>").is_err());
    }
}
