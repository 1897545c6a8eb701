//! `model-api import`.

use crate::app::App;
use crate::args::Import;
use crate::carried::RUNNER;
use crate::model;
use anyhow::{Result, ensure};
use model_api_import::command::{self, Program};
use std::io::Write;
use std::path::Path;

/// This program, which carries the runner.
const PROGRAM: Program = Program {
    import: "model-api import",
    serve: "model-api serve",
    runner: || Ok(RUNNER.to_vec()),
};

/// Imports a model: to a folder, or as `cargo import`.
///
/// # Errors
///
/// If the model cannot be imported, or a file not be read or written.
pub fn run(Import { options, app }: &Import) -> Result<()> {
    let Some((model, folder)) = options.model.as_deref().zip(app.as_deref()) else {
        let needs_manifest = options.out.is_none() || options.list;
        ensure!(
            !needs_manifest || options.manifest.exists(),
            "there is no {}; make an application: --app FOLDER",
            options.manifest.display()
        );
        return command::run(options, PROGRAM);
    };
    let imported = model::import(model, &options.beside, &mut show)?;
    App::of(imported)?.write(folder)?;
    let served = folder.join("spin.toml");
    show(format!("{}: serve it: model-api serve {}", folder.display(), shown(&served)));
    Ok(())
}

fn shown(path: &Path) -> String {
    command::quoted(&path.display().to_string())
}

/// Prints a line. A closed output is no error.
fn show(line: String) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
