//! Detects the format of a model file, and reads the model.

pub mod lightgbm;
pub mod onnx;
mod others;
pub mod xgboost;

use crate::ir::model::Model;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;

/// The size limit of a model file, in bytes.
pub const MAX_FILE_BYTES: usize = 100 << 20;

/// A file format.
struct Format {
    /// True if the bytes are in this format.
    detects: fn(&[u8]) -> bool,
    /// Reads a model from bytes. The number is the count of features, used if the file lacks it.
    reads: fn(&[u8], Option<usize>) -> Result<Model>,
}

/// The formats, in the order of detection. ONNX has no magic bytes, so it comes last and accepts
/// all bytes.
const FORMATS: [Format; 4] = [
    Format {
        detects: |bytes| bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n"),
        reads: |bytes, _| lightgbm::read(text(bytes)?),
    },
    Format { detects: is_json, reads: |bytes, _| xgboost::read(text(bytes)?) },
    // UBJSON has a length after its first brace.
    Format {
        detects: |bytes| bytes.starts_with(b"{"),
        reads: |bytes, _| xgboost::read(&xgboost::ubjson::to_json(bytes)?),
    },
    Format { detects: |_| true, reads: onnx::read },
];

/// Detects the format of a file's bytes, and reads the model.
///
/// `columns` is the number of features, used if the file lacks it.
///
/// # Errors
///
/// If the file is larger than [`MAX_FILE_BYTES`], broken, or in an unsupported format.
pub fn read(path: &Path, bytes: &[u8], columns: Option<usize>) -> Result<Model> {
    ensure!(
        bytes.len() <= MAX_FILE_BYTES,
        "it has {} MB, and {} are read at most; use fewer or smaller trees",
        bytes.len() >> 20,
        MAX_FILE_BYTES >> 20
    );
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(other) = others::name(path, bytes) {
        bail!("{other}");
    }
    let format = FORMATS.iter().find(|format| (format.detects)(bytes));
    (format.context("its format is unknown")?.reads)(bytes, columns)
}

/// True for JSON text: its first brace is followed by a quote, a brace or white space.
fn is_json(bytes: &[u8]) -> bool {
    let trimmed = bytes.trim_ascii_start();
    trimmed.starts_with(b"{")
        && matches!(trimmed.get(1), Some(b'"' | b'}' | b' ' | b'\n' | b'\r' | b'\t'))
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).context("it is no text in UTF-8")
}
