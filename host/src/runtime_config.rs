//! `runtime-config.toml`: the labels of the key-value stores.

use crate::Manifest;
use crate::manifest::located;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::path::Path;

const REMEDY: &str = "is not supported by the embedded host; use `spin up`";

/// The operator's configuration of an application: the labels of its key-value stores.
///
/// [`RuntimeConfig::default`] is the configuration without a file. Every store is in memory, and
/// the store `default` always exists.
#[derive(Clone, Debug, Default)]
pub struct RuntimeConfig {
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    key_value_store: BTreeMap<String, KeyValueStore>,
    #[serde(flatten)]
    rest: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct KeyValueStore {
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    rest: BTreeMap<String, IgnoredAny>,
}

impl RuntimeConfig {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// If the file is missing or invalid, or names a feature missing in this host.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| name.to_string())
    }

    /// Reads `runtime-config.toml` beside the manifest, if it exists.
    ///
    /// # Errors
    ///
    /// As for [`RuntimeConfig::load`].
    pub fn beside(manifest: &Manifest) -> Result<Self> {
        let path = manifest.base.join("runtime-config.toml");
        if path.exists() { Self::load(&path) } else { Ok(Self::default()) }
    }

    /// Reads a runtime configuration from `text`.
    ///
    /// # Errors
    ///
    /// As for [`RuntimeConfig::load`].
    pub fn parse(text: &str) -> Result<Self> {
        let file: File = toml_edit::de::from_str(text).map_err(|error| located(text, &error))?;
        if let Some(table) = file.rest.keys().next() {
            bail!("`{table}` {REMEDY}");
        }
        for (label, store) in &file.key_value_store {
            store.check().with_context(|| format!("key_value_store.{label}"))?;
        }
        let labels = file.key_value_store.into_keys().collect();
        Ok(Self { labels })
    }

    /// Returns the labels of the stores. `default` always comes first.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        std::iter::once("default").chain(self.labels.iter().map(String::as_str))
    }
}

impl KeyValueStore {
    fn check(&self) -> Result<()> {
        ensure!(self.kind == "spin", "type `{}` {REMEDY}", self.kind);
        let path = self.rest.contains_key("path");
        ensure!(!path, "`path` {REMEDY}, or leave it out to keep the store in memory");
        match self.rest.keys().next() {
            Some(field) => bail!("unknown field `{field}`"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", RuntimeConfig::parse(text).unwrap_err())
    }

    #[test]
    fn stores_in_memory_are_honoured_and_default_is_always_there() {
        let text = "[key_value_store.cache]\ntype = \"spin\"";
        let config = RuntimeConfig::parse(text).unwrap();
        assert_eq!(config.labels().collect::<Vec<_>>(), ["default", "cache"]);
    }

    #[test]
    fn all_else_is_refused_by_name() {
        let path = "[key_value_store.default]\ntype = \"spin\"\npath = \"a.db\"";
        assert!(error(path).starts_with("key_value_store.default: `path` is not supported"));
        let redis = "[key_value_store.a]\ntype = \"redis\"\nurl = \"redis://a\"";
        assert!(error(redis).starts_with("key_value_store.a: type `redis` is not supported"));
        assert!(error("[llm_compute]\ntype = \"spin\"").starts_with("`llm_compute` is not"));
    }
}
