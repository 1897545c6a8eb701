//! The API server, by way of `kubectl proxy`.

use crate::http::{Client, Request, Response};
use serde_json::Value;
use std::net::SocketAddr;

/// The address of `kubectl proxy`. The network is this run's own.
pub const PROXY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8001);

pub struct Api;

impl Api {
    /// The object or list at `path`, if it is there.
    pub fn find(&self, path: &str) -> Option<Value> {
        let response = self.send(&Request::get(path));
        (response.status == 200).then(|| response.json())
    }

    /// The object or list at `path`, which must be there.
    pub fn get(&self, path: &str) -> Value {
        self.find(path).unwrap_or_else(|| panic!("{path} is not there"))
    }

    /// The items of the list at `path`.
    pub fn list(&self, path: &str) -> Vec<Value> {
        self.get(path)["items"].as_array().cloned().unwrap_or_default()
    }

    pub fn post(&self, path: &str, object: &Value) -> Response {
        let request = Request::post(path, object.to_string());
        self.send(&request.header("content-type", "application/json"))
    }

    /// Merges `object` into the object at `path`, as the field's own rules say.
    pub fn patch(&self, path: &str, object: &Value) -> Response {
        let request = Request::with_body("PATCH", path, object.to_string());
        self.send(&request.header("content-type", "application/strategic-merge-patch+json"))
    }

    pub fn delete_now(&self, path: &str) -> Response {
        let options = r#"{"gracePeriodSeconds": 0}"#;
        let request = Request::with_body("DELETE", path, options);
        self.send(&request.header("content-type", "application/json"))
    }

    fn send(&self, request: &Request) -> Response {
        let response = Client::connect(PROXY).send(request);
        // What is not there may be asked for; whatever else is refused is worth a line.
        if response.status >= 400 && response.status != 404 {
            eprintln!("the API server: {} {}", response.status, response.text());
        }
        response
    }
}
