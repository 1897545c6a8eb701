//! `GET /model-card`: what is stated about the model, as JSON, or as the XML of CHAI's model card.

mod chai;
mod facts;
pub mod performance;

use crate::http::media_type::quality;
use crate::http::{JSON, Request, Response};
use crate::respond::object::{object, text};
use facts::{Facts, NOT_STATED};
use predictor_contract::attributes::{Attribute, MORE_ATTRIBUTES, SOURCE_ATTRIBUTES};
use serde_json::{Value, json};

/// The media type of CHAI's card.
const XML: &str = "application/xml";

/// Answers the request.
pub fn get(request: &Request) -> Response {
    let accept = (request.header)("accept").unwrap_or_default();
    let facts = Facts::ask();
    let response = match prefers_xml(&accept) {
        true => Response::new(XML, chai::card(&facts).into_bytes()),
        false => Response::json(200, &card(&facts)),
    };
    response.varies_by("accept")
}

/// Returns true if the client prefers XML. A browser names it too, and shows JSON better.
fn prefers_xml(accept: &str) -> bool {
    let quality = |name| quality(accept, name).unwrap_or(0.0);
    let xml = quality(XML).max(quality("text/xml"));
    xml > 0.0 && xml > quality(JSON) && !accept.contains("text/html")
}

/// Makes the card in JSON.
fn card(facts: &Facts) -> Value {
    let Facts { signature, description } = facts;
    let attributes = SOURCE_ATTRIBUTES.iter().chain(&MORE_ATTRIBUTES).enumerate();
    let attributes = attributes.map(|(index, own)| attribute(facts, index, own)).collect();
    object(vec![
        ("model", text(&signature.name)),
        ("version", text(&signature.version)),
        ("summary", text(&description.summary)),
        ("source", text(&description.source)),
        ("license", text(&description.license)),
        ("population", text(&description.population)),
        ("limits", text(&description.limits)),
        ("precision", text(&description.precision)),
        ("digest", text(&description.digest)),
        ("attributes", attributes),
        ("outcome", performance::outcome(signature, description)),
    ])
}

/// Makes the entry of the attribute with this index.
fn attribute(facts: &Facts, index: usize, Attribute { key, title }: &Attribute) -> Value {
    let number = Some(index + 1).filter(|number| *number <= SOURCE_ATTRIBUTES.len());
    let statement = facts.statement(key);
    let is_stated = statement.is_some();
    let statement = statement.unwrap_or(NOT_STATED.into());
    object(vec![
        ("number", json!(number)),
        ("attribute", text(key)),
        ("title", text(title)),
        ("stated", Value::from(is_stated)),
        ("statement", text(&statement)),
    ])
}
