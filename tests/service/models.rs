//! The models that `spin.toml` names.

use super::{EXAMPLE, manifest, predict};
use crate::support::root;
use crate::support::server::{TestServer, load};
use model_api_host::Manifest;
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
fn a_service_without_a_model_is_refused_with_the_remedy() {
    let is_model = |line: &&str| line.contains(".dependencies]") || line.contains("predictor@");
    let manifest = manifest(|text| {
        text.lines().filter(|line| !is_model(line)).map(|line| format!("{line}\n")).collect()
    });
    let Err(error) = load(&manifest, |_| {}) else { panic!("it was loaded") };
    let error = format!("{error:#}");
    let remedy =
        "[component.service.dependencies] with \"model-api:predictor/predictor@1.0.0\" = {";
    assert!(error.contains(remedy), "{error}");
}

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
    assert!(imports(component).iter().all(|import| import == TYPES), "{name}");
    let has_module_imports = Parser::new(0)
        .parse_all(component)
        .any(|payload| matches!(payload, Ok(Payload::ImportSection(_))));
    assert!(!has_module_imports, "{name} imports something");
}

/// The names of the interfaces that a component imports.
fn imports(component: &[u8]) -> Vec<String> {
    let mut imports = Vec::new();
    // The components in it only pass its types on.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("the component is valid") {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                let names =
                    section.into_iter().map(|import| import.expect("it is valid").name.name);
                imports.extend(names.map(str::to_owned));
            }
            _ => {}
        }
    }
    imports
}

#[test]
fn neither_the_service_nor_the_page_asks_for_files_sockets_or_an_environment() {
    for component in ["service", "docs"] {
        let imports = imports(&std::fs::read(file_of(component)).expect("it is built"));
        assert!(imports.iter().any(|import| import.starts_with("wasi:http/types@")));
        for other in
            ["wasi:filesystem", "wasi:sockets", "wasi:cli/environment", "wasi:http/outgoing"]
        {
            let found = imports.iter().find(|import| import.starts_with(other));
            assert_eq!(found, None, "{component}");
        }
    }
}

/// Whoever sets a clock, or a clock that jumps, changes no duration and no answer.
#[test]
fn neither_the_service_nor_the_page_asks_for_the_time_of_day() {
    for component in ["service", "docs"] {
        let imports = imports(&std::fs::read(file_of(component)).expect("it is built"));
        let asks_for = |clock| imports.iter().any(|import| import.starts_with(clock));
        assert!(asks_for("wasi:clocks/monotonic-clock@"), "{component}");
        assert!(!asks_for("wasi:clocks/wall-clock"), "{component}");
    }
}

#[test]
fn the_manifests_grant_the_store_of_the_counters_and_nothing_else() {
    let folder = root();
    let equations = ["ckd-epi", "meld", "pooled-cohort", "prevent-10-years", "prevent-30-years"];
    let equations = equations.map(|name| format!("examples/equations/{name}/spin.toml"));
    let others = ["spin.toml", "examples/heart-disease/spin.toml"].map(str::to_owned);
    for file in equations.into_iter().chain(others) {
        // Files, hosts and databases are refused when it is read.
        let manifest = Manifest::load(&folder.join(&file)).unwrap_or_else(|e| panic!("{e:#}"));
        for (id, component) in &manifest.schema.component {
            assert_eq!(component.key_value_stores, ["default"], "{id} in {file}");
            assert!(component.environment.is_empty(), "{id} in {file}");
            assert!(!component.dependencies_inherit_configuration, "{id} in {file}");
        }
    }
}

#[test]
fn the_usual_prediction_needs_no_more_memory_than_an_instance_begins_with() {
    let files = [vec![file_of("service")], model_files()].concat();
    let bytes = files.iter().map(first_memory).sum();
    let manifest = manifest(without_page);
    let server = TestServer::start(&manifest, |settings| settings.limits.memory_bytes = bytes);
    let mut client = server.client();
    assert_eq!(predict(&mut client, EXAMPLE).status, 200);
    // What needs more is refused by this limit.
    let batch = format!(r#"{{"instances": [{}{{}}]}}"#, r#"{"age": 65}, "#.repeat(9_000));
    assert_eq!(predict(&mut client, batch).status, 413);
}

/// A manifest's text without the pages, whose files take more memory than that.
fn without_page(text: String) -> String {
    let (service, _) = text.split_once("[component.docs]").expect("the pages have a component");
    ["/docs", "/ask"].iter().fold(service.to_owned(), |text, path| {
        let route = format!("[[trigger.http]]\nroute = \"{path}/...\"\ncomponent = \"docs\"\n");
        assert!(text.contains(&route));
        text.replace(&route, "")
    })
}

/// The bytes of memory that an instance of a component begins with.
fn first_memory(component: &PathBuf) -> usize {
    let bytes = std::fs::read(component).expect("it is built");
    let mut pages = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Payload::MemorySection(memories) = payload.expect("it is valid") {
            pages += memories
                .into_iter()
                .map(|memory| memory.expect("it is valid").initial)
                .sum::<u64>();
        }
    }
    pages as usize * 65_536
}

#[test]
fn the_default_model_is_smaller_than_13_kibibytes() {
    let file = model_files().into_iter().find(|file| file.ends_with("heart_risk_demo.wasm"));
    let bytes = std::fs::metadata(file.expect("it is the default")).expect("it is built").len();
    assert!(bytes < 13 * 1024, "{bytes} bytes");
}

#[test]
fn the_service_is_no_larger_than_750_kibibytes() {
    let bytes = std::fs::metadata(file_of("service")).expect("it is built").len();
    assert!(bytes <= 750 * 1024, "{bytes} bytes");
}

/// The file of a component that the manifest names.
fn file_of(component: &str) -> PathBuf {
    let manifest = manifest(|text| text);
    match &manifest.schema.component[component].source {
        Source::Path(file) => manifest.base.join(file),
        other => panic!("{component} is not a file: {other:?}"),
    }
}
