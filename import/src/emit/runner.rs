//! Builds the runner's component with cargo.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-wasip1";

/// The manifest of the runner's package. Its path marks the folder of the workspace.
const PACKAGE: &str = "models/runner/Cargo.toml";

/// Finds the folder of the workspace: the folder of cargo's current package or one above it.
/// Outside of cargo, it starts at the current folder.
///
/// It ignores the folder of this program's build, since a user may have copied or renamed it.
///
/// # Errors
///
/// If no folder there has the runner's package.
fn workspace() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = package.map_or_else(std::env::current_dir, Ok)?;
    let workspace = folder.ancestors().find(|folder| folder.join(PACKAGE).exists());
    Ok(workspace.context("run it in the folder of model-api: cargo import model.onnx")?.to_owned())
}

/// Returns the bytes of the runner. Builds it first, if it is missing or has changed.
///
/// # Errors
///
/// If the runner cannot be built or read.
pub fn load() -> Result<Vec<u8>> {
    let workspace = workspace()?;
    ensure_target(&workspace)?;
    let path = built(&workspace)?;
    std::fs::read(&path).with_context(|| path.display().to_string())
}

fn built(workspace: &Path) -> Result<PathBuf> {
    let status = build(workspace)
        .status()
        .context("cannot run cargo; install Rust, see https://rustup.rs")?;
    ensure!(status.success(), "the runner cannot be built: {status}");
    Ok(workspace.join("target").join(TARGET).join("release/model_runner.wasm"))
}

fn build(workspace: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", TARGET, "-p", "model-runner"])
        .current_dir(workspace)
        // Use the target folder of the manifests. Flags for this machine do not suit WebAssembly.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .env("CARGO_ENCODED_RUSTFLAGS", "");
    cargo
}

/// Installs Rust's target for WebAssembly if it is missing.
fn ensure_target(workspace: &Path) -> Result<()> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace)
        .stderr(Stdio::null())
        .output()
        .context("cannot run rustc; install Rust, see https://rustup.rs")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && Path::new(&folder).exists() {
        return Ok(());
    }
    let rustup =
        Command::new("rustup").args(["target", "add", TARGET]).current_dir(workspace).status();
    match rustup {
        Ok(status) if status.success() => Ok(()),
        _ => bail!("the Rust target {TARGET} is missing; install it: rustup target add {TARGET}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    /// Flags such as `-C link-arg=-fuse-ld=mold` would make the build fail.
    #[test]
    fn a_users_flags_and_folder_are_not_for_the_runner() {
        let cargo = build(Path::new("."));
        let set: Vec<_> = cargo.get_envs().collect();
        for (name, value) in [
            ("CARGO_ENCODED_RUSTFLAGS", Some("")),
            ("CARGO_TARGET_DIR", None),
            ("CARGO_BUILD_TARGET_DIR", None),
        ] {
            let expected = (OsStr::new(name), value.map(OsStr::new));
            assert!(set.contains(&expected), "{expected:?} is not in {set:?}");
        }
    }
}
