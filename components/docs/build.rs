//! Link settings of the component, and the files of its pages.

use flate2::{Compression, write::GzEncoder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Swagger UI's files for the page at `/docs`, each with its media type.
const SWAGGER_UI: [(&str, &str); 3] = [
    ("swagger-ui-bundle.js", JAVASCRIPT),
    ("swagger-ui.css", CSS),
    ("favicon-32x32.png", "image/png"),
];

/// The folder of the files of the page at `/ask`.
const ASK_FOLDER: &str = "../../src/respond/docs/ask";

/// The files of the page at `/ask`, each with its media type.
const ASK: [(&str, &str); 8] = [
    ("ask.css", CSS),
    ("main.js", JAVASCRIPT),
    ("words.js", JAVASCRIPT),
    ("form.js", JAVASCRIPT),
    ("answer.js", JAVASCRIPT),
    ("card.js", JAVASCRIPT),
    ("charts.js", JAVASCRIPT),
    ("what_if.js", JAVASCRIPT),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ASK_FOLDER}");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("wasm32") {
        return;
    }
    // As for the service, but without an initial memory: here the files are part of the memory.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=proxy");
    write_assets(&PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")));
}

/// Writes the files, each plain and compressed, and a list of them in Rust.
fn write_assets(folder: &Path) {
    let mut list = String::from("static ASSETS: &[Asset] = &[\n");
    // Swagger UI's, out of their package.
    let archive = Cursor::new(SWAGGER_UI_VENDORED);
    let mut archive = ZipArchive::new(archive).expect("the package is an archive");
    for (name, content_type) in SWAGGER_UI {
        let path = archive.file_names().find(|path| path.ends_with(&format!("/dist/{name}")));
        let path = path.expect("the package has the file").to_owned();
        let mut content = Vec::new();
        archive.by_name(&path).unwrap().read_to_end(&mut content).expect("the file can be read");
        list += &write_asset(folder, "docs", name, content_type, &content);
    }
    // Our own, without indentation and comments. Their lines keep their numbers.
    for (name, content_type) in ASK {
        let path = Path::new(ASK_FOLDER).join(name);
        let content = std::fs::read_to_string(path).expect("the file is there");
        let lines: String =
            content.lines().flat_map(|line| [without_comment(line), "\n"]).collect();
        list += &write_asset(folder, "ask", name, content_type, lines.as_bytes());
    }
    list.push_str("];\n");
    std::fs::write(folder.join("assets.rs"), list).expect("cargo's folder can be written");
}

/// Returns a line without its indentation; nothing, if all of it is a comment.
fn without_comment(line: &str) -> &str {
    let line = line.trim();
    let is_comment = line.starts_with("//") || line.starts_with("/**") && line.ends_with("*/");
    if is_comment { "" } else { line }
}

/// Writes a file of a page, plain and compressed, and returns its entry in the list.
fn write_asset(
    folder: &Path,
    page: &str,
    name: &str,
    content_type: &str,
    content: &[u8],
) -> String {
    let (plain, file) = (folder.join(name), folder.join(format!("{name}.gz")));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("memory takes all");
    let gzip = encoder.finish().expect("memory takes all");
    let mut hasher = DefaultHasher::new();
    gzip.hash(&mut hasher);
    let tag = format!("{:016x}", hasher.finish());
    std::fs::write(&plain, content).expect("cargo's folder can be written");
    std::fs::write(&file, gzip).expect("cargo's folder can be written");
    format!(
        "Asset {{ page: {page:?}, name: {name:?}, content_type: {content_type:?}, tag: {tag:?}, \
         plain: include_bytes!({plain:?}), gzip: include_bytes!({file:?}) }},\n"
    )
}
