//! `[[trigger.http]]`

use indexmap::IndexMap;
use serde::Deserialize;

/// A route, and what answers it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    /// The id of the component that answers.
    pub component: Option<String>,
    /// A response that needs no component.
    pub static_response: Option<StaticResponse>,
    /// The paths that are answered.
    pub route: Route,
    #[serde(default, rename = "executor")]
    _executor: Option<Executor>,
}

/// The paths of a trigger.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a path such as \"/...\", or { private = true }")]
pub enum Route {
    /// A path, which may have `:name` segments and end in `/...`.
    Path(String),
    /// None: only other components of the application may call it.
    Private(Private),
}

/// `{ private = true }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    pub(super) private: bool,
}

/// A response that the host gives itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticResponse {
    /// The status; 200 if there is none.
    pub status_code: Option<u16>,
    /// Its headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// Its body; empty if there is none.
    #[serde(default)]
    pub body: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Executor {
    #[serde(rename = "type")]
    _kind: ExecutorKind,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExecutorKind {
    #[serde(alias = "spin")]
    Http,
}
