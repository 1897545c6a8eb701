//! Processes, and what they print.

use super::root;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The number of lines of each log that are shown when a test fails.
const LINES: usize = 8;

/// The folder of all logs.
pub struct Logs(PathBuf);

impl Logs {
    pub fn of_this_run() -> Self {
        let folder = root().join("target/cluster/run/logs");
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Removes those of the run before.
    pub fn clear(&self) {
        fs::remove_dir_all(&self.0).and_then(|()| fs::create_dir_all(&self.0)).unwrap();
    }

    /// Starts a process whose output is the log `name`.
    pub fn start(&self, name: &str, command: &mut Command) -> Child {
        let log = File::create(self.0.join(name)).unwrap();
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"))
    }

    /// Starts a process that runs until the run's namespaces end.
    pub fn keep_running(&self, name: &str, command: &mut Command) {
        drop(self.start(name, command));
    }

    /// Prints the end of each log.
    pub fn show(&self) {
        for entry in fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            let lines: Vec<_> = text.lines().collect();
            eprintln!("--- {}", path.display());
            for line in &lines[lines.len().saturating_sub(LINES)..] {
                eprintln!("{line:.200}");
            }
        }
    }
}

/// A program that `tests/cluster/run` built.
pub fn tool(name: &str) -> Command {
    let mut command = Command::new(root().join("target/cluster/bin").join(name));
    command.env("KUBECONFIG", kubeconfig()).current_dir(root());
    command
}

pub fn kubeconfig() -> PathBuf {
    root().join("target/cluster/run/kubeconfig")
}

/// Runs a tool to its end. It must succeed and warn of nothing.
pub fn run(name: &str, arguments: &[&str]) -> String {
    run_in(&root(), name, arguments)
}

/// The same, in a folder.
pub fn run_in(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let output = tool(name).current_dir(folder).args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let command = format!("{name} {}", arguments.join(" "));
    assert!(output.status.success(), "{command}\n{printed}{errors}");
    // kubectl has an order of its own, and says that it follows the kustomization instead.
    let warns =
        |line: &str| line.contains("Warning") && !line.contains("Sorting order is set both");
    assert!(!errors.lines().any(warns), "{command}\n{errors}");
    printed
}
