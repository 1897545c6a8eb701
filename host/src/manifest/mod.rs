//! `spin.toml`: its schema, and the checks of this host.
//!
//! The schema is the one of Spin 3.6.3. This host refuses unsupported features by name. So an
//! application never runs here with less than its manifest promises.

mod check;
mod component;
mod name;
mod trigger;

pub use component::{Build, Commands, Component, Dependency, Source};
pub use name::check_name;
pub use trigger::{HttpTrigger, Route, StaticResponse};

use anyhow::{Context, Result, anyhow};
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::{Path, PathBuf};
use toml_edit::de::from_str;

/// An application's manifest.
pub struct Manifest {
    /// The contents of the file.
    pub schema: Schema,
    /// The base folder of the manifest's paths.
    pub base: PathBuf,
}

/// The file `spin.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    #[serde(rename = "spin_manifest_version")]
    _version: i64,
    /// `[application]`
    pub application: Application,
    /// `[variables]`: the operator may set them.
    #[serde(default)]
    pub variables: IndexMap<String, Variable>,
    /// `[[trigger.http]]`
    pub trigger: Triggers,
    /// `[component.<id>]`
    #[serde(default)]
    pub component: IndexMap<String, Component>,
}

/// `[application]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The application's name.
    pub name: String,
    /// The application's version; empty if the manifest has none.
    #[serde(default)]
    pub version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(default, rename = "tool")]
    _tool: Option<IgnoredAny>,
    trigger: Option<IgnoredAny>,
}

/// An application variable.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[serde(default, rename = "description")]
    _description: Option<String>,
    /// The value, if the operator sets none.
    #[serde(default)]
    pub default: Option<String>,
    /// True if the operator must set a value.
    #[serde(default)]
    pub required: bool,
    /// True if the value is sensitive. This host logs no variable's value.
    #[serde(default, rename = "secret")]
    _secret: bool,
}

/// `[trigger]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// `[[trigger.http]]`
    pub http: Vec<HttpTrigger>,
}

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or as for [`Manifest::parse`].
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {name}; name a manifest with --from"))?;
        let base = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, base).with_context(|| name.to_string())
    }

    /// Reads a manifest from `text`. Its paths start from `base`.
    ///
    /// # Errors
    ///
    /// If the text is not valid TOML, is not a Spin manifest of version 2, or needs a feature
    /// missing in this host. The message is one line. It begins with the line and column if they
    /// are known.
    pub fn parse(text: &str, base: &Path) -> Result<Self> {
        let table = from_str(text).map_err(|error| located(text, &error))?;
        check::refuse_unsupported(&table)?;
        let schema: Schema = from_str(text).map_err(|error| located(text, &error))?;
        check::check(&schema)?;
        let base = base.to_owned();
        Ok(Self { schema, base })
    }
}

/// Returns the error as one line, with its line and column in `text` if they are known.
pub(crate) fn located(text: &str, error: &toml_edit::de::Error) -> anyhow::Error {
    let message = error.message().trim().replace('\n', " ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return anyhow!("{message}");
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    anyhow!("line {line}, column {column}: {message}")
}
