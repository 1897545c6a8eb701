//! Variables: the operator sets the application's variables, and guests read their components'
//! variables.

use crate::manifest::Schema;
use anyhow::{Context, Result};
use std::collections::HashMap;

/// The prefix of environment variables for application variables, as in Spin.
const PREFIX: &str = "SPIN_VARIABLE_";

/// The operator's values for application variables, by name.
pub type Overrides = HashMap<String, String>;

/// The values of variables, by name.
pub type Values = HashMap<String, String>;

/// Reads application variables from the environment. `SPIN_VARIABLE_API_KEY` sets the variable
/// `api_key`.
pub fn from_env() -> Overrides {
    let named = |(name, value): (String, String)| {
        let name = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
        Some((name, value))
    };
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter_map(named)
        .collect()
}

/// Returns the values of the application's variables: the operator's, or else the defaults.
///
/// # Errors
///
/// If a required variable has no value.
pub fn application(schema: &Schema, overrides: &Overrides) -> Result<Values> {
    let mut values = Values::new();
    for (name, variable) in &schema.variables {
        let value = overrides.get(name).or(variable.default.as_ref());
        let upper = name.to_ascii_uppercase();
        let value = value.with_context(|| {
            format!("variable `{name}` has no value; set {PREFIX}{upper} in the environment")
        })?;
        values.insert(name.clone(), value.clone());
    }
    Ok(values)
}

/// Replaces each `{{ name }}` in `template` by the application variable's value.
///
/// # Errors
///
/// If the variable does not exist, or if a `{{` has no `}}`.
pub fn expand(template: &str, application: &Values) -> Result<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").context("`{{` without `}}`")?;
        let name = name.trim();
        let value = application.get(name);
        let value = value.with_context(|| format!("there is no variable `{name}` to insert"))?;
        text.push_str(literal);
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;
    use std::path::Path;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn templates_are_expanded() {
        let application = values(&[("host", "example.com"), ("v", "1")]);
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("https://{{ host }}/{{v}}/", "https://example.com/1/"),
            ("{{ host }}{{ host }}", "example.comexample.com"),
            ("a } b {", "a } b {"),
        ] {
            assert_eq!(expand(template, &application).unwrap(), expected);
        }
    }

    #[test]
    fn bad_templates_are_refused() {
        assert!(expand("{{ host }", &values(&[("host", "h")])).is_err());
        let error = expand("{{ nobody }}", &Values::new()).unwrap_err();
        assert_eq!(error.to_string(), "there is no variable `nobody` to insert");
    }

    #[test]
    fn the_operator_overrides_defaults_and_sets_required_variables() {
        let text = "spin_manifest_version = 2\ntrigger.http = []\napplication.name = \"a\"\n\
                    variables.key = { required = true, secret = true }\n\
                    variables.level = { default = \"low\" }\n";
        let manifest = Manifest::parse(text, Path::new("")).unwrap();
        let error = application(&manifest.schema, &Overrides::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "variable `key` has no value; set SPIN_VARIABLE_KEY in the environment"
        );
        let overrides = values(&[("key", "k"), ("level", "high"), ("other", "ignored")]);
        let found = application(&manifest.schema, &overrides).unwrap();
        assert_eq!(found, values(&[("key", "k"), ("level", "high")]));
    }
}
