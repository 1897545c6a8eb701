//! Checks values against the JSON schemas of an OpenAPI document. It knows the keywords that the
//! document uses, and fails on any other, so that nothing is let through unseen.

use serde_json::Value;

/// Keywords that say something to people.
const NOTES: [&str; 3] = ["description", "examples", "format"];

/// Lists the faults of `value` by `schema`, which may refer to other parts of `document`.
pub fn violations(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        if !holds(document, schema, (keyword, rule), value, at, found) {
            found.push(format!("{at}: {value} is not of {keyword} {rule}"));
        }
    }
}

fn holds(
    document: &Value,
    schema: &Value,
    (keyword, rule): (&str, &Value),
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) -> bool {
    let is_valid = |schema: &Value| violations(document, schema, value).is_empty();
    match keyword {
        "$ref" => {
            let target = rule.as_str().and_then(|rule| rule.strip_prefix('#'));
            let target = target.and_then(|target| document.pointer(target));
            check(document, target.expect("a reference leads somewhere"), value, at, found);
            true
        }
        "type" => match rule {
            Value::Array(types) => types.iter().any(|name| is_of_type(value, name)),
            name => is_of_type(value, name),
        },
        "enum" => rule.as_array().expect("an enum is a list").contains(value),
        "const" => rule == value,
        "oneOf" => {
            let schemas = rule.as_array().expect("a list of schemas").iter();
            schemas.filter(|schema| is_valid(schema)).count() == 1
        }
        "not" => !is_valid(rule),
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= count(rule)),
        "maxLength" => value.as_str().is_none_or(|text| text.len() as u64 <= count(rule)),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= count(rule)),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= count(rule)),
        "required" => value.as_object().is_none_or(|members| {
            rule.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        "properties" => {
            for (name, member) in value.as_object().into_iter().flatten() {
                if let Some(schema) = rule.get(name) {
                    check(document, schema, member, &format!("{at}/{name}"), found);
                }
            }
            true
        }
        // The document has it as false only.
        "additionalProperties" => value.as_object().is_none_or(|members| {
            members.keys().all(|name| schema["properties"].get(name).is_some())
        }),
        "items" => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                check(document, rule, item, &format!("{at}/{index}"), found);
            }
            true
        }
        note if NOTES.contains(&note) || note.starts_with("x-") => true,
        other => panic!("the keyword {other} in {schema} is not known here"),
    }
}

fn count(rule: &Value) -> u64 {
    rule.as_u64().expect("a count")
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type's name") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("there is no type {other}"),
    }
}
