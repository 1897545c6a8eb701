//! The modules of the crates, as their `use` lines connect them.

mod security;

use crate::support::root;
use predictor_contract::attributes::{Attribute, MORE_ATTRIBUTES, SOURCE_ATTRIBUTES};
use std::collections::{BTreeMap, BTreeSet};

/// The names of a module and of those around it, from the outside in.
type ModulePath = Vec<String>;

/// The modules of a crate, each with its source, without its tests.
struct Modules(BTreeMap<ModulePath, String>);

impl Modules {
    fn read(folder: &str) -> Self {
        let folder = root().join(folder);
        let mut modules = BTreeMap::new();
        let mut folders = vec![(folder, ModulePath::new())];
        while let Some((folder, path)) = folders.pop() {
            for entry in folder.read_dir().expect("the folder is there") {
                let file = entry.expect("the folder can be read").path();
                let name = file.file_stem().unwrap().to_str().unwrap();
                let inner = [&path[..], &[name.to_owned()]].concat();
                if file.is_dir() {
                    folders.push((file, inner));
                } else if file.extension().is_some_and(|extension| extension == "rs")
                    && !matches!(name, "tests" | "main")
                {
                    let text = std::fs::read_to_string(&file).expect("the file is text");
                    let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                    let is_parent = matches!(name, "lib" | "mod");
                    modules.insert(if is_parent { path.clone() } else { inner }, code);
                }
            }
        }
        Self(modules)
    }

    /// Returns the pairs of modules of which the first uses the second.
    fn uses(&self) -> Vec<(&ModulePath, ModulePath)> {
        let mut uses = Vec::new();
        for (module, code) in &self.0 {
            let code: String = code.lines().filter(|line| !line.trim().starts_with("//")).collect();
            for after in code.split("use ").skip(1) {
                let tree: String = after.split(';').next().unwrap_or_default().split(' ').collect();
                for named in expand(&tree) {
                    uses.extend(self.resolve(module, &named).map(|used| (module, used)));
                }
            }
        }
        uses
    }

    /// Finds the module of this crate that a path in `module` leads to or into.
    fn resolve(&self, module: &ModulePath, named: &str) -> Option<ModulePath> {
        let mut path = ModulePath::new();
        for (index, part) in named.split("::").enumerate() {
            match part {
                "crate" if index == 0 => {}
                "super" if index == 0 => path.extend_from_slice(module.split_last()?.1),
                "super" => drop(path.pop()),
                _ if index == 0 => return None,
                name => path.push(name.to_owned()),
            }
        }
        while !self.0.contains_key(&path) {
            path.pop()?;
        }
        Some(path)
    }

    /// Returns, for each folder, which of its modules use which, in themselves or inside.
    fn levels(&self) -> BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> {
        let mut levels = BTreeMap::<_, BTreeMap<_, BTreeSet<_>>>::new();
        for (module, used) in self.uses() {
            let shared = module.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(shared), used.get(shared)) {
                let level = levels.entry(module[..shared].to_vec()).or_default();
                level.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        levels
    }
}

/// Lists the paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, group)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let group = group.strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start, mut paths) = (0, 0, Vec::new());
    for (index, character) in group.char_indices().chain([(group.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let inner = expand(&group[start..index]);
                paths.extend(inner.into_iter().map(|path| format!("{prefix}{path}")));
                start = index + 1;
            }
            _ => {}
        }
    }
    paths
}

/// Removes modules that use none of those that are left, until there is none: what remains is in a
/// cycle, or uses one.
fn in_cycles(mut uses: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    loop {
        let left: BTreeSet<_> = uses.keys().cloned().collect();
        for used in uses.values_mut() {
            used.retain(|used| left.contains(used));
        }
        let before = uses.len();
        uses.retain(|_, used| !used.is_empty());
        if uses.len() == before {
            return uses;
        }
    }
}

#[test]
fn no_modules_use_each_other_in_a_cycle() {
    for folder in ["src", "host/src", "import/src"] {
        let levels = Modules::read(folder).levels();
        assert!(levels.len() > 3, "the `use` lines of {folder} were not understood");
        for (level, uses) in levels {
            let cycles = in_cycles(uses);
            assert!(cycles.is_empty(), "{folder}, {level:?}: {cycles:?}");
        }
    }
}

#[test]
fn each_module_of_service_and_importer_uses_only_those_above_it_in_lib_rs() {
    for (folder, first) in [("src", "http"), ("import/src", "ir")] {
        let modules = Modules::read(folder);
        let order: Vec<_> = modules.0[&ModulePath::new()]
            .lines()
            .filter_map(|line| {
                line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')
            })
            .collect();
        assert_eq!(order.first(), Some(&first));
        let index = |name: &String| order.iter().position(|other| other == name);
        for (from, used) in &modules.levels()[&ModulePath::new()] {
            for to in used {
                assert!(index(to) < index(from), "{folder}: {from} uses {to} below it");
            }
        }
    }
}

#[test]
fn the_hosts_interfaces_are_named_in_platform_only() {
    for (module, code) in Modules::read("src").0 {
        let is_platform = module.first().is_some_and(|name| name == "platform");
        for name in ["spin_sdk::", "use wasi::", " wasi::"] {
            assert!(is_platform || !code.contains(name), "{name} in {module:?}");
        }
    }
}

/// A clock that is set back or forth would otherwise make a timeout too long or too short, or a duration
/// negative. The cache compares the ages of files.
#[test]
fn only_the_cache_of_compiled_code_asks_for_the_time_of_day() {
    for folder in ["src", "host/src"] {
        for (module, code) in Modules::read(folder).0 {
            let is_cache =
                module.last().is_some_and(|name| name == "cache") && folder == "host/src";
            assert!(is_cache || !code.contains("SystemTime"), "{folder}: {module:?}");
        }
    }
}

/// Returns the texts between two others in a file.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|part| Some(part.split_once(after)?.0)).collect()
}

#[test]
fn the_http_route_leads_to_every_route_but_those_for_callers_in_the_cluster() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let table = ["src/respond/routes.rs", "src/respond/docs/mod.rs"].map(read).concat();
    let manifest = read("k8s/components/http-route/http-route.yaml");
    let published: Vec<_> = between(&manifest, ", value: ", "}");
    let routes = between(&table, "Route { path: \"", "\"");
    assert!(routes.len() > 20, "{routes:?}");
    for route in routes {
        let is_published = published.iter().any(|path| {
            route.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        assert_eq!(is_published, !matches!(route, "/" | "/metrics" | "/outcomes"), "{route}");
    }
}

#[test]
fn the_model_cards_document_has_each_attribute_with_its_title() {
    let document = std::fs::read_to_string(root().join("docs/model-card.md")).unwrap();
    for (index, Attribute { key, title }) in SOURCE_ATTRIBUTES.iter().enumerate() {
        assert!(document.contains(&format!("\n| {} | `{key}` | {title} |", index + 1)), "{key}");
    }
    for Attribute { key, title } in &MORE_ATTRIBUTES {
        assert!(document.contains(&format!("\n| `{key}` | {title} |")), "{key}");
    }
}

/// A checkout that was copied or renamed has programs of its old folder: they serve and build in the new one.
#[test]
fn no_program_looks_for_files_where_it_was_built() {
    let built_there = concat!("env!(\"CARGO_", "MANIFEST_DIR\")");
    for folder in ["host/src", "import/src", "import/cli/src", "tests"] {
        for (module, code) in Modules::read(folder).0 {
            assert!(!code.contains(built_there), "{folder}: {}", module.join("::"));
        }
    }
}

/// A dependency with other features is another one, with all that is built on it: wasmtime takes most of
/// the time of the first build.
#[test]
fn cargo_run_and_cargo_test_build_wasmtime_once() {
    let run = features_of_dependencies("normal,build");
    let test = features_of_dependencies("normal,build,dev");
    let package = |line: &String| line.split(" [").next().unwrap_or_default().to_owned();
    let built: BTreeSet<_> = run.iter().map(package).collect();
    let again = |line: &&String| built.contains(&package(line)) && !line.starts_with("num-traits ");
    let again: Vec<_> = test.difference(&run).filter(again).collect();
    assert!(run.len() > 200 && again.is_empty(), "{again:?} have other features in a test");
}

/// Lists the packages that are built, each with its features.
fn features_of_dependencies(edges: &str) -> BTreeSet<String> {
    let cargo = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} [{f}]", "--edges", edges])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let lines = String::from_utf8(cargo.stdout).expect("package names are text");
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}
