//! Builds an application's components, like `spin build`.

use crate::Log;
use crate::manifest::Manifest;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the build commands of all components, one after the other, in the manifest's order. A
/// command shared by several components runs once. Its output goes to this program's own output.
///
/// # Errors
///
/// If a command fails. If a command compiles for a WebAssembly target, the target is not installed,
/// and installing it fails.
pub fn run(manifest: &Manifest, log: &Log) -> Result<()> {
    let mut done = HashSet::new();
    for (id, component) in &manifest.schema.component {
        let Some(build) = &component.build else {
            continue;
        };
        // Several components may share a command in the same folder. It runs once.
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

/// Returns a shell for `command`, without the variables set by `cargo run` for this program. Some
/// build scripts would run again when these variables change.
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

/// Makes cargo build into the folder named in manifests. Also removes the user's compiler flags:
/// they are for this machine, not for WebAssembly.
pub fn for_components(command: &mut Command) {
    command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    command.env("CARGO_ENCODED_RUSTFLAGS", "");
}

/// Returns the folder `path`, or this program's current folder if `path` is empty. The path is
/// empty if `spin.toml` is in the current folder.
fn directory(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}

fn describes_this_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| variable.starts_with(start))
        || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&variable)
}

/// Finds the WebAssembly targets named in `command`.
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
    // Install the target, and log the command for it.
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

/// Returns true if rustc has the target. Asks rustc in the build's folder, because a toolchain file
/// there may select another toolchain.
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

    /// A flag such as `-C link-arg=-fuse-ld=mold` would make the build fail, and the manifest needs
    /// the folder `target`.
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
