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
