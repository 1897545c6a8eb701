//! `[component.<id>]`

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::PathBuf;

/// A component and its grants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The component's WebAssembly.
    pub source: Source,
    #[serde(default, rename = "description")]
    _description: String,
    /// The component's variables: name, and text with `{{ application_variable }}` in it.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    /// The component's environment variables.
    #[serde(default)]
    pub environment: IndexMap<String, String>,
    /// The labels of the key-value stores granted to the component.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// The components for its imports, by the import's name.
    #[serde(default)]
    pub dependencies: IndexMap<String, Dependency>,
    /// True if dependencies have the same grants as the component.
    #[serde(default)]
    pub dependencies_inherit_configuration: bool,
    /// The build of the component.
    pub build: Option<Build>,
    #[serde(default, rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(default, rename = "tool")]
    _tool: Option<IgnoredAny>,
    // Features of Spin alone. Each is refused unless it is empty.
    #[serde(default)]
    pub(super) files: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) exclude_files: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) allowed_http_hosts: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) allowed_outbound_hosts: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) sqlite_databases: Vec<IgnoredAny>,
    #[serde(default)]
    pub(super) ai_models: Vec<IgnoredAny>,
}

/// The location of a component's WebAssembly.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected the path of a .wasm file")]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Another location. This host refuses it.
    Remote(IgnoredAny),
}

/// The component for an import.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a table with a path")]
pub enum Dependency {
    /// A component in a file.
    Local(LocalDependency),
    /// A version or package of a registry, or a URL. This host refuses all of them.
    Remote(serde_json::Value),
}

/// A component in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalDependency {
    /// The path of the file, from the manifest's folder.
    pub path: PathBuf,
    /// The export to use, if its name differs from the import's.
    pub export: Option<String>,
}

/// The build of a component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The commands, run by the shell one after the other.
    pub command: Commands,
    /// The folder to run them in, from the manifest's folder.
    pub workdir: Option<PathBuf>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

/// One command or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a command, or a list of commands")]
pub enum Commands {
    /// One command.
    One(String),
    /// Several commands, in order.
    Many(Vec<String>),
}

impl Commands {
    /// Returns the commands in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(command) => std::slice::from_ref(command),
            Self::Many(commands) => commands,
        }
        .iter()
        .map(String::as_str)
    }
}
