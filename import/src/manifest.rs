//! The model that a spin.toml names.

use anyhow::{Context, Result, bail};
use std::path::Path;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Value};

/// The interface that the model's component is wired to.
const PREDICTOR: &str = "model-api:predictor/predictor@1.0.0";

/// The line of `[component.<id>.dependencies]` that names a model's component.
pub fn line(component: &Path) -> String {
    format!("\"{PREDICTOR}\" = {{ path = {:?} }}", component.display().to_string())
}

/// Wires a model's component into a manifest, with the command that makes it.
///
/// # Errors
///
/// If the manifest has no component that takes a model.
pub fn wire(text: &str, component: &Path, command: &str) -> Result<String> {
    let mut document: DocumentMut = text.parse().context("it is no TOML")?;
    let component_of_service = service(&mut document)?;
    // Name the file.
    let mut dependency = InlineTable::new();
    dependency.insert("path", component.display().to_string().into());
    component_of_service["dependencies"][PREDICTOR] = Item::Value(Value::InlineTable(dependency));
    // The last command builds the service; the others make models.
    let commands = &mut component_of_service["build"]["command"];
    let service = match commands.as_array() {
        Some(array) => array.iter().last().and_then(Value::as_str).map(str::to_owned),
        None => commands.as_str().map(str::to_owned),
    };
    let service = service.context("its service has no build command")?;
    let mut array = Array::new();
    for command in [command, service.as_str()] {
        array.push_formatted(Value::from(command).decorated("\n    ", ""));
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    *commands = Item::Value(Value::Array(array));
    Ok(document.to_string())
}

/// The path of the model that a manifest names.
///
/// # Errors
///
/// If it names none.
pub fn model(text: &str) -> Result<String> {
    let mut document: DocumentMut = text.parse().context("it is no TOML")?;
    let path = &service(&mut document)?["dependencies"][PREDICTOR]["path"];
    Ok(path.as_str().context("its model is in no file")?.to_owned())
}

/// The component with a model.
fn service(document: &mut DocumentMut) -> Result<&mut Item> {
    let components = document.get_mut("component").and_then(Item::as_table_like_mut);
    for (_, component) in components.context("it has no components")?.iter_mut() {
        let dependencies = component.get("dependencies");
        if dependencies.is_some_and(|dependencies| dependencies.get(PREDICTOR).is_some()) {
            return Ok(component);
        }
    }
    bail!("no component in it has the dependency {PREDICTOR:?}")
}
