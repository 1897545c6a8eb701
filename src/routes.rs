//! The routing table: every path that is served, and who serves it.

use crate::handlers;
use crate::http::{Method, Reply, Request};

pub type Handler = fn(&Request) -> Reply;

pub struct Route {
    /// The path, and the `handler` label in metrics.
    pub path: &'static str,
    pub methods: &'static [(Method, Handler)],
}

/// HEAD is served wherever GET is: the host leaves out the body.
pub static ROUTES: &[Route] = &[
    Route { path: "/", methods: &[(Method::Get, handlers::root::get)] },
    Route { path: "/predict", methods: &[(Method::Post, handlers::predict::post)] },
    Route { path: "/metrics", methods: &[(Method::Get, handlers::metrics::get)] },
];

/// The `handler` label of a path that no route has.
pub const NO_ROUTE: &str = "none";

pub enum Found {
    Handler(&'static Route, Handler),
    WrongMethod(&'static Route),
    Nothing,
}

impl Found {
    /// The `handler` label: a route's path or [`NO_ROUTE`], and never what the client sent.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Handler(route, _) | Self::WrongMethod(route) => route.path,
            Self::Nothing => NO_ROUTE,
        }
    }
}

pub fn find(path: &str, method: Method) -> Found {
    let Some(route) = ROUTES.iter().find(|route| route.path == path) else {
        return Found::Nothing;
    };
    let asked = if method == Method::Head { Method::Get } else { method };
    match route.methods.iter().find(|(served, _)| *served == asked) {
        Some((_, handler)) => Found::Handler(route, *handler),
        None => Found::WrongMethod(route),
    }
}

impl Route {
    /// The value of an Allow header.
    pub fn allow(&self) -> String {
        let mut names = Vec::new();
        for (method, _) in self.methods {
            names.push(method.as_str());
            if *method == Method::Get {
                names.push(Method::Head.as_str());
            }
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_served_where_get_is() {
        assert!(matches!(find("/metrics", Method::Head), Found::Handler(..)));
        assert!(matches!(find("/predict", Method::Head), Found::WrongMethod(_)));
    }

    #[test]
    fn allow_names_head_beside_get() {
        assert_eq!(
            ROUTES.iter().map(Route::allow).collect::<Vec<_>>(),
            ["GET, HEAD", "POST", "GET, HEAD"]
        );
    }

    #[test]
    fn an_unknown_path_has_a_label_of_ours() {
        assert_eq!(find("/predict/", Method::Post).label(), NO_ROUTE);
    }
}
