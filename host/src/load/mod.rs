//! Loads WebAssembly files as compiled code.
//!
//! - `componentize.rs` makes a component of a file, even if the file is a core module.
//! - `compose.rs` connects the dependencies to the component's imports.
//! - `engine.rs` sets up wasmtime, the compiler of the result.
//! - `cache.rs` keeps the compiled code for the next start.

mod cache;
mod componentize;
mod compose;
mod engine;

pub use engine::{Ticker, engine};

use crate::log::Log;
use crate::manifest::{self, Dependency, Source};
use anyhow::{Context, Result, anyhow, bail};
use cache::Cache;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use wasmtime::Engine;

/// Compiles components, or takes them from its cache.
pub struct Loader {
    engine: Engine,
    cache: Cache,
    sources: Sources,
}

/// Where the files of a manifest are.
pub struct Sources {
    /// The folder of the manifest's paths.
    pub base: PathBuf,
    /// The files in memory, by their paths in the manifest. They need no folder.
    pub here: HashMap<PathBuf, Vec<u8>>,
}

/// The files of a component and its dependencies.
pub struct Files {
    source: Vec<u8>,
    dependencies: Vec<DependencyFile>,
    inherit: bool,
    has_environment: bool,
}

#[derive(Clone)]
struct DependencyFile {
    name: String,
    export: Option<String>,
    bytes: Vec<u8>,
}

impl Loader {
    /// Makes a loader of these files. Compiled code is kept in the folder `cache`, or in the
    /// user's cache folder if it is `None`.
    pub fn new(engine: Engine, sources: Sources, cache: Option<PathBuf>, log: &Log) -> Self {
        Self { cache: Cache::open(cache, &engine, log), engine, sources }
    }

    /// Loads the component.
    ///
    /// # Errors
    ///
    /// If a file is missing, is not WebAssembly, or does not fit the others.
    pub fn load(&self, component: &manifest::Component) -> Result<wasmtime::component::Component> {
        let files = self.read(component)?;
        self.cache.load_or(&self.engine, &files, || {
            let component = compose::compose(&files)?;
            self.engine.precompile_component(&component).map_err(|error| anyhow!("{error:#}"))
        })
    }

    /// Removes the compiled code of all but the most recently used components.
    pub fn prune(&self) {
        self.cache.prune();
    }

    fn read(&self, component: &manifest::Component) -> Result<Files> {
        let Source::Path(path) = &component.source else {
            bail!("`source` is not a file");
        };
        let build = component.build.as_ref();
        let commands: Vec<_> = build.iter().flat_map(|build| build.command.iter()).collect();
        let commands = commands.join(" && ");
        let dependencies = component.dependencies.iter().filter_map(|(name, dependency)| {
            let Dependency::Local(local) = dependency else {
                return None;
            };
            let file =
                |bytes| DependencyFile { name: name.clone(), export: local.export.clone(), bytes };
            Some(self.read_file(&local.path, &commands).map(file))
        });
        Ok(Files {
            source: self.read_file(path, &commands)?,
            dependencies: dependencies.collect::<Result<_>>()?,
            inherit: component.dependencies_inherit_configuration,
            has_environment: !component.environment.is_empty(),
        })
    }

    fn read_file(&self, path: &Path, commands: &str) -> Result<Vec<u8>> {
        if let Some(bytes) = self.sources.here.get(path) {
            return Ok(bytes.clone());
        }
        let path = self.sources.base.join(path);
        std::fs::read(&path).with_context(|| {
            let remedy = match commands {
                "" => "its manifest has no build command: build it by hand".to_owned(),
                _ => format!("build it with `{commands}`, or leave out --no-build"),
            };
            format!("cannot read {}; {remedy}", path.display())
        })
    }
}
