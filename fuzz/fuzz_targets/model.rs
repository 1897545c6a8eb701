//! A model's file of any kind: it is refused, or its model answers made-up rows.
#![no_main]

use anyhow::Result;
use libfuzzer_sys::fuzz_target;
use model_api_import::card::Card;
use model_api_import::card::describe::describe;
use model_api_import::card::draft::draft;
use model_api_import::formats;
use model_api_import::verify::check;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let _ = import(bytes);
});

/// The steps of an import, up to the component.
fn import(bytes: &[u8]) -> Result<()> {
    let mut model = formats::read(Path::new("model"), bytes, Some(4))?;
    let draft = draft("model", &mut model, None, None)?;
    let card = Card::parse(&draft.text)?;
    let mut described = describe(&mut model, &card, String::new())?;
    check::keep_probabilities(&mut model, &mut described)?;
    let evaluator = check::write(&model, &described)?;
    check::without_missing(&evaluator, &described);
    check::examples(&evaluator, &described, &card)?;
    Ok(())
}
