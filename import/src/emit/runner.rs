//! The runner's component, which Rust builds once.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-wasip1";

/// The runner's package, by which the workspace is found.
const PACKAGE: &str = "models/runner/Cargo.toml";

/// The folder of the workspace: that of the package which cargo runs, or of this folder. This program's
/// own may have been copied or renamed since it was built.
fn workspace() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = package.map_or_else(std::env::current_dir, Ok)?;
    let workspace = folder.ancestors().find(|folder| folder.join(PACKAGE).exists());
    Ok(workspace.context("run it in the folder of model-api: cargo import model.onnx")?.to_owned())
}

/// The bytes of the runner, which is built if it is not there or has changed.
///
/// # Errors
///
/// If it cannot be built.
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
        // The component is where the manifests say, and flags for this machine are not for WebAssembly.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .env("CARGO_ENCODED_RUSTFLAGS", "");
    cargo
}

/// Installs the target if it is missing.
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

    /// `-C link-arg=-fuse-ld=mold`, say, would fail.
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
