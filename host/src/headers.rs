//! The `spin-*` headers. They tell a guest its route and its client.

use crate::routes::{self, Match};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use std::net::SocketAddr;

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// The headers with the same value for all requests of a route.
pub struct RouteHeaders {
    matched_route: HeaderValue,
    raw_component_route: HeaderValue,
    component_route: HeaderValue,
}

impl RouteHeaders {
    /// Makes the headers of the route `raw`.
    ///
    /// # Errors
    ///
    /// If the route contains characters not allowed in a header.
    pub fn new(raw: &str) -> anyhow::Result<Self> {
        Ok(Self {
            matched_route: HeaderValue::try_from(routes::matched(raw))?,
            raw_component_route: HeaderValue::try_from(raw)?,
            component_route: HeaderValue::try_from(routes::prefix(raw))?,
        })
    }
}

/// Returns the value of `spin-client-addr`, the client's address and port.
pub fn client_addr(client: SocketAddr) -> HeaderValue {
    HeaderValue::try_from(client.to_string()).expect("an address has plain characters only")
}

/// Sets the host's `spin-*` headers, and removes any sent by the client.
pub fn set<T>(
    headers: &mut HeaderMap,
    route: &RouteHeaders,
    found: &Match<'_, T>,
    authority: &str,
    path: Option<&PathAndQuery>,
    client: &HeaderValue,
) {
    // The client must not set these headers.
    remove_spoofed(headers);
    headers.reserve(8);
    // Set the headers of every request.
    let path = path.map_or("/", PathAndQuery::as_str);
    insert(headers, FULL_URL, &format!("http://{authority}{path}"));
    insert(headers, PATH_INFO, &found.path_info());
    headers.insert(MATCHED_ROUTE, route.matched_route.clone());
    headers.insert(BASE_PATH, HeaderValue::from_static("/"));
    headers.insert(RAW_COMPONENT_ROUTE, route.raw_component_route.clone());
    headers.insert(COMPONENT_ROUTE, route.component_route.clone());
    headers.insert(CLIENT_ADDR, client.clone());
    // Set the headers of the route's `:name` segments.
    for (name, value) in found.named() {
        let name = format!("spin-path-match-{}", name.to_ascii_lowercase().replace('_', "-"));
        if let Ok(name) = HeaderName::try_from(name) {
            insert(headers, name, value);
        }
    }
}

/// Inserts a header. A parsed path contains only characters allowed in a header.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn remove_spoofed(headers: &mut HeaderMap) {
    let is_spoofed = |name: &str| name.starts_with("spin-") || name.starts_with("spin_");
    while let Some(name) = headers.keys().find(|name| is_spoofed(name.as_str())).cloned() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Router;

    #[test]
    fn a_guest_sees_the_headers_of_spin_and_no_others() {
        let router = Router::new([("/base/:user_id/...".to_owned(), ())]).unwrap();
        let found = router.find("/base/42/rest").unwrap();
        let route = RouteHeaders::new("/base/:user_id/...").unwrap();
        let mut headers = HeaderMap::new();
        for name in ["spin-full-url", "spin-extra", "spin_client_addr", "accept"] {
            headers.append(name, HeaderValue::from_static("spoofed"));
        }
        headers.append("spin-extra", HeaderValue::from_static("twice"));

        let path = PathAndQuery::from_static("/base/42/rest?key=value");
        let client = client_addr("127.0.0.1:8777".parse().unwrap());
        set(&mut headers, &route, &found, "example.com", Some(&path), &client);

        let mut shown: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        shown.sort_unstable();
        assert_eq!(
            shown,
            [
                ("accept", "spoofed"),
                ("spin-base-path", "/"),
                ("spin-client-addr", "127.0.0.1:8777"),
                ("spin-component-route", "/base/:user_id"),
                ("spin-full-url", "http://example.com/base/42/rest?key=value"),
                ("spin-matched-route", "/base/:user_id/..."),
                ("spin-path-info", "/rest"),
                ("spin-path-match-user-id", "42"),
                ("spin-raw-component-route", "/base/:user_id/..."),
            ]
        );
    }
}
