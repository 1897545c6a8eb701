//! The API and the model's description, as OpenAPI 3.1.
//!
//! The parts common to all models are in `document.json` and `operations.json`. The paths come from
//! the routing tables, and the rest from the model:
//!
//! - [`schemas`] makes schemas of its features and outputs.
//! - [`outcomes`] makes those of `/outcomes`.
//! - [`examples`] makes requests and answers of its examples.

use super::{DOCUMENT, Described, OPERATIONS, examples, outcomes, parse_packed, schemas};
use crate::model::{Description, Signature};
use crate::respond::model_card::performance;
use crate::respond::object::{object, part, set, text};
use crate::respond::{docs, routes};
use crate::serve::Route;
use serde::Serialize;
use serde_json::{Map, Value, json};

const SCHEMAS: &str = "/components/schemas";

/// Builds the document.
pub fn document(model: &Described) -> Value {
    let (mut document, mut operations) = (parse_packed(DOCUMENT), parse_packed(OPERATIONS));
    set(&mut document, "/info", info(model));
    if model.description.explanation.is_none() {
        schemas::remove_explanations(part(&mut document, SCHEMAS));
    }
    schemas::fill(part(&mut document, SCHEMAS), model);
    outcomes::fill(part(&mut document, SCHEMAS), model);
    complete(&mut operations);
    examples::fill(&mut operations, model);
    let mut paths = Paths { model, operations, items: Map::new() };
    let explains = model.description.explanation.is_some();
    for route in routes::ROUTES {
        if explains || !route.methods.iter().any(|(_, endpoint)| endpoint.explains()) {
            paths.add(route);
        }
    }
    for route in docs::ROUTES {
        paths.add(route);
    }
    set(&mut document, "/paths", paths.items.into());
    add_request_id(part(&mut document, "/components/responses"));
    document
}

/// Completes the operations with the request and the answers of `/predict`.
fn complete(operations: &mut Value) {
    for name in ["explain", "what_if"] {
        for member in ["tags", "requestBody", "responses"] {
            let same = part(operations, &format!("/predict/{member}")).clone();
            set(operations, &format!("/{name}/{member}"), same);
        }
    }
}

fn info(model: &Described) -> Value {
    let Described { signature, description, .. } = model;
    let Description { summary, population, limits, source, license, precision, .. } = description;
    let performance = performance::sentence(signature, description);
    let performance = performance.map_or(String::new(), |sentence| {
        format!("\n\n**Performance:** {sentence} It is no promise for other people.")
    });
    let about = format!(
        "{summary}\n\n**Made for:** {population}\n\n**Limits:** {limits}{performance}\n\n\
         **Source:** {source}\n\n**License:** {license}. **Arithmetic:** {precision}.\n\nEvery answer has an \
         `X-Request-Id`: the request's own, or a new one. HEAD is answered where GET is, and \
         OPTIONS on every route."
    );
    // The same for programs.
    let mut notes = Map::new();
    let base = description.explanation.as_ref().map(|explanation| &explanation.base);
    for (name, text) in [
        ("summary", Some(summary)),
        ("population", Some(population)),
        ("limits", Some(limits)),
        ("source", Some(source)),
        ("explanation_base", base),
    ] {
        if let Some(text) = text {
            notes.insert(name.to_owned(), Value::String(text.clone()));
        }
    }
    let license = object(vec![("name", text(license)), ("identifier", text(license))]);
    object(vec![
        ("title", text(&signature.name)),
        ("version", text(&signature.version)),
        ("description", Value::String(about)),
        ("license", license),
        ("x-model", Value::Object(notes)),
    ])
}

/// Adds the header with the id of the request, common to all answers.
fn add_request_id(responses: &mut Value) {
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if response.get("$ref").is_none() {
            let header = object(vec![("$ref", text("#/components/headers/RequestId"))]);
            set(response, "/headers", object(vec![("X-Request-Id", header)]));
        }
    }
}

/// The paths of the document under construction.
struct Paths<'a> {
    model: &'a Described,
    operations: Value,
    items: Map<String, Value>,
}

impl Paths<'_> {
    /// Adds the operation of each method of a route.
    fn add(&mut self, route: &Route<impl Serialize>) {
        let mut item = Map::new();
        let parameters = self.parameters(route.path);
        if !parameters.is_empty() {
            item.insert("parameters".to_owned(), parameters.into());
        }
        for (method, endpoint) in route.methods {
            let name = json!(endpoint);
            let name = name.as_str().expect("an endpoint is written as a name");
            let mut operation = self.operations[name].clone();
            let prefix = match route.path {
                "/v1/models/{model}" => "v1_",
                path if path.contains("{version}") => "versioned_",
                _ => "",
            };
            set(&mut operation, "/operationId", format!("{prefix}{name}").into());
            add_request_id(part(&mut operation, "/responses"));
            item.insert(method.as_str().to_ascii_lowercase(), operation);
        }
        self.items.insert(route.path.to_owned(), item.into());
    }

    /// Lists the parameters of a path, each with the only value the model allows.
    fn parameters(&self, path: &str) -> Vec<Value> {
        let Signature { name, version, .. } = &self.model.signature;
        let known = [("model", name), ("version", version)];
        let named = known.into_iter().filter(|(name, _)| path.contains(&format!("{{{name}}}")));
        let parameter = |(name, value): (&str, &String)| {
            let schema = object(vec![("type", text("string")), ("enum", json!([value]))]);
            object(vec![
                ("name", text(name)),
                ("in", text("path")),
                ("required", json!(true)),
                ("schema", schema),
            ])
        };
        named.map(parameter).collect()
    }
}
