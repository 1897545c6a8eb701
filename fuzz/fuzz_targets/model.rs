//! A model's file of any kind: it is refused, or its model answers made-up rows.
#![no_main]

use anyhow::Result;
use libfuzzer_sys::fuzz_target;
use model_api_import::card::{Card, draft};
use model_api_import::{formats, import};
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let _ = draft_and_ask(bytes);
});

/// The steps of an import, up to the component.
fn draft_and_ask(bytes: &[u8]) -> Result<()> {
    let mut model = formats::read(Path::new("model"), bytes, Some(4))?;
    let draft = draft::new("model", &model, None)?;
    let card = Card::parse(&draft.text())?;
    import::ask(&mut model, &card, String::new(), &mut |_| {})?;
    Ok(())
}
