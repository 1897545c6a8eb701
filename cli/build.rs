//! Builds what the program carries: the components, and the manifests of an application.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The components, by their packages. Each is built alone: the models are built without the standard library,
/// which the service brings in.
const PACKAGES: [&str; 3] = ["model-api-service", "model-api-docs", "model-runner"];

/// What the components are made of.
const SOURCES: [&str; 8] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "components",
    "contract",
    "models",
    "src",
];

const TARGET: &str = "wasm32-wasip1";

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("Cargo names a folder"));
    for source in SOURCES.iter().chain(&["wit", "k8s"]) {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    ensure_target(workspace);
    // A folder of their own: Cargo holds the one of this build.
    let target = workspace.join("target/components");
    for package in PACKAGES {
        build(workspace, &target, package);
        let file = format!("{}.wasm", package.replace('-', "_"));
        let from = target.join(TARGET).join("release").join(&file);
        std::fs::copy(&from, out.join(&file))
            .unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
    std::fs::write(out.join("manifests.rs"), manifests(&workspace.join("k8s")))
        .expect("OUT_DIR is writable");
}

/// Installs Rust's target for WebAssembly if it is missing. If that fails, the build says what to do.
fn ensure_target(workspace: &Path) {
    let rustc = std::env::var_os("RUSTC").expect("Cargo names the compiler");
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace)
        .output();
    let folder = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if !folder.is_ok_and(|folder| Path::new(&folder).exists()) {
        let _ =
            Command::new("rustup").args(["target", "add", TARGET]).current_dir(workspace).status();
    }
}

fn build(workspace: &Path, target: &Path, package: &str) {
    let mut cargo = Command::new(std::env::var_os("CARGO").expect("Cargo names itself"));
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            TARGET,
            "--package",
            package,
            "--target-dir",
        ])
        .arg(target)
        .current_dir(workspace)
        // What is set for this machine does not suit WebAssembly.
        .env("CARGO_ENCODED_RUSTFLAGS", remap())
        .env_remove("RUSTC_WORKSPACE_WRAPPER");
    let status = cargo.status().expect("Cargo runs");
    assert!(
        status.success(),
        "{package}: {status}; is the target there? rustup target add {TARGET}"
    );
}

/// The flag of `.ci/components`, so that no folder of the builder is in the components.
fn remap() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    format!("--remap-path-prefix={}=/cargo", home.display())
}

/// Lists the files below a folder as Rust: their paths from it, and their bytes.
fn manifests(folder: &Path) -> String {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut list = "&[\n".to_owned();
    for file in files {
        let name = file.strip_prefix(folder).expect("it is below the folder");
        let _ = writeln!(list, "    ({name:?}, include_bytes!({file:?})),");
    }
    list + "]\n"
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        match path.extension() {
            _ if path.is_dir() => collect(&path, files),
            // They are about this repository.
            Some(end) if end == "md" => {}
            _ => files.push(path),
        }
    }
}
