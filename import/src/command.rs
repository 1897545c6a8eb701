//! Runs the commands of an import: `cargo import`, or `model-api import`.

use crate::args::Options;
use crate::emit::write::write;
use crate::emit::{component, manifest, runner};
use crate::explain::covers;
use crate::files::{self, Files};
use crate::import::{self, Imported};
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The size of a large model file, in bytes. A larger file takes over a second to read.
const LARGE: u64 = 4 << 20;

/// The program that imports: its commands as people type them, and its runner.
#[derive(Clone, Copy)]
pub struct Program {
    /// The command of an import.
    pub import: &'static str,
    /// The command to serve `spin.toml`.
    pub serve: &'static str,
    /// Returns the bytes of the runner.
    pub runner: fn() -> Result<Vec<u8>>,
}

/// `cargo import`, in the folder of this repository.
pub const CARGO: Program =
    Program { import: "cargo import", serve: "cargo run", runner: runner::load };

/// Runs a parsed command line.
///
/// # Errors
///
/// If a model cannot be imported, or a file cannot be read or written.
pub fn run(options: &Options, program: Program) -> Result<()> {
    match &options.model {
        Some(model) => import(model, options, program),
        None => list(&options.manifest),
    }
}

/// Prints a line to standard output. Ignores errors, such as a closed pipe.
fn show(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn list(manifest: &Path) -> Result<()> {
    let text = std::fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let model = manifest::model(&text).with_context(|| manifest.display().to_string())?;
    show(&format!("{} serves {model}", manifest.display()));
    Ok(())
}

fn import(model: &Path, options: &Options, program: Program) -> Result<()> {
    let card = options.beside.card_of(model)?;
    let files = options.beside.files(model, &card);
    let size = std::fs::metadata(model).with_context(|| model.display().to_string())?.len();
    let runner = (program.runner)()?;
    // A build runs this command each time. Skip the import if nothing has changed.
    let has_rows = files.data.is_some() || files.test.is_some();
    if let Some(out) = options.out.as_deref().filter(|_| !has_rows)
        && is_fresh(out, &runner, &files)
    {
        return Ok(());
    }
    if size > LARGE {
        show(&format!("Reading {} ({} MB)", model.display(), size >> 20));
    }
    let imported = import::import(&files, &runner, &mut |line| show(&line))?;
    match &options.out {
        Some(out) => {
            write_component(out, &imported)?;
            show(&format!("To serve it, name it in spin.toml:\n{}", manifest::line(out)));
            Ok(())
        }
        None => wire(&files, &options.manifest, &imported, program),
    }
}

/// True if the component at `out` was made of the same runner, model and card.
fn is_fresh(out: &Path, runner: &[u8], files: &Files) -> bool {
    let made_of = std::fs::read(out).ok().and_then(|bytes| component::stamp(&bytes));
    let read = (std::fs::read(files.model), std::fs::read(files.card));
    let (Some(made_of), (Ok(model), Ok(card))) = (made_of, read) else { return false };
    let covers = covers::read(files.card, &import::digest(&model)).unwrap_or_default();
    made_of == import::stamp([runner, &model, &card, covers.as_bytes()])
}

fn write_component(out: &Path, imported: &Imported) -> Result<()> {
    write(out, &imported.component)?;
    let size = imported.component.len().div_ceil(1024);
    let signature = &imported.described.signature;
    show(&format!("{}: {} {}, {size} KB", out.display(), signature.name, signature.version));
    Ok(())
}

/// Writes the component to `target/models` in the manifest's folder, and names it in the manifest.
fn wire(files: &Files, manifest: &Path, imported: &Imported, program: Program) -> Result<()> {
    let text = std::fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let component =
        PathBuf::from(format!("target/models/{}.wasm", imported.described.signature.name));
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let command = command(program.import, files, folder, &component)?;
    let wired = manifest::wire(&text, &component, &command)
        .with_context(|| manifest.display().to_string())?;
    write_component(&folder.join(&component), imported)?;
    write(manifest, wired.as_bytes())?;
    show(&format!("{}: serves it now: {}", manifest.display(), program.serve));
    Ok(())
}

/// Returns the command to build the component again from the manifest's folder.
fn command(import: &str, files: &Files, folder: &Path, component: &Path) -> Result<String> {
    let from_folder = |path: &Path| -> Result<String> {
        let path = if folder.as_os_str().is_empty() {
            path.to_owned()
        } else {
            std::path::absolute(path)?
        };
        Ok(quoted(&path.display().to_string()))
    };
    let mut command = format!("{import} {}", from_folder(files.model)?);
    if files.card != files::card_beside(files.model) {
        command += &format!(" --card {}", from_folder(files.card)?);
    }
    Ok(command + &format!(" --out {}", component.display()))
}

/// Quotes a path for the shell, if it needs quotes.
pub fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "._/-".contains(letter);
    if path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
