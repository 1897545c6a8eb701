//! Checks a manifest for features missing in this host.

use super::name::check_name;
use super::{Component, Dependency, HttpTrigger, Route, Schema, Source};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

const REMEDY: &str = "is not supported by the embedded host; use `spin up`";

/// Refuses features with another shape than this host's schema. It runs before the schema, because
/// the schema would report an unknown field.
///
/// # Errors
///
/// If the manifest's version is not 2, or if it has such a feature. The message names the feature.
pub fn refuse_unsupported(table: &Map<String, Value>) -> Result<()> {
    let version = table.get("spin_manifest_version").and_then(Value::as_i64);
    ensure!(version == Some(2), "`spin_manifest_version` must be 2");
    let triggers = table.get("trigger").and_then(Value::as_object);
    for (kind, triggers) in triggers.into_iter().flatten() {
        ensure!(kind == "http", "trigger `{kind}` {REMEDY}");
        for trigger in triggers.as_array().into_iter().flatten() {
            refuse_unsupported_trigger(trigger)?;
        }
    }
    Ok(())
}

fn refuse_unsupported_trigger(trigger: &Value) -> Result<()> {
    let component = trigger.get("component");
    let inline = component.is_some_and(Value::is_object);
    ensure!(!inline, "trigger.http: a component written inline {REMEDY}");
    ensure!(trigger.get("components").is_none(), "trigger.http: `components` {REMEDY}");
    let executor = trigger.get("executor").and_then(|executor| executor.get("type"));
    match executor.and_then(Value::as_str) {
        Some(kind @ ("wagi" | "wasip3-unstable")) => {
            bail!("trigger.http: executor `{kind}` {REMEDY}")
        }
        _ => Ok(()),
    }
}

/// Checks the rules beyond the schema.
///
/// # Errors
///
/// If the manifest breaks a rule or needs a feature missing in this host. The message names the
/// field.
pub fn check(schema: &Schema) -> Result<()> {
    ensure!(schema.application.trigger.is_none(), "`application.trigger` {REMEDY}");
    for (name, variable) in &schema.variables {
        check_name(name).with_context(|| format!("variable `{name}`"))?;
        ensure!(
            variable.required != variable.default.is_some(),
            "variable `{name}` must have either `default` or `required = true`"
        );
    }
    for trigger in &schema.trigger.http {
        check_trigger(schema, trigger)?;
    }
    for (id, component) in &schema.component {
        check_component(component).with_context(|| format!("component `{id}`"))?;
    }
    Ok(())
}

fn check_trigger(schema: &Schema, trigger: &HttpTrigger) -> Result<()> {
    let route = match &trigger.route {
        Route::Path(path) => path,
        Route::Private(endpoint) if endpoint.private => "private",
        Route::Private(_) => bail!("trigger.http: `private` can only be true"),
    };
    match (&trigger.component, &trigger.static_response) {
        (Some(id), None) => ensure!(
            schema.component.contains_key(id),
            "route `{route}` names the component `{id}`, which the manifest does not define"
        ),
        (None, Some(_)) => {}
        _ => bail!("route `{route}` must have either `component` or `static_response`"),
    }
    Ok(())
}

fn check_component(component: &Component) -> Result<()> {
    let unsupported = [
        ("files", &component.files),
        ("exclude_files", &component.exclude_files),
        ("allowed_http_hosts", &component.allowed_http_hosts),
        ("allowed_outbound_hosts", &component.allowed_outbound_hosts),
        ("sqlite_databases", &component.sqlite_databases),
        ("ai_models", &component.ai_models),
    ];
    // Fields that must be empty.
    for (field, values) in unsupported {
        ensure!(values.is_empty(), "`{field}` {REMEDY}");
    }
    // Sources, dependencies and names.
    if let Source::Remote(_) = component.source {
        bail!("a `source` that is not a file {REMEDY}");
    }
    for (name, dependency) in &component.dependencies {
        check_dependency(dependency).with_context(|| format!("dependency `{name}`"))?;
    }
    for name in component.variables.keys() {
        check_name(name).with_context(|| format!("variable `{name}`"))?;
    }
    check_workdir(component)
}

fn check_dependency(dependency: &Dependency) -> Result<()> {
    let Dependency::Remote(value) = dependency else {
        return Ok(());
    };
    let known = ["component", "url", "registry", "version", "package"];
    match known.into_iter().find(|field| value.get(field).is_some()) {
        Some(field) => bail!("`{field}` {REMEDY}"),
        None if value.is_string() => bail!("a version from a registry {REMEDY}"),
        None => bail!("write it as {{ path = \"….wasm\" }}, with `export` if its name differs"),
    }
}

fn check_workdir(component: &Component) -> Result<()> {
    let workdir = component.build.as_ref().and_then(|build| build.workdir.as_ref());
    let absolute = workdir.is_some_and(|path| path.has_root());
    ensure!(!absolute, "`build.workdir` must be a relative path");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Manifest;
    use std::path::Path;

    const COMPONENT: &str = "[component.x]\nsource = \"x.wasm\"\n";

    fn manifest(rest: &str) -> String {
        format!(
            "spin_manifest_version = 2\n[application]\nname = \"app\"\n\
             [[trigger.http]]\nroute = \"/...\"\ncomponent = \"x\"\n{rest}"
        )
    }

    fn error(text: &str) -> String {
        match Manifest::parse(text, Path::new("")) {
            Ok(_) => String::from("accepted"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn fields_without_an_effect_are_accepted() {
        let text = manifest(&format!(
            "{COMPONENT}description = \"d\"\ntargets = [\"spin-up:3.6\"]\n\
             allowed_outbound_hosts = []\nfiles = []\n[component.x.tool.a]\nb = 1\n\
             [component.x.build]\ncommand = [\"true\"]\nwatch = [\"src\"]\n"
        ));
        assert_eq!(error(&text), "accepted");
    }

    #[test]
    fn each_thing_the_host_lacks_is_refused_by_name() {
        for (field, value) in [
            ("files", "[\"assets/*\"]"),
            ("exclude_files", "[\"a\"]"),
            ("allowed_http_hosts", "[\"example.com\"]"),
            ("allowed_outbound_hosts", "[\"https://example.com\"]"),
            ("sqlite_databases", "[\"default\"]"),
            ("ai_models", "[\"llama2-chat\"]"),
        ] {
            let text = manifest(&format!("{COMPONENT}{field} = {value}"));
            let expected = format!(
                "component `x`: `{field}` is not supported by the embedded host; use `spin up`"
            );
            assert_eq!(error(&text), expected);
        }
    }

    #[test]
    fn other_triggers_and_executors_are_refused_by_name() {
        let redis = manifest(&format!("[[trigger.redis]]\nchannel = \"c\"\n{COMPONENT}"));
        assert!(error(&redis).starts_with("trigger `redis` is not supported"));
        let wagi = manifest(&format!("executor = {{ type = \"wagi\" }}\n{COMPONENT}"));
        assert!(error(&wagi).starts_with("trigger.http: executor `wagi` is not supported"));
    }

    #[test]
    fn remote_sources_and_dependencies_are_refused_by_name() {
        let source = manifest("[component.x]\nsource = { url = \"u\", digest = \"d\" }");
        assert!(error(&source).starts_with("component `x`: a `source` that is not a file"));
        for (value, name) in [
            ("\">= 1.0\"", "a version from a registry"),
            ("{ version = \"1.0\" }", "`version`"),
            ("{ url = \"u\", digest = \"d\" }", "`url`"),
            ("{ component = \"y\" }", "`component`"),
        ] {
            let dependency = format!("{COMPONENT}[component.x.dependencies]\n\"a:b\" = {value}");
            let error = error(&manifest(&dependency));
            let expected = format!("component `x`: dependency `a:b`: {name} is not supported");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let error = error(&manifest(&format!("{COMPONENT}colour = \"red\"")));
        assert!(error.starts_with("line 9, column 1: unknown field `colour`"), "{error}");
        assert!(!error.contains('\n'));
    }

    #[test]
    fn broken_toml_is_an_error_with_its_place() {
        assert!(error("spin_manifest_version = \n").starts_with("line 1, column"));
    }

    #[test]
    fn a_trigger_needs_a_known_component_or_a_static_response() {
        assert!(error(&manifest("")).contains("does not define"));
        let both = format!("static_response = {{ body = \"b\" }}\n{COMPONENT}");
        assert!(error(&manifest(&both)).contains("either `component` or `static_response`"));
    }

    #[test]
    fn a_variable_has_a_default_or_is_required() {
        for variable in ["{}", "{ required = true, default = \"a\" }"] {
            let text = manifest(&format!("{COMPONENT}[variables]\nv = {variable}"));
            assert!(error(&text).contains("either `default` or `required = true`"));
        }
    }

    #[test]
    fn only_version_2_of_the_manifest_is_read() {
        let text = manifest(COMPONENT).replace("version = 2", "version = 1");
        assert_eq!(error(&text), "`spin_manifest_version` must be 2");
    }
}
