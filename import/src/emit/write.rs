//! Writes files.

use anyhow::{Context, Result, ensure};
use std::path::Path;

/// Writes a file as a whole: writes a temporary file beside it, then renames the temporary file.
///
/// Creates the folder if needed. If the disk is full, the old file stays unchanged.
///
/// # Errors
///
/// If the file cannot be written, or if it is a symbolic link, since its target may be anywhere.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_beside(path, bytes).with_context(|| path.display().to_string())
}

fn write_beside(path: &Path, bytes: &[u8]) -> Result<()> {
    let is_link = path.symlink_metadata().is_ok_and(|file| file.is_symlink());
    ensure!(!is_link, "it is a symbolic link; remove it, or name another file");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    Ok(written?)
}
