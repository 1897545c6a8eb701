//! Names and finds the files of an import.

use std::path::{Path, PathBuf};

/// The files and options of an import.
#[derive(Clone, Copy)]
pub struct Files<'f> {
    /// The model's file, in a supported format.
    pub model: &'f Path,
    /// The card. If the file does not exist, the import writes a draft.
    pub card: &'f Path,
    /// A CSV file with rows of training or test data.
    pub data: Option<&'f Path>,
    /// A CSV file with held-out rows: the performance is computed from them.
    pub test: Option<&'f Path>,
    /// The name of the target column in the data, and in the held-out rows.
    pub target: Option<&'f str>,
    /// True to import the model even if its answers are no better than chance.
    pub anyway: bool,
}

/// Returns the path of the card beside a model: the model's path with the extension `.toml`.
pub fn card_beside(model: &Path) -> PathBuf {
    model.with_extension("toml")
}

/// Makes a model's name from its file's name: lower-case letters, digits and hyphens.
///
/// Returns `model` if the file's name has no letter or digit.
pub fn name_of(file: &Path) -> String {
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    match name.trim_matches('-') {
        "" => "model".to_owned(),
        name => name.to_owned(),
    }
}
