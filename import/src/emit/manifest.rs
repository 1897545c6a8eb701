//! Reads and edits the model in a `spin.toml`.

use anyhow::{Context, Result, anyhow};
use std::path::Path;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

/// The interface of a model's component, as a key in `[component.<id>.dependencies]`.
const PREDICTOR: &str = "model-api:predictor/predictor@1.0.0";

fn parse(text: &str) -> Result<DocumentMut> {
    text.parse().map_err(|error: toml_edit::TomlError| anyhow!("{}", error.message()))
}

/// Finds the service: the component with a model as its dependency.
fn service(manifest: &mut DocumentMut) -> Result<&mut Table> {
    let components = manifest.get_mut("component").and_then(Item::as_table_mut);
    let mut tables =
        components.into_iter().flat_map(Table::iter_mut).filter_map(|(_, one)| one.as_table_mut());
    let service = tables.find(|component| dependency(component).is_some());
    service.with_context(|| format!("no component in it has the dependency {PREDICTOR:?}"))
}

/// Returns a component's dependency on a model, if it has one.
fn dependency(component: &Table) -> Option<&Item> {
    component.get("dependencies")?.get(PREDICTOR)
}

/// Returns the line for a model's component in `[component.<id>.dependencies]`.
pub fn line(component: &Path) -> String {
    format!("{PREDICTOR:?} = {}", path_table(component))
}

fn path_table(component: &Path) -> InlineTable {
    let path = component.display().to_string();
    let mut table = InlineTable::new();
    table.insert("path", path.into());
    table
}

/// Names a model's component in a manifest.
///
/// # Errors
///
/// If the manifest has no component with a model.
pub fn name(manifest: &mut DocumentMut, component: &Path) -> Result<()> {
    service(manifest)?["dependencies"][PREDICTOR] = Item::Value(path_table(component).into());
    Ok(())
}

/// Names a model's component in a manifest, and puts `command` before the service's build command, if it
/// has one.
///
/// The rest of the text stays unchanged.
///
/// # Errors
///
/// If the text is no TOML, or the manifest has no component with a model.
pub fn wire(text: &str, component: &Path, command: &str) -> Result<String> {
    let mut manifest = parse(text)?;
    name(&mut manifest, component)?;
    let build = service(&mut manifest)?.get_mut("build").and_then(|build| build.get_mut("command"));
    // An application made in whole by this program builds nothing.
    let Some(build) = build.and_then(Item::as_value_mut) else { return Ok(manifest.to_string()) };
    // The last command builds the service, the other ones make models. Replace the other ones.
    let last = match &*build {
        Value::Array(commands) => commands.iter().last().and_then(Value::as_str),
        command => command.as_str(),
    };
    let last = last.context("its service has no build command")?.to_owned();
    let mut commands: Array = [command, &last].into_iter().collect();
    commands.iter_mut().for_each(|command| command.decor_mut().set_prefix("\n    "));
    commands.set_trailing("\n");
    commands.set_trailing_comma(true);
    *build = commands.into();
    Ok(manifest.to_string())
}

/// Returns the path of the model in a manifest.
///
/// # Errors
///
/// If the text is no TOML, or the manifest names no model in a file.
pub fn model(text: &str) -> Result<String> {
    let mut manifest = parse(text)?;
    let service = service(&mut manifest)?;
    let path = dependency(service).and_then(|model| model.get("path")).and_then(Item::as_str);
    Ok(path.context("its model is in no file")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "# kept\n[component.service]\nsource = \"s.wasm\"\n\n\
        [component.service.dependencies]\n\
        \"model-api:predictor/predictor@1.0.0\" = { path = \"a.wasm\" }\n\n\
        [component.service.build]\ncommand = \"cargo build\"   # kept too\n";

    #[test]
    fn a_wired_manifest_keeps_its_comments_and_its_last_command() {
        let wired = wire(MANIFEST, Path::new("b.wasm"), "cargo import b.onnx").unwrap();
        assert_eq!(model(&wired).unwrap(), "b.wasm");
        assert!(wired.starts_with("# kept\n"), "{wired}");
        assert!(
            wired.contains("command = [\n    \"cargo import b.onnx\",\n    \"cargo build\",\n]"),
            "{wired}"
        );
        let again = wire(&wired, Path::new("c.wasm"), "cargo import c.onnx").unwrap();
        assert!(again.contains("    \"cargo import c.onnx\",\n    \"cargo build\",\n"), "{again}");
    }

    #[test]
    fn any_file_name_is_written_as_toml() {
        for name in [
            "a\u{a0}b",
            "e\u{301}",
            "a\u{200b}b",
            "a\u{1b}[1m",
            "\u{7f}",
            "\u{202e}cba",
            "a'\"\\b",
            "\n",
        ] {
            let wired = wire(MANIFEST, Path::new(name), &format!("cargo import '{name}'")).unwrap();
            assert_eq!(model(&wired).unwrap(), name, "{wired}");
            assert!(parse(&line(Path::new(name))).is_ok(), "{}", line(Path::new(name)));
        }
    }
}
