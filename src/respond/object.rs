//! Objects of JSON.

use serde_json::{Map, Value};

/// Makes an object of its members, in their order.
// `json!` would add the code of an insertion for each member: a kilobyte for an object.
#[inline(never)]
pub fn object(members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

// Cloning strings at each place would add code.

/// Makes a string of JSON.
#[inline(never)]
pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Makes a list of strings.
#[inline(never)]
pub fn texts(texts: &[String]) -> Value {
    texts.iter().map(|one| text(one)).collect()
}

/// Returns the part of a document at a JSON pointer (RFC 6901), such as `/components/schemas`. Creates
/// missing objects.
// An index for each key would add code.
#[inline(never)]
pub fn part<'a>(document: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('/').skip(1).fold(document, |part, key| &mut part[key.replace("~1", "/")])
}

/// Sets the part of a document at a JSON pointer.
#[inline(never)]
pub fn set(document: &mut Value, path: &str, value: Value) {
    *part(document, path) = value;
}
