//! Recognizes files in other formats, and names a remedy for each.

use std::path::Path;

/// The file extensions of pickles.
const PICKLES: [&str; 4] = ["pkl", "pickle", "joblib", "sav"];

const PICKLE: &str = "a pickle runs code when it is read. Export the model in Python: \
     open(\"model.onnx\", \"wb\").write(skl2onnx.to_onnx(model, X[:1].to_numpy(\"float32\"))\
     .SerializeToString())";

const TORCH: &str = "export the model in Python: torch.onnx.export(model, (example,), \"model.onnx\", \
     external_data=False)";

const XGBOOST: &str = "save it with booster.save_model(\"model.json\")";

/// The first bytes of a file, the name of its format, and a remedy.
const STARTS: [(&[u8], &str, &str); 18] = [
    (b"binf", "XGBoost's old binary form", XGBOOST),
    (b"\0\0\0", "XGBoost's old binary form", XGBOOST),
    (b"booster[", "XGBoost's dump, which lacks parts of the model", XGBOOST),
    (b"0:[", "XGBoost's dump, which lacks parts of the model", XGBOOST),
    (
        b"{\"name\":\"tree\"",
        "LightGBM's dump_model, which lacks parts of the model",
        "save it with booster.save_model(\"model.txt\")",
    ),
    (
        b"CBM1",
        "CatBoost's own form",
        "save it with model.save_model(\"model.onnx\", format=\"onnx\")",
    ),
    (
        b"\x89HDF",
        "HDF5, as Keras writes it",
        "convert it: python -m tf2onnx.convert --keras FILE --output model.onnx",
    ),
    (b"PK", "an archive, such as PyTorch and Keras write", "export the model as ONNX"),
    (b"\x93NUMPY", "an array of NumPy", "export the model as ONNX"),
    (b"PAR1", "Parquet, which has data", "name the model's file, and give data as CSV with --data"),
    (b"<?xml", "XML, such as PMML", "export the model as ONNX"),
    (b"<PMML", "PMML", "export the model as ONNX"),
    (b"<", "a page of HTML or XML", "download the file itself, or export the model as ONNX"),
    (b"\x1f\x8b", "packed with gzip", "unpack it with gunzip"),
    (b"BZh", "packed with bzip2", "unpack it with bunzip2"),
    (b"\xfd7zXZ", "packed with xz", "unpack it with unxz"),
    (b"version https://git-lfs", "a pointer of Git LFS", "get the file with git lfs pull"),
    (b"[", "a list of JSON, such as XGBoost's dump", XGBOOST),
];

/// Returns a message with a remedy if the file is empty or in an unsupported format. Decides by the
/// extension of `path` and by the bytes.
pub fn name(path: &Path, bytes: &[u8]) -> Option<String> {
    if bytes.trim_ascii().is_empty() {
        return Some("it is empty".to_owned());
    }
    if has_ending(path, &PICKLES) || is_pickle(bytes) {
        return Some(PICKLE.to_owned());
    }
    if is_safetensors(bytes) {
        return Some(format!("it is safetensors, which has weights and no model; {TORCH}"));
    }
    // JSON may have white space anywhere.
    let start = bytes.iter().take(64).copied().filter(|byte| !byte.is_ascii_whitespace());
    let start: Vec<u8> = start.collect();
    let is =
        |(magic, ..): &&(&[u8], &str, &str)| bytes.starts_with(magic) || start.starts_with(magic);
    if let Some((_, name, remedy)) = STARTS.iter().find(is) {
        return Some(format!("it is {name}; {remedy}"));
    }
    is_table(bytes).then(|| {
        "it is a table of text; name the model's file, and give the table with --data".to_owned()
    })
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default();
    endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// True for a pickle. Protocols 2 to 5 begin with 0x80 and their number; protocols 0 and 1 end with
/// a dot. Also true for zlib data, as joblib may compress a pickle.
fn is_pickle(bytes: &[u8]) -> bool {
    let is_old =
        [&b"(dp"[..], b"(lp", b"(i", b"ccopy_reg\n", b"c__main__\n", b"}q", b"]q", b"csklearn"]
            .iter()
            .any(|start| bytes.starts_with(start));
    let is_zlib = matches!(bytes, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]);
    matches!(bytes, [0x80, 2..=5, ..])
        || is_old && bytes.trim_ascii_end().ends_with(b".")
        || is_zlib
}

/// True for safetensors: a length in eight bytes, then a JSON header.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else { return false };
    let length = u64::from_le_bytes(*length);
    rest.starts_with(b"{\"") && (2..=rest.len() as u64).contains(&length)
}

/// True for a table such as CSV: text with equally many separators in its first two lines.
fn is_table(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1 << 16)];
    let mut lines = start.split(|byte| *byte == b'\n');
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    let is_text = |line: &[u8]| line.iter().all(|byte| matches!(byte, b'\t' | b'\r' | 0x20..));
    let count = |line: &[u8]| line.iter().filter(|byte| b",;\t".contains(byte)).count();
    std::str::from_utf8(first).is_ok()
        && is_text(first)
        && is_text(second)
        && count(first) > 0
        && count(first) == count(second)
}
