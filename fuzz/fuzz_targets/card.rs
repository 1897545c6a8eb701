//! A card for a model: it is refused, or describes the model.
#![no_main]

use anyhow::Result;
use libfuzzer_sys::fuzz_target;
use model_api_import::card::Card;
use model_api_import::{formats, import};
use std::path::Path;

const MODEL: &[u8] = include_bytes!("../../examples/heart-disease/heart-disease.onnx");

fuzz_target!(|text: &str| {
    let _ = describe(text);
});

fn describe(text: &str) -> Result<()> {
    let card = Card::parse(text)?;
    let mut model = formats::read(Path::new("model.onnx"), MODEL, None)?;
    import::ask(&mut model, &card, String::new(), &mut |_| {})?;
    Ok(())
}
