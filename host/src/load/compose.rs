//! Composes a component and its dependencies into one component. `[component.<id>.dependencies]`
//! has the same meaning as in Spin.

use super::componentize::componentize;
use super::{DependencyFile, Files};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::BTreeMap;
use wac_graph::types::{Package, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

/// The prefixes of imports for features granted by a manifest. A dependency may use them only if
/// the manifest lets it inherit the component's configuration.
const GRANTED: [&str; 5] = ["wasi:http/", "wasi:keyvalue/", "wasi:config/", "fermyon:", "spin:"];

/// The remedy if a dependency's file is not a matching component.
const IMPORT_FIRST: &str =
    "`cargo import` makes a component of a trained model (ONNX, XGBoost, LightGBM)";

/// Composes the component of `files` with its dependencies.
///
/// # Errors
///
/// If a dependency matches no import, has another type, uses a feature not granted to it, or is not
/// a component.
pub fn compose(files: &Files) -> Result<Vec<u8>> {
    let source = componentize(&files.source)?;
    if files.dependencies.is_empty() {
        return Ok(source.into_owned());
    }
    let mut composition = Composition::new(source.into_owned())?;
    for dependency in &files.dependencies {
        // Connect the dependency to its imports.
        let name = &dependency.name;
        composition.add(dependency, files).with_context(|| format!("dependency `{name}`"))?;
    }
    composition.encode()
}

struct Composition {
    graph: CompositionGraph,
    world: WorldId,
    instance: NodeId,
    /// The name of the dependency for each satisfied import.
    satisfied: BTreeMap<String, String>,
}

impl Composition {
    fn new(source: Vec<u8>) -> Result<Self> {
        let mut graph = CompositionGraph::new();
        let (world, instance) = register(&mut graph, "component", source)?;
        Ok(Self { graph, world, instance, satisfied: BTreeMap::new() })
    }

    fn add(&mut self, dependency: &DependencyFile, files: &Files) -> Result<()> {
        let name = &dependency.name;
        let imports = self.graph.types()[self.world].imports.keys();
        let matching: Vec<_> = imports.filter(|import| matches(name, import)).cloned().collect();
        ensure!(!matching.is_empty(), "the component does not import it");

        // Instantiate it.
        let component = componentize(&dependency.bytes)
            .map_err(|error| anyhow!("{error:#}; {IMPORT_FIRST}"))?
            .into_owned();
        let (world, instance) = register(&mut self.graph, name, component)?;
        for import in self.graph.types()[world].imports.keys() {
            check_import(import, files)?;
        }
        // Connect its exports.
        for import in matching {
            if let Some(other) = self.satisfied.insert(import.clone(), name.clone()) {
                bail!("`{import}` is satisfied by `{other}` already");
            }
            self.connect(&import, instance, dependency.export.as_ref().unwrap_or(&import))?;
        }
        Ok(())
    }

    fn connect(&mut self, import: &str, dependency: NodeId, export: &str) -> Result<()> {
        let export_node = self
            .graph
            .alias_instance_export(dependency, export)
            .with_context(|| format!("its file does not export `{export}`; {IMPORT_FIRST}"))?;
        self.graph
            .set_instantiation_argument(self.instance, import, export_node)
            .with_context(|| format!("its `{export}` does not fit the import `{import}`"))
    }

    fn encode(mut self) -> Result<Vec<u8>> {
        let exports: Vec<_> = self.graph.types()[self.world].exports.keys().cloned().collect();
        for export in exports {
            let node = self.graph.alias_instance_export(self.instance, &export)?;
            self.graph.export(node, &export)?;
        }
        Ok(self.graph.encode(EncodeOptions::default())?)
    }
}

fn register(
    graph: &mut CompositionGraph,
    name: &str,
    component: Vec<u8>,
) -> Result<(WorldId, NodeId)> {
    let package = Package::from_bytes(name, None, component, graph.types_mut())
        .map_err(|error| anyhow!("its file is not a valid component: {error:#}"))?;
    let world = package.ty();
    let package = graph.register_package(package)?;
    Ok((world, graph.instantiate(package)))
}

fn check_import(import: &str, files: &Files) -> Result<()> {
    let granted = GRANTED.iter().any(|package| import.starts_with(package))
        || (files.has_environment && import.starts_with("wasi:cli/environment"));
    ensure!(
        !granted || files.inherit,
        "it imports `{import}`, which it may only with `dependencies_inherit_configuration = true`"
    );
    Ok(())
}

/// Returns true if the dependency `name` is for `import`. The name may omit the version, the
/// interface, or both: `a:b`, `a:b@1.0.0`, `a:b/c`, `a:b/c@1.0.0`. A plain name, such as `foo-bar`,
/// matches only the import of the same name.
fn matches(name: &str, import: &str) -> bool {
    let (name, version) = split_version(name);
    let (import, import_version) = split_version(import);
    if version.is_some() && version != import_version {
        return false;
    }
    let package = import.split_once('/').map(|(package, _)| package);
    name == import || Some(name) == package
}

fn split_version(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_for_all_imports_of_its_name() {
        for (name, import) in [
            ("foo:bar/baz@0.1.0", "foo:bar/baz@0.1.0"),
            ("foo:bar/baz", "foo:bar/baz@0.1.0"),
            ("foo:bar/baz", "foo:bar/baz"),
            ("foo:bar", "foo:bar/baz@0.1.0"),
            ("foo:bar@0.1.0", "foo:bar/baz@0.1.0"),
            ("foo-bar", "foo-bar"),
        ] {
            assert!(matches(name, import), "{name} {import}");
        }
        for (name, import) in [
            ("foo:bar/baz@0.1.0", "foo:bar/baz"),
            ("foo:bar/baz@0.1.0", "foo:bar/baz@0.2.0"),
            ("foo:bar/baz", "foo:bar/bub"),
            ("foo:bar", "foo:bub/bib"),
            ("foo:bar/baz", "foo:bar/baz-bub"),
        ] {
            assert!(!matches(name, import), "{name} {import}");
        }
    }

    const IMPORT: &str = "test:dep/answer@1.0.0";

    #[test]
    fn a_dependency_satisfies_an_import() {
        for name in [IMPORT, "test:dep/answer", "test:dep@1.0.0", "test:dep"] {
            let composed = compose(&files(&[dependency(name, None, IMPORT)])).unwrap();
            let mut graph = CompositionGraph::new();
            let (world, _) = register(&mut graph, "composed", composed).unwrap();
            let world = &graph.types()[world];
            assert!(world.imports.is_empty(), "{name}");
            assert!(world.exports.contains_key("handler"), "{name}");
        }
    }

    #[test]
    fn an_export_of_another_name_can_be_chosen() {
        let other = "other:made/answer@2.0.0";
        assert!(compose(&files(&[dependency(IMPORT, Some(other), other)])).is_ok());
        let error = compose(&files(&[dependency(IMPORT, None, other)])).unwrap_err();
        let expected = format!("dependency `{IMPORT}`: its file does not export `{IMPORT}`");
        assert!(format!("{error:#}").starts_with(&expected), "{error:#}");
    }

    #[test]
    fn a_model_that_was_not_imported_is_refused_with_the_remedy() {
        let mut onnx = dependency(IMPORT, None, IMPORT);
        onnx.bytes = b"\x08\x09\x12\x08skl2onnx".to_vec();
        let error = compose(&files(&[onnx])).unwrap_err();
        let expected = format!("dependency `{IMPORT}`: it is not WebAssembly; {IMPORT_FIRST}");
        assert_eq!(format!("{error:#}"), expected);
    }

    #[test]
    fn an_unfit_dependency_is_refused_by_name() {
        let unknown = files(&[dependency("test:unknown", None, IMPORT)]);
        let error = compose(&unknown).unwrap_err();
        let expected = "dependency `test:unknown`: the component does not import it";
        assert_eq!(format!("{error:#}"), expected);

        let twice = ["test:dep", IMPORT].map(|name| dependency(name, None, IMPORT));
        let error = compose(&files(&twice)).unwrap_err();
        assert!(format!("{error:#}").contains("is satisfied by `test:dep` already"), "{error:#}");

        let mut wrong = dependency(IMPORT, None, IMPORT);
        wrong.bytes = answering(IMPORT, "s32");
        let error = compose(&files(&[wrong])).unwrap_err();
        assert!(format!("{error:#}").contains("does not fit the import"), "{error:#}");
    }

    /// Makes a component that imports [`IMPORT`] and exports an instance of it as its handler.
    fn files(dependencies: &[DependencyFile]) -> Files {
        let source = format!(
            "(component
                (import \"{IMPORT}\" (instance $dep (export \"get\" (func (result u32)))))
                (export \"handler\" (instance $dep)))"
        );
        Files {
            source: wat::parse_str(source).unwrap(),
            dependencies: dependencies.to_vec(),
            inherit: false,
            has_environment: false,
        }
    }

    fn dependency(name: &str, export: Option<&str>, exports: &str) -> DependencyFile {
        DependencyFile {
            name: name.to_owned(),
            export: export.map(str::to_owned),
            bytes: answering(exports, "u32"),
        }
    }

    fn answering(export: &str, result: &str) -> Vec<u8> {
        let component = format!(
            "(component
                (core module $m (func (export \"get\") (result i32) i32.const 42))
                (core instance $i (instantiate $m))
                (func $get (result {result}) (canon lift (core func $i \"get\")))
                (instance $answer (export \"get\" (func $get)))
                (export \"{export}\" (instance $answer)))"
        );
        wat::parse_str(component).unwrap()
    }

    #[test]
    fn a_dependency_may_use_a_grant_only_if_it_inherits_it() {
        let mut files = files(&[]);
        assert!(check_import("wasi:cli/stderr@0.2.6", &files).is_ok());
        assert!(check_import("wasi:keyvalue/store@0.2.0-draft2", &files).is_err());
        assert!(check_import("wasi:cli/environment@0.2.6", &files).is_ok());
        files.has_environment = true;
        assert!(check_import("wasi:cli/environment@0.2.6", &files).is_err());
        files.inherit = true;
        assert!(check_import("wasi:keyvalue/store@0.2.0-draft2", &files).is_ok());
    }
}
