//! The model that a spin.toml names.

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// The interface that the model's component is wired to.
const PREDICTOR: &str = "model-api:predictor/predictor@1.0.0";

/// The parts of a manifest that name models, with their places in the text.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    dependencies: BTreeMap<String, Spanned<toml::Value>>,
    build: Option<Build>,
}

#[derive(Deserialize)]
struct Build {
    command: Spanned<Commands>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Manifest {
    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| anyhow!("{}", error.message()))
    }

    /// The component that takes a model, and its model.
    fn service(&self) -> Result<(&Component, &Spanned<toml::Value>)> {
        let mut components = self.component.values();
        let service = components
            .find_map(|component| Some((component, component.dependencies.get(PREDICTOR)?)));
        service.with_context(|| format!("no component in it has the dependency {PREDICTOR:?}"))
    }
}

/// The line of `[component.<id>.dependencies]` that names a model's component.
pub fn line(component: &Path) -> String {
    format!("{PREDICTOR:?} = {}", dependency(component))
}

fn dependency(component: &Path) -> String {
    format!("{{ path = {:?} }}", component.display().to_string())
}

/// Wires a model's component into a manifest, with the command that makes it. The rest of the text stays
/// as it is.
///
/// # Errors
///
/// If the manifest has no component that takes a model.
pub fn wire(text: &str, component: &Path, command: &str) -> Result<String> {
    let manifest = Manifest::parse(text)?;
    let (service, model) = manifest.service()?;
    let commands = &service.build.as_ref().context("its service has no build command")?.command;
    // The last command builds the service; the others make models.
    let last = match commands.get_ref() {
        Commands::One(command) => Some(command),
        Commands::Many(commands) => commands.last(),
    };
    let last = last.context("its service has no build command")?;
    let mut changes = [
        (model.span(), dependency(component)),
        (commands.span(), format!("[\n    {command:?},\n    {last:?},\n]")),
    ];
    // From the end on, so that the places before stay.
    changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut wired = text.to_owned();
    for (place, change) in changes {
        wired.replace_range(place, &change);
    }
    Ok(wired)
}

/// The path of the model that a manifest names.
///
/// # Errors
///
/// If it names none.
pub fn model(text: &str) -> Result<String> {
    let manifest = Manifest::parse(text)?;
    let (_, model) = manifest.service()?;
    let path = model.get_ref().get("path").and_then(toml::Value::as_str);
    Ok(path.context("its model is in no file")?.to_owned())
}
