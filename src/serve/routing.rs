//! Routing tables, and the search in them.

use crate::http::{Method, Segments};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// One path of a component with the endpoints `E`.
pub struct Route<E: 'static> {
    /// The path, and the `handler` label in metrics. A segment in braces stands for any segment, or
    /// for any with the end that is behind the braces.
    pub path: &'static str,
    /// Methods, each with its endpoint. HEAD is served wherever GET is: the host leaves out the
    /// body. OPTIONS is served everywhere.
    pub methods: &'static [(Method, E)],
}

/// The `handler` label of a path without a route.
pub const NO_ROUTE: &str = "none";

/// The result of a search.
pub enum Found<'p, E: 'static> {
    Endpoint(&'static Route<E>, E, Segments<'p>),
    Options(&'static Route<E>),
    WrongMethod(&'static Route<E>),
    /// The path has a slash too many at its end.
    WithSlash,
    Nothing,
}

impl<E: 'static> Found<'_, E> {
    /// Returns the route of the path, if there is one.
    pub fn route(&self) -> Option<&'static Route<E>> {
        match self {
            Self::Endpoint(route, ..) | Self::Options(route) | Self::WrongMethod(route) => {
                Some(route)
            }
            Self::WithSlash | Self::Nothing => None,
        }
    }

    /// Returns the `handler` label: a route's path or [`NO_ROUTE`], never text of the client.
    pub fn label(&self) -> &'static str {
        self.route().map_or(NO_ROUTE, |route| route.path)
    }

    /// Returns the `method` label. All methods not served by the route have one label, so clients
    /// cannot make the metrics many times as long.
    pub fn method_label(&self, method: Method) -> &'static str {
        let method = if matches!(self, Self::WrongMethod(_)) { Method::Other } else { method };
        method.as_str()
    }
}

/// Searches a table for a path and a method.
pub fn find<'p, E: Copy>(
    routes: &'static [Route<E>],
    path: &'p str,
    method: Method,
) -> Found<'p, E> {
    let matching = |route: &'static Route<E>| Some((route, segments(route.path, path)?));
    // Find the route of the path.
    let Some((route, segments)) = routes.iter().find_map(matching) else {
        let path = path.strip_suffix('/');
        let is_path = |route: &&Route<E>| path.and_then(|path| self::segments(route.path, path));
        return match routes.iter().find(|route| is_path(route).is_some()) {
            // A browser follows no redirect of a preflight request.
            Some(route) if method == Method::Options => Found::Options(route),
            Some(_) => Found::WithSlash,
            None => Found::Nothing,
        };
    };
    // Find the endpoint of the method.
    let asked = if method == Method::Head { Method::Get } else { method };
    match route.methods.iter().find(|(served, _)| *served == asked) {
        Some((_, endpoint)) => Found::Endpoint(route, *endpoint, segments),
        None if method == Method::Options => Found::Options(route),
        None => Found::WrongMethod(route),
    }
}

/// Returns the path's segments at the template's braces; none if the path does not match.
fn segments<'p>(template: &str, path: &'p str) -> Option<Segments<'p>> {
    if !template.contains('{') {
        return (template == path).then(Vec::new);
    }
    let mut segments = Vec::new();
    let mut parts = path.split('/');
    for expected in template.split('/') {
        let part = parts.next()?;
        if let Some((_, end)) = expected.strip_prefix('{').and_then(|name| name.split_once('}')) {
            segments.push(segment(part, end)?);
        } else if expected != part {
            return None;
        }
    }
    parts.next().is_none().then_some(segments)
}

/// Decodes a segment without the end behind the braces; none if the segment has another end, or
/// nothing before it.
fn segment<'p>(part: &'p str, end: &str) -> Option<Cow<'p, str>> {
    let mut segment = percent_decode_str(part).decode_utf8_lossy();
    if !end.is_empty() {
        segment = segment.strip_suffix(end)?.to_owned().into();
    }
    (!segment.is_empty()).then_some(segment)
}

impl<E> Route<E> {
    /// Returns true if requests with a body are served.
    pub fn takes_body(&self) -> bool {
        self.methods.iter().any(|(method, _)| *method == Method::Post)
    }

    /// Returns the value of an Allow header.
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
