//! The models that `spin.toml` names.

use super::manifest;
use model_api_host::manifest::{Dependency, Source};
use std::path::PathBuf;
use wasmparser::{Parser, Payload};

/// The components that the service's dependencies come from.
fn model_files() -> Vec<PathBuf> {
    let manifest = manifest(|text| text);
    let dependencies = manifest.schema.component["service"].dependencies.values();
    let path = |dependency: &Dependency| match dependency {
        Dependency::Local(local) => manifest.base.join(&local.path),
        Dependency::Remote(other) => panic!("{other:?} is not a file"),
    };
    dependencies.map(path).collect()
}

/// The interface of the contract that has types and no function.
const TYPES: &str = "model-api:predictor/types@1.0.0";

#[test]
fn no_model_imports_anything_to_call() {
    let files = model_files();
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).expect("the model is built");
        assert_imports_nothing(&bytes, &file.display().to_string());
    }
}

/// Fails if a model's component imports anything but the contract's types.
pub fn assert_imports_nothing(component: &[u8], name: &str) {
    // The components in it only pass its types on.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("the model is WebAssembly") {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ImportSection(_) => panic!("{name} imports something"),
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    assert_eq!(import.expect("it is valid").name.name, TYPES, "{name}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn the_default_model_is_smaller_than_ten_kibibytes() {
    let file = model_files().into_iter().find(|file| file.ends_with("heart_risk_demo.wasm"));
    let bytes = std::fs::metadata(file.expect("it is the default")).expect("it is built").len();
    assert!(bytes < 10 * 1024, "{bytes} bytes");
}

#[test]
fn the_service_is_no_larger_than_640_kibibytes() {
    let manifest = manifest(|text| text);
    let Source::Path(file) = &manifest.schema.component["service"].source else {
        panic!("the service is not a file");
    };
    let bytes = std::fs::metadata(manifest.base.join(file)).expect("it is built").len();
    assert!(bytes <= 640 * 1024, "{bytes} bytes");
}
