//! A card for a small model: it is refused, or describes the model.
#![no_main]

use anyhow::Result;
use libfuzzer_sys::fuzz_target;
use model_api_import::card::Card;
use model_api_import::card::describe::describe;
use model_api_import::formats;
use model_api_import::verify::check;
use std::path::Path;

const MODEL: &[u8] = include_bytes!("../../tests/models/exports/logistic.onnx");

fuzz_target!(|text: &str| {
    let _ = describe_by(text);
});

fn describe_by(text: &str) -> Result<()> {
    let card = Card::parse(text)?;
    let mut model = formats::read(Path::new("model.onnx"), MODEL, None)?;
    let described = describe(&mut model, &card, String::new())?;
    let evaluator = check::write(&model, &described)?;
    check::without_missing(&evaluator, &described);
    check::examples(&evaluator, &described, &card)?;
    Ok(())
}
