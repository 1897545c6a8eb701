//! Models that `cargo import` made of other programs' files.

mod answers;
mod arguments;
mod budget;
mod check;
mod drafts;
mod explanations;
mod operators;
mod outcomes;
mod properties;
mod refusals;
mod tables;

use crate::service::{DEFAULT_MODEL, manifest, with_default};
use crate::support::root;
use flate2::read::GzDecoder;
use model_api_host::Manifest;
use model_api_import::emit::runner;
use model_api_import::files::Files;
use model_api_import::import::{Imported, import};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A model of `tests/models`, with the rows it was asked and what its library answered.
#[derive(Clone)]
pub struct Export {
    pub name: String,
    pub file: PathBuf,
    /// Rows with a header, as CSV.
    pub rows: PathBuf,
    /// For each row a label and probabilities, or numbers.
    pub answers: Vec<Vec<String>>,
}

/// All exports, by name. Each has answers, and all answers have an export.
pub fn exports() -> Vec<Export> {
    let mut answers = answers();
    let export = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let (rows, answers) =
            answers.remove(&name).unwrap_or_else(|| panic!("{name} has no answers"));
        Export { name, file, rows, answers }
    };
    let exports = files(models()).into_iter().map(export).collect();
    assert!(answers.is_empty(), "no export has the answers of {:?}", answers.keys());
    exports
}

/// The export of this name.
pub fn export(name: &str) -> Export {
    exports().into_iter().find(|export| export.name == name).expect("it is in tests/models")
}

/// The file of the rows and the answers to them, by the export's name.
fn answers() -> BTreeMap<String, (PathBuf, Vec<Vec<String>>)> {
    let cells = |row: &String| row.split(',').map(str::to_owned).collect();
    let models: BTreeMap<String, (String, Vec<String>)> = read("answers.json");
    let found = models.into_iter().map(|(name, (rows, lines))| {
        let rows = folder().join("rows").join(rows).with_extension("csv");
        (name, (rows, lines.iter().map(cells).collect()))
    });
    found.collect()
}

/// Reads a file beside the models.
fn read<T: DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The folder of the models' files.
fn models() -> &'static Path {
    static MODELS: OnceLock<PathBuf> = OnceLock::new();
    MODELS.get_or_init(|| match trained() {
        Some(folder) => folder.join("exports"),
        None => {
            let unpacked = new_folder("exports");
            let packed = std::fs::File::open(folder().join("exports.tar.gz")).unwrap();
            tar::Archive::new(GzDecoder::new(packed)).unpack(&unpacked).unwrap();
            unpacked
        }
    })
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The contributions of features by the libraries, row by row, by the export's name.
pub fn contributions_of_libraries() -> BTreeMap<String, Vec<Vec<f64>>> {
    let numbers = |row: &String| row.split(',').map(|cell| cell.parse().unwrap()).collect();
    let models: BTreeMap<String, Vec<String>> = read("contributions.json");
    models.into_iter().map(|(name, rows)| (name, rows.iter().map(numbers).collect())).collect()
}

/// The models of this repository, or those that `tests/suites/models` has just trained.
fn folder() -> PathBuf {
    trained().unwrap_or_else(|| root().join("tests/models"))
}

fn trained() -> Option<PathBuf> {
    std::env::var_os("MODEL_API_EXPORTS").map(PathBuf::from)
}

/// Returns true if the models were just trained, on data that nobody has looked at.
pub fn are_fresh() -> bool {
    trained().is_some()
}

/// A new folder for what a test makes.
pub fn new_folder(name: &str) -> PathBuf {
    let folder = root().join("target/tmp").join("imported").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The runner's component, which is built once for all tests.
pub fn built_runner() -> &'static [u8] {
    static RUNNER: OnceLock<Vec<u8>> = OnceLock::new();
    RUNNER.get_or_init(|| runner::load().unwrap_or_else(|error| panic!("{error:#}")))
}

/// Imports an export with a card that is made of its rows.
pub fn import_export(export: &Export, folder: &Path) -> anyhow::Result<Imported> {
    import_file(&export.file, folder, Some(&export.rows))
}

/// Imports a file with a new card, which is made of `data` if there is any.
pub fn import_file(model: &Path, folder: &Path, data: Option<&Path>) -> anyhow::Result<Imported> {
    let card = folder.join("card.toml");
    let _ = std::fs::remove_file(&card);
    let files = Files { model, card: &card, data, test: None, target: None, anyway: false };
    import(&files, built_runner(), &mut |_| {})
}

/// The manifest that serves an imported model, without the pages at /docs and /ask: they are the
/// same for all models, and take time to compile.
pub fn manifest_of(imported: &Imported, folder: &Path) -> Manifest {
    manifest_with(imported, folder, &[])
}

/// The same, with other defaults of variables.
pub fn manifest_with(imported: &Imported, folder: &Path, defaults: &[(&str, &str)]) -> Manifest {
    let component = folder.join("model.wasm");
    std::fs::write(&component, &imported.component).unwrap();
    manifest(|text| {
        let (service, _) = text.split_once("# The documentation's pages").expect("they are last");
        let service = ["/docs", "/ask"].iter().fold(service.to_owned(), |text, path| {
            let route = format!("[[trigger.http]]\nroute = \"{path}/...\"\ncomponent = \"docs\"\n");
            text.replacen(&route, "", 1)
        });
        let service = service.replace(DEFAULT_MODEL, &component.display().to_string());
        defaults.iter().fold(service, |text, (name, value)| with_default(text, name, value))
    })
}
