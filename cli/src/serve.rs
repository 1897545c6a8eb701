//! `model-api serve`.

use crate::app::App;
use crate::args::Serve;
use crate::carried::RUNTIME_CONFIG;
use crate::model;
use anyhow::{Result, bail, ensure};
use model_api_host::command::{build_and_serve, serve};
use model_api_host::{Manifest, RuntimeConfig, server};
use std::io::Write;
use std::path::Path;

/// Serves a model, or the application of a manifest, until a signal stops the program.
///
/// # Errors
///
/// If the model cannot be imported, the application not be loaded, or the address not be listened on.
pub fn run(options: &Serve) -> Result<()> {
    if options.file.is_dir() {
        bail!("{0} is a folder; name the application in it: {0}/spin.toml", options.file.display());
    }
    match options.file.extension().is_some_and(|end| end == "toml") {
        true => application(options),
        false => model(options),
    }
}

/// Serves the application of a manifest, as the host does.
fn application(options: &Serve) -> Result<()> {
    check(&options.file)?;
    build_and_serve(&options.file, options.no_build, &options.serving)
}

/// Says what to do without a manifest, or with a card in its place.
fn check(file: &Path) -> Result<()> {
    let name = file.display();
    ensure!(
        file.exists(),
        "there is no {name}; name a model's file, or the spin.toml of an application"
    );
    let is_card = std::fs::read_to_string(file).is_ok_and(|text| text.contains("[[feature]]"));
    ensure!(!is_card, "{name} is a card; name its model's file");
    Ok(())
}

/// Imports a model, and serves it.
fn model(options: &Serve) -> Result<()> {
    let Serve { file, beside, serving, .. } = options;
    model::ensure_card(beside.card.as_deref())?;
    // Bind the address first, to report its error before the import.
    let listener = server::listen(serving.listen)?;
    // The output may be closed: the server goes on.
    let mut say = |line: String| drop(writeln!(std::io::stdout(), "{line}"));
    let app = App::of(model::import(file, beside, &mut say)?)?;
    let manifest = Manifest::parse(&app.manifest, Path::new(""))?;
    let mut settings = serving.settings(&manifest)?;
    if serving.runtime_config.is_none() {
        settings.runtime_config = RuntimeConfig::parse(RUNTIME_CONFIG)?;
    }
    settings.files = app.components;
    serve(listener, &manifest, settings)
}
