//! `[component.<id>]`

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::PathBuf;

/// A component, and what it may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its WebAssembly.
    pub source: Source,
    #[serde(default, rename = "description")]
    _description: String,
    /// The variables that it reads: text with `{{ application_variable }}` in it.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    /// Its environment variables.
    #[serde(default)]
    pub environment: IndexMap<String, String>,
    /// The labels of the stores it may open.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// The components that satisfy its imports, by the import's name.
    #[serde(default)]
    pub dependencies: IndexMap<String, Dependency>,
    /// True if dependencies may use everything that the component may use.
    #[serde(default)]
    pub dependencies_inherit_configuration: bool,
    /// The command that builds it.
    pub build: Option<Build>,
    #[serde(default, rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(default, rename = "tool")]
    _tool: Option<IgnoredAny>,
    // What only Spin has. Each is refused unless it is empty.
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

/// The place of a component's WebAssembly.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected the path of a .wasm file")]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Somewhere else, which this host refuses.
    Remote(IgnoredAny),
}

/// The component that satisfies an import.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a table with a path")]
pub enum Dependency {
    /// A component in a file.
    Local(LocalDependency),
    /// A version or package of a registry, or a URL, which this host refuses.
    Remote(serde_json::Value),
}

/// A component in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalDependency {
    /// The file.
    pub path: PathBuf,
    /// The export to use, if its name is not the import's.
    pub export: Option<String>,
}

/// The build of a component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The commands, run one after the other by the shell.
    pub command: Commands,
    /// The folder they run in, from the manifest's.
    pub workdir: Option<PathBuf>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

/// One command or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a command, or a list of commands")]
pub enum Commands {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Commands {
    /// The commands in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(command) => std::slice::from_ref(command),
            Self::Many(commands) => commands,
        }
        .iter()
        .map(String::as_str)
    }
}
