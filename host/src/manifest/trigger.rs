//! `[[trigger.http]]`

use indexmap::IndexMap;
use serde::Deserialize;

/// A route and its target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    /// The id of the component for this route.
    pub component: Option<String>,
    /// A static response, instead of a component.
    pub static_response: Option<StaticResponse>,
    /// The paths of this trigger.
    pub route: Route,
    #[serde(default, rename = "executor")]
    _executor: Option<Executor>,
}

/// The paths of a trigger.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a path such as \"/...\", or { private = true }")]
pub enum Route {
    /// A path. It may have `:name` segments and end in `/...`.
    Path(String),
    /// No path. Only other components of the application may call it.
    Private(Private),
}

/// `{ private = true }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    pub(super) private: bool,
}

/// A static response, given by the host itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticResponse {
    /// The status. If `None`, it is 200.
    pub status_code: Option<u16>,
    /// The response's headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// The response's body; empty by default.
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
