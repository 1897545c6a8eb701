//! The kinds of files, and the reading of each.

pub mod lightgbm;
pub mod onnx;
pub mod xgboost;

use crate::ir::model::Model;

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 100 << 20;

/// Reads a model from a file's bytes, by what they are.
///
/// `columns` is the number of features, for a file that does not say it.
///
/// # Errors
///
/// If the file is too large, of a kind that is not supported, or broken.
pub fn read(path: &Path, bytes: &[u8], columns: Option<usize>) -> Result<Model> {
    ensure!(
        bytes.len() <= MAX_FILE_BYTES,
        "it has {} MB, and {} are read at most; use fewer or smaller trees",
        bytes.len() >> 20,
        MAX_FILE_BYTES >> 20
    );
    if is_pickle(path, bytes) {
        bail!(
            "a pickle runs code when it is read. Export the model in Python: \
             open(\"model.onnx\", \"wb\").write(skl2onnx.to_onnx(model, X[:1]).SerializeToString())"
        );
    }
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n") {
        return lightgbm::read(std::str::from_utf8(bytes).context("it is no text")?);
    }
    match (start, bytes.get(1)) {
        // A text of JSON has a quote, a brace or a blank behind its first brace; UBJSON a length.
        (Some(b'{'), Some(b'"' | b'}' | b' ' | b'\n' | b'\r' | b'\t')) => {
            xgboost::read(std::str::from_utf8(bytes).context("it is no text")?)
        }
        (Some(b'{'), _) => xgboost::read(&xgboost::ubjson::to_json(bytes)?),
        (None, _) => bail!("it is empty"),
        _ if bytes.starts_with(b"binf") || bytes.starts_with(b"\0\0\0") => bail!(
            "it is XGBoost's old binary form; save it with booster.save_model(\"model.json\")"
        ),
        _ if bytes.starts_with(b"PK") => {
            bail!("it is an archive, such as PyTorch and Keras write; export the model as ONNX")
        }
        _ => onnx::read(bytes, columns),
    }
}

/// True for pickles, joblib's and compressed ones included.
fn is_pickle(path: &Path, bytes: &[u8]) -> bool {
    let named = path.extension().is_some_and(|extension| {
        ["pkl", "pickle", "joblib", "sav"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    named || matches!(bytes, [0x80, 2..=5, ..])
}
