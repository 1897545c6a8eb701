//! Finds the trigger for a path, by Spin's rules.

use anyhow::{Result, anyhow};
use indexmap::IndexMap;
use std::borrow::Cow;

/// The routes of an application, each with its target.
pub struct Router<T> {
    routes: routefinder::Router<T>,
}

/// The target of a path, and the values of its route's wildcards.
pub struct Match<'a, T> {
    /// The target.
    pub target: &'a T,
    captures: routefinder::Captures<'a, 'a>,
    path: &'a str,
}

impl<T> Router<T> {
    /// Makes a router from `routes` in the manifest's form: `/user/:id/...`. Of equal routes, the
    /// last one counts.
    ///
    /// # Errors
    ///
    /// If a route is invalid.
    pub fn new(routes: impl IntoIterator<Item = (String, T)>) -> Result<Self> {
        let unique: IndexMap<String, T> = routes.into_iter().collect();
        let mut router = routefinder::Router::new();
        for (raw, target) in unique {
            router
                .add(pattern(&raw).as_str(), target)
                .map_err(|error| anyhow!("route `{raw}`: {error}"))?;
        }
        Ok(Self { routes: router })
    }

    /// Returns the best route for `path`. An exact route comes before a wildcard, and a longer
    /// route before a shorter one.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<Match<'a, T>> {
        let found = self.routes.best_match(path)?;
        Some(Match { target: found.handler(), captures: found.captures(), path })
    }
}

/// Returns the route `raw` in its matched form: absolute, and without a slash at its end. The route
/// `/` becomes the empty string.
pub fn matched(raw: &str) -> String {
    let trimmed = raw.strip_suffix('/').unwrap_or(raw);
    match trimmed {
        "" => String::new(),
        _ if trimmed.starts_with('/') => trimmed.to_owned(),
        _ => format!("/{trimmed}"),
    }
}

/// Returns the route `raw` without the wildcard at its end.
pub fn prefix(raw: &str) -> &str {
    raw.strip_suffix("/...").unwrap_or(raw)
}

impl<T> Match<'_, T> {
    /// Returns the value of a wildcard at the route's end, from its slash on. It is empty if the
    /// route has no wildcard.
    ///
    /// routefinder removes slashes at the end of a path; Spin has always kept them.
    pub fn path_info(&self) -> Cow<'_, str> {
        let Some(rest) = self.captures.wildcard() else {
            return Cow::Borrowed("");
        };
        match (rest.is_empty(), self.path.ends_with('/')) {
            (true, false) => Cow::Borrowed(""),
            (true, true) => Cow::Borrowed("/"),
            (false, false) => Cow::Owned(format!("/{rest}")),
            (false, true) => Cow::Owned(format!("/{rest}/")),
        }
    }

    /// Returns the name and value of each `:name` segment.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.captures.iter()
    }
}

/// Returns the route in routefinder's syntax.
fn pattern(raw: &str) -> String {
    let matched = matched(raw);
    match matched.strip_suffix("/...") {
        Some(prefix) => format!("{prefix}/*"),
        None => matched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router<usize> {
        let routes = routes.iter().enumerate().map(|(index, raw)| (raw.to_string(), index));
        Router::new(routes).unwrap()
    }

    fn target(routes: &[&str], path: &str) -> Option<usize> {
        router(routes).find(path).map(|found| *found.target)
    }

    #[test]
    fn an_exact_route_comes_before_a_wildcard() {
        assert_eq!(target(&["/...", "/one"], "/one"), Some(1));
        assert_eq!(target(&["/...", "/one"], "/two"), Some(0));
        assert_eq!(target(&["/...", "/one"], "/"), Some(0));
    }

    #[test]
    fn the_longest_wildcard_wins_in_any_order() {
        assert_eq!(target(&["/a/...", "/a/b/..."], "/a/b/c"), Some(1));
        assert_eq!(target(&["/a/b/...", "/a/..."], "/a/b/c"), Some(0));
    }

    #[test]
    fn the_last_of_equal_routes_wins() {
        assert_eq!(target(&["/a", "/a"], "/a"), Some(1));
    }

    #[test]
    fn a_path_without_a_route_has_none() {
        assert_eq!(target(&["/", "/a/b"], "/a"), None);
        assert_eq!(target(&["/", "/a/b"], "/"), Some(0));
    }

    #[test]
    fn path_info_keeps_slashes_at_the_end() {
        let router = router(&["/test/...", "/exact"]);
        for (path, expected) in [
            ("/test", ""),
            ("/test/", "/"),
            ("/test/a/b", "/a/b"),
            ("/test/a/", "/a/"),
            ("/exact", ""),
        ] {
            assert_eq!(router.find(path).unwrap().path_info(), expected, "{path}");
        }
    }

    #[test]
    fn named_segments_are_captured() {
        let router = router(&["/1/:two/..."]);
        let found = router.find("/1/2/3").unwrap();
        assert_eq!(found.named().collect::<Vec<_>>(), [("two", "2")]);
        assert_eq!(found.path_info(), "/3");
    }

    #[test]
    fn routes_are_shown_as_spin_shows_them() {
        for (raw, expected, without_wildcard) in
            [("/", "", "/"), ("/a/...", "/a/...", "/a"), ("b", "/b", "b"), ("/c/", "/c", "/c/")]
        {
            assert_eq!(matched(raw), expected);
            assert_eq!(prefix(raw), without_wildcard);
        }
    }
}
