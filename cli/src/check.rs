//! `model-api check`.

use crate::args::Check;
use anyhow::{Context, Result};
use model_api_import::args::Beside;
use model_api_import::check;
use std::io::Write;
use std::process::ExitCode;

/// The exit code if something was found.
const FOUND: u8 = 1;

/// Compares the rows of a file, and the answers to them, with the model's card.
///
/// # Errors
///
/// As for [`check::run`].
pub fn run(options: &Check) -> Result<ExitCode> {
    let beside = Beside {
        card: options.card.clone(),
        data: Some(options.data.clone()),
        target: options.target.clone(),
        ..Beside::default()
    };
    let card = beside.card_of(&options.model)?;
    let report = check::run(&beside.files(&options.model, &card), &mut |line| eprintln!("{line}"))?;
    let text = match options.json {
        true => serde_json::to_string_pretty(&report).context("the report is no JSON")?,
        false => report.lines().join("\n"),
    };
    // A closed output takes nothing from the exit code.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(if report.is_found() { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}
