//! Link settings of the component, and the files of its page.

use flate2::{Compression, write::GzEncoder};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// Swagger UI's files for the page, each with its media type.
const FILES: [(&str, &str); 3] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("wasm32") {
        return;
    }
    // As for the service, but without an initial memory: here the files are part of the memory.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=proxy");
    write_assets(&PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")));
}

/// Writes the files, each plain and compressed, and a list of them in Rust.
fn write_assets(folder: &std::path::Path) {
    let archive = Cursor::new(SWAGGER_UI_VENDORED);
    let mut archive = ZipArchive::new(archive).expect("the package is an archive");
    let mut list = String::from("static ASSETS: &[Asset] = &[\n");
    for (name, content_type) in FILES {
        let path = archive.file_names().find(|path| path.ends_with(&format!("/dist/{name}")));
        let path = path.expect("the package has the file").to_owned();
        let mut content = Vec::new();
        archive.by_name(&path).unwrap().read_to_end(&mut content).expect("the file can be read");
        let (plain, file) = (folder.join(name), folder.join(format!("{name}.gz")));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content).expect("memory takes all");
        let gzip = encoder.finish().expect("memory takes all");
        let mut hasher = DefaultHasher::new();
        gzip.hash(&mut hasher);
        let tag = format!("{:016x}", hasher.finish());
        std::fs::write(&plain, content).expect("cargo's folder can be written");
        std::fs::write(&file, gzip).expect("cargo's folder can be written");
        writeln!(
            list,
            "Asset {{ name: {name:?}, content_type: {content_type:?}, tag: {tag:?}, \
             plain: include_bytes!({plain:?}), gzip: include_bytes!({file:?}) }},"
        )
        .expect("a string takes all");
    }
    list.push_str("];\n");
    std::fs::write(folder.join("assets.rs"), list).expect("cargo's folder can be written");
}
