//! Compiled code, kept from one start to the next.

use super::Files;
use crate::VERSION;
use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wasmtime::Engine;
use wasmtime::component::Component;

/// How many components' code is kept, those used last.
const KEPT: usize = 32;

/// A folder of compiled components, named by the digest of all that they were made from.
pub struct Cache {
    folder: PathBuf,
    engine: u64,
}

impl Cache {
    pub fn new(folder: PathBuf, engine: &Engine) -> Self {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { folder, engine: hasher.finish() }
    }

    /// The compiled component of `files`; if it is not there yet, what `compile` makes. A cache
    /// that cannot be written costs time at each start, and nothing else.
    pub fn load_or(
        &self,
        engine: &Engine,
        files: &Files,
        compile: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Component> {
        let path = self.folder.join(format!("{}.cwasm", self.key(files)));
        if let Some(component) = read(engine, &path) {
            return Ok(component);
        }
        let code = compile()?;
        let _ = write(&path, &code);
        // SAFETY: the bytes are what this engine has just compiled.
        let component = unsafe { Component::deserialize(engine, code) };
        component.map_err(|error| anyhow!("{error:#}"))
    }

    fn key(&self, files: &Files) -> String {
        let mut digest = Sha256::new();
        digest.update(format!("{VERSION} {:x} {}", self.engine, files.inherit));
        digest.update([u8::from(files.has_environment)]);
        digest.update(Sha256::digest(&files.source));
        for dependency in &files.dependencies {
            digest.update(format!("{:?} {:?}", dependency.name, dependency.export));
            digest.update(Sha256::digest(&dependency.bytes));
        }
        let hex = |byte: &u8| format!("{byte:02x}");
        digest.finalize().iter().take(16).map(hex).collect()
    }

    /// Removes all but the components used last.
    pub fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut used: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let is_code = path.extension().is_some_and(|end| end == "cwasm" || end == "tmp");
                is_code.then_some((path.metadata().ok()?.modified().ok()?, path))
            })
            .collect();
        used.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
        for (_, path) in used.into_iter().skip(KEPT) {
            let _ = fs::remove_file(path);
        }
    }
}

fn read(engine: &Engine, path: &Path) -> Option<Component> {
    let file = File::open(path).ok()?;
    // SAFETY: code that wasmtime did not compile could do anything. The file's name has the
    // digest of what it was compiled from and of the engine that did; only this module writes
    // into its folder, and moves a file there once it is complete; and who else may write there
    // may replace this program as well. wasmtime checks again that the engine is the same.
    let component = unsafe { Component::deserialize_file(engine, path) }.ok()?;
    let _ = file.set_modified(SystemTime::now());
    Some(component)
}

fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
        // Wherever the manifest is, its compiled code is nothing to commit.
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&unfinished, code)?;
    fs::rename(&unfinished, path)
}
