//! The runner's component, which Rust builds once.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-wasip1";

/// The folder of the workspace that this program was built in.
fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The bytes of the runner, which is built if it is not there or has changed.
///
/// # Errors
///
/// If it cannot be built.
pub fn load() -> Result<Vec<u8>> {
    ensure_target()?;
    let path = built()?;
    std::fs::read(&path).with_context(|| path.display().to_string())
}

fn built() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), PathBuf::from);
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--target", TARGET, "-p", "model-runner"])
        .current_dir(workspace())
        .status()
        .context("cannot run cargo; install Rust, see https://rustup.rs")?;
    ensure!(status.success(), "the runner cannot be built: {status}");
    Ok(target.join(TARGET).join("release/model_runner.wasm"))
}

/// Installs the target if it is missing.
fn ensure_target() -> Result<()> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace())
        .stderr(Stdio::null())
        .output()
        .context("cannot run rustc; install Rust, see https://rustup.rs")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && Path::new(&folder).exists() {
        return Ok(());
    }
    let rustup =
        Command::new("rustup").args(["target", "add", TARGET]).current_dir(workspace()).status();
    match rustup {
        Ok(status) if status.success() => Ok(()),
        _ => bail!("the Rust target {TARGET} is missing; install it: rustup target add {TARGET}"),
    }
}
