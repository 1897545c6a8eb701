//! Builds an application's components, as `spin build` does.

use crate::Log;
use crate::manifest::Manifest;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs each component's build commands, one after the other, in the manifest's order. A command
/// that several components share runs once. The commands print for themselves.
///
/// # Errors
///
/// If a command fails, or compiles for a WebAssembly target that is not installed and cannot be.
pub fn run(manifest: &Manifest, log: &Log) -> Result<()> {
    let mut done = HashSet::new();
    for (id, component) in &manifest.schema.component {
        let Some(build) = &component.build else {
            continue;
        };
        // Several components may share a command in a folder: it runs once.
        let workdir = match &build.workdir {
            Some(workdir) => manifest.base.join(workdir),
            None => manifest.base.clone(),
        };
        for command in build.command.iter() {
            if done.insert((command, workdir.clone())) {
                run_one(command, &workdir, log).with_context(|| format!("component `{id}`"))?;
            }
        }
    }
    Ok(())
}

fn run_one(command: &str, workdir: &Path, log: &Log) -> Result<()> {
    for target in wasm_targets(command) {
        ensure_target(target, workdir, log)?;
    }
    log.line(format_args!("Building (the first time takes a while): {command}"));
    let status = shell(command, workdir).status();
    let status = status.with_context(|| format!("cannot run `{command}`"))?;
    ensure!(status.success(), "`{command}` failed: {status}");
    Ok(())
}

/// The shell that runs `command`. It does not see what `cargo run` tells this program about
/// itself: some build scripts run again when that changes.
fn shell(command: &str, workdir: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(directory(workdir));
    for_components(&mut shell);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(describes_this_package) {
            shell.env_remove(name);
        }
    }
    shell
}

/// Makes cargo build into the folder that manifests name, and without the flags that a user sets for this
/// machine's programs: they are not for WebAssembly.
pub fn for_components(command: &mut Command) {
    command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    command.env("CARGO_ENCODED_RUSTFLAGS", "");
}

/// The folder of `spin.toml`, if no other is named, is the one this program is in.
fn directory(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

fn describes_this_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| variable.starts_with(start))
        || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&variable)
}

/// The WebAssembly targets that `command` compiles for.
fn wasm_targets(command: &str) -> impl Iterator<Item = &str> {
    let words = || command.split_whitespace();
    let after = words().zip(words().skip(1)).filter(|(word, _)| *word == "--target");
    let joined = words().filter_map(|word| word.strip_prefix("--target="));
    after.map(|(_, target)| target).chain(joined).filter(|target| target.starts_with("wasm32-"))
}

fn ensure_target(target: &str, workdir: &Path, log: &Log) -> Result<()> {
    if is_installed(target, workdir)? {
        return Ok(());
    }
    // Say what is installed, and install it.
    log.line(format_args!("Installing the Rust target {target}: rustup target add {target}"));
    let rustup = Command::new("rustup")
        .args(["target", "add", target])
        .current_dir(directory(workdir))
        .status();
    match rustup {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("`rustup target add {target}` failed: {status}"),
        Err(_) => bail!(
            "the Rust target {target} is missing and so is rustup; \
             install it with your package manager, or see https://rustup.rs"
        ),
    }
}

/// Asks rustc in the folder of the build, where a toolchain file may name another toolchain.
fn is_installed(target: &str, workdir: &Path) -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(directory(workdir))
        .stderr(Stdio::null())
        .output()
        .context("cannot run rustc; install Rust, see https://rustup.rs")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::sync::{Arc, Mutex};

    #[test]
    fn the_targets_of_a_command_are_found() {
        for (command, targets) in [
            ("cargo build --target wasm32-wasip1 --release", vec!["wasm32-wasip1"]),
            ("cargo build --target=wasm32-wasip2", vec!["wasm32-wasip2"]),
            ("cargo build --target x86_64-unknown-linux-gnu", vec![]),
            ("npm run build", vec![]),
        ] {
            assert_eq!(wasm_targets(command).collect::<Vec<_>>(), targets, "{command}");
        }
    }

    /// `-C link-arg=-fuse-ld=mold`, say, would fail; and the manifest names the folder `target`.
    #[test]
    fn a_users_flags_and_folder_are_not_for_components() {
        let shell = shell("true", Path::new(""));
        let set: Vec<_> = shell.get_envs().collect();
        for expected in [
            ("CARGO_ENCODED_RUSTFLAGS", Some("")),
            ("CARGO_TARGET_DIR", None),
            ("CARGO_BUILD_TARGET_DIR", None),
        ] {
            let expected = (OsStr::new(expected.0), expected.1.map(OsStr::new));
            assert!(set.contains(&expected), "{expected:?} is not in {set:?}");
        }
    }

    #[test]
    fn a_shared_build_command_runs_once() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = log.clone();
        run(
            &manifest("true", "true"),
            &Log::new(move |line| sink.lock().unwrap().push(line.to_owned())),
        )
        .unwrap();
        assert_eq!(*log.lock().unwrap(), ["Building (the first time takes a while): true"]);
    }

    #[test]
    fn a_failed_command_is_named() {
        let error = run(&manifest("true", "exit 3"), &Log::new(|_| ())).unwrap_err();
        let expected = "component `b`: `exit 3` failed: exit status: 3";
        assert_eq!(format!("{error:#}"), expected);
    }

    fn manifest(a: &str, b: &str) -> Manifest {
        let text = format!(
            "spin_manifest_version = 2\ntrigger.http = []\napplication.name = \"a\"\n\
             component.a = {{ source = \"a.wasm\", build.command = \"{a}\" }}\n\
             component.b = {{ source = \"b.wasm\", build.command = [\"{b}\"] }}\n"
        );
        Manifest::parse(&text, Path::new("")).unwrap()
    }
}
