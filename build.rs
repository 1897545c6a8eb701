//! Compresses the common parts of the OpenAPI document: a component has
//! them at a quarter of their length, and unpacks them as it does bodies.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::{Result, Write};
use std::path::Path;

const PARTS: [(&str, &[u8]); 2] = [
    ("document", include_bytes!("src/respond/openapi/document.json")),
    ("operations", include_bytes!("src/respond/openapi/operations.json")),
];

fn main() -> Result<()> {
    // Nothing else runs it again: the parts are in this program, and Cargo builds it anew with them.
    println!("cargo::rerun-if-env-changed=OUT_DIR");
    let folder = std::env::var_os("OUT_DIR").expect("Cargo names a folder");
    for (name, json) in PARTS {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(json)?;
        std::fs::write(Path::new(&folder).join(name), packed.finish()?)?;
    }
    Ok(())
}
