//! The routing table: every path that the service answers.
//!
//! A table is data. What answers an endpoint is in `handlers`, and what the documentation says of
//! it in `openapi`, each in a `match` that the compiler holds against the list of endpoints.

use crate::http::Method;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Something that a component answers, by whatever paths lead there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Root,
    Predict,
    Metrics,
    OpenApi,
    ServerMetadata,
    ServerLive,
    ServerReady,
    ModelMetadata,
    ModelReady,
    Infer,
}

/// One path of a component with the endpoints `E`.
pub struct Route<E: 'static> {
    /// The path, and the `handler` label in metrics. A segment in braces stands for any segment.
    pub path: &'static str,
    /// HEAD is served wherever GET is: the host leaves out the body. OPTIONS is served everywhere.
    pub methods: &'static [(Method, E)],
}

/// The API, the usual request first.
pub static ROUTES: &[Route<Endpoint>] = &[
    Route { path: "/predict", methods: &[(Method::Post, Endpoint::Predict)] },
    Route { path: "/", methods: &[(Method::Get, Endpoint::Root)] },
    Route { path: "/metrics", methods: &[(Method::Get, Endpoint::Metrics)] },
    Route { path: "/openapi.json", methods: &[(Method::Get, Endpoint::OpenApi)] },
    Route { path: "/v2", methods: &[(Method::Get, Endpoint::ServerMetadata)] },
    Route { path: "/v2/health/live", methods: &[(Method::Get, Endpoint::ServerLive)] },
    Route { path: "/v2/health/ready", methods: &[(Method::Get, Endpoint::ServerReady)] },
    Route { path: "/v2/models/{model}", methods: METADATA },
    Route { path: "/v2/models/{model}/ready", methods: READY },
    Route { path: "/v2/models/{model}/infer", methods: INFER },
    Route { path: "/v2/models/{model}/versions/{version}", methods: METADATA },
    Route { path: "/v2/models/{model}/versions/{version}/ready", methods: READY },
    Route { path: "/v2/models/{model}/versions/{version}/infer", methods: INFER },
];

const METADATA: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelMetadata)];
const READY: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelReady)];
const INFER: &[(Method, Endpoint)] = &[(Method::Post, Endpoint::Infer)];

/// The `handler` label of a path that no route has.
pub const NO_ROUTE: &str = "none";

/// What stands in a path for the segments in braces, decoded, in order.
pub type Segments<'p> = Vec<Cow<'p, str>>;

pub enum Found<'p, E: 'static> {
    Endpoint(&'static Route<E>, E, Segments<'p>),
    Options(&'static Route<E>),
    WrongMethod(&'static Route<E>),
    /// The path has a slash too many at its end.
    WithSlash,
    Nothing,
}

impl<E: 'static> Found<'_, E> {
    pub fn route(&self) -> Option<&'static Route<E>> {
        match self {
            Self::Endpoint(route, ..) | Self::Options(route) | Self::WrongMethod(route) => {
                Some(route)
            }
            Self::WithSlash | Self::Nothing => None,
        }
    }

    /// The `handler` label: a route's path or [`NO_ROUTE`], and never what the client sent.
    pub fn label(&self) -> &'static str {
        self.route().map_or(NO_ROUTE, |route| route.path)
    }

    /// The `method` label. Methods that a route does not serve are one, so that clients cannot make
    /// the metrics many times as long.
    pub fn method_label(&self, method: Method) -> &'static str {
        let method = if matches!(self, Self::WrongMethod(_)) { Method::Other } else { method };
        method.as_str()
    }
}

pub fn find<'p, E: Copy>(
    routes: &'static [Route<E>],
    path: &'p str,
    method: Method,
) -> Found<'p, E> {
    let matching = |route: &'static Route<E>| Some((route, segments(route.path, path)?));
    let Some((route, segments)) = routes.iter().find_map(matching) else {
        let path = path.strip_suffix('/');
        let is_path = |route: &&Route<E>| path.and_then(|path| self::segments(route.path, path));
        return match routes.iter().find(|route| is_path(route).is_some()) {
            // A browser follows no redirect when it asks what it may send.
            Some(route) if method == Method::Options => Found::Options(route),
            Some(_) => Found::WithSlash,
            None => Found::Nothing,
        };
    };
    let asked = if method == Method::Head { Method::Get } else { method };
    match route.methods.iter().find(|(served, _)| *served == asked) {
        Some((_, endpoint)) => Found::Endpoint(route, *endpoint, segments),
        None if method == Method::Options => Found::Options(route),
        None => Found::WrongMethod(route),
    }
}

/// None if the path is not of the template's form.
fn segments<'p>(template: &str, path: &'p str) -> Option<Segments<'p>> {
    if !template.contains('{') {
        return (template == path).then(Vec::new);
    }
    let mut segments = Vec::new();
    let mut parts = path.split('/');
    for expected in template.split('/') {
        let part = parts.next()?;
        if expected.starts_with('{') && !part.is_empty() {
            segments.push(percent_decode_str(part).decode_utf8_lossy());
        } else if expected != part {
            return None;
        }
    }
    parts.next().is_none().then_some(segments)
}

impl<E> Route<E> {
    pub fn takes_body(&self) -> bool {
        self.methods.iter().any(|(method, _)| *method == Method::Post)
    }

    /// The value of an Allow header.
    pub fn allow(&self) -> String {
        let mut names = Vec::new();
        for (method, _) in self.methods {
            names.push(method.as_str());
            if *method == Method::Get {
                names.push(Method::Head.as_str());
            }
        }
        names.push(Method::Options.as_str());
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str, method: Method) -> Found<'_, Endpoint> {
        super::find(ROUTES, path, method)
    }

    #[test]
    fn head_is_served_where_get_is_and_options_everywhere() {
        assert!(matches!(find("/metrics", Method::Head), Found::Endpoint(..)));
        assert!(matches!(find("/predict", Method::Head), Found::WrongMethod(_)));
        assert!(matches!(find("/predict", Method::Options), Found::Options(_)));
    }

    #[test]
    fn allow_names_head_beside_get_and_always_options() {
        let allow = |path| find(path, Method::Other).route().unwrap().allow();
        assert_eq!(allow("/predict"), "POST, OPTIONS");
        assert_eq!(allow("/"), "GET, HEAD, OPTIONS");
    }

    #[test]
    fn an_unknown_path_has_a_label_of_ours() {
        for path in ["/predict//", "/v2/models", "/v2/models//infer", "/v2/models/a/infer/b", ""] {
            assert_eq!(find(path, Method::Post).label(), NO_ROUTE, "{path}");
        }
    }

    #[test]
    fn a_slash_too_many_is_found_behind_every_route() {
        for route in ROUTES.iter().filter(|route| route.path != "/") {
            let path = format!("{}/", route.path.replace(['{', '}'], ""));
            assert!(matches!(find(&path, Method::Post), Found::WithSlash), "{path}");
        }
        assert!(matches!(find("//", Method::Get), Found::WithSlash));
        assert!(matches!(find("/predict/", Method::Options), Found::Options(_)));
        assert!(matches!(find("/v2/models//", Method::Get), Found::Nothing));
    }

    #[test]
    fn a_method_that_a_route_does_not_serve_is_labelled_other() {
        let label = |path, method| find(path, method).method_label(method);
        assert_eq!(label("/predict", Method::Post), "POST");
        assert_eq!(label("/predict", Method::Options), "OPTIONS");
        assert_eq!(label("/predict", Method::Trace), "OTHER");
        assert_eq!(label("/metrics", Method::Head), "HEAD");
        assert_eq!(label("/nothing", Method::Put), "PUT");
    }

    #[test]
    fn a_segment_in_braces_stands_for_any_segment_and_is_decoded() {
        let path = "/v2/models/heart%20risk/versions/v1%2F2/infer";
        let Found::Endpoint(route, endpoint, segments) = find(path, Method::Post) else {
            panic!("{path} is no route");
        };
        assert_eq!(route.path, "/v2/models/{model}/versions/{version}/infer");
        assert_eq!(endpoint, Endpoint::Infer);
        assert_eq!(segments, ["heart risk", "v1/2"]);
    }
}
