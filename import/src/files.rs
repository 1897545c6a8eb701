//! The files of an import.

use std::path::{Path, PathBuf};

/// The files of a model, and what is known of its data.
pub struct Files<'f> {
    pub model: &'f Path,
    /// The card. It is written if it is not there.
    pub card: &'f Path,
    pub data: Option<&'f Path>,
    /// The column of the data that the model predicts.
    pub target: Option<&'f str>,
    /// Import a model whose answers are no better than chance, too.
    pub anyway: bool,
}

/// The card that is beside a model.
pub fn card_beside(model: &Path) -> PathBuf {
    model.with_extension("toml")
}

/// The name of a model, from that of its file.
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
