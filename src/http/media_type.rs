//! Content-Type and Accept headers.

/// Returns true if a body may be JSON: its type is JSON, or not stated.
pub fn may_be_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return true };
    // Some clients send the header twice.
    content_type
        .split(',')
        .map(essence)
        .all(|essence| essence == "application/json" || essence.ends_with("+json"))
}

/// Message to a client whose body has another type than JSON.
pub const NOT_JSON: &str = "The body should be JSON: send content-type: application/json";

/// Returns the quality of `wanted` in an Accept or Accept-Encoding header: from 0, not acceptable,
/// to 1; none if no item names it, by itself or by a wildcard. The most exact item counts.
pub fn quality(accept: &str, wanted: &str) -> Option<f64> {
    let items = accept.split(',').filter_map(|item| Some((exactness(item, wanted)?, item)));
    let (_, item) = items.max_by_key(|(exactness, _)| *exactness)?;
    Some(quality_of(item))
}

/// Returns the quality stated in an item of the header, or 1.
pub fn quality_of(item: &str) -> f64 {
    parameter(item, "q").and_then(|quality| quality.parse().ok()).unwrap_or(1.0)
}

/// Returns the exactness of an item as a name of `wanted`: most for the whole name, less for its
/// part before the slash, 0 for a wildcard; none if the item does not match.
fn exactness(item: &str, wanted: &str) -> Option<usize> {
    let name = essence(item);
    match name.strip_suffix('*') {
        _ if name == wanted => Some(wanted.len() + 1),
        Some("*/" | "") => Some(0),
        Some(prefix) if wanted.starts_with(prefix) => Some(prefix.len()),
        _ => None,
    }
}

/// Returns the value of a parameter, such as `version`.
pub fn parameter<'a>(media_type: &'a str, name: &str) -> Option<&'a str> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Returns a media type without its parameters, in lower case.
pub fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_before_a_wildcard() {
        let accept = "text/html;q=0.5, text/*;q=0.3, */*;q=0.1";
        assert_eq!(quality(accept, "text/html"), Some(0.5));
        assert_eq!(quality("*/*;q=0.1, text/plain;q=0", "text/plain"), Some(0.0));
        assert_eq!(quality("br;q=1, gzip", "gzip"), Some(1.0));
        assert_eq!(quality("*;q=0.2", "gzip"), Some(0.2));
        assert_eq!(quality("identity", "gzip"), None);
        assert_eq!(quality("text/*;q=0.3", "application/json"), None);
        assert_eq!(quality("text/*;q=0.9, */*;q=0.1", "text/plain"), Some(0.9));
    }

    #[test]
    fn a_type_that_is_stated_twice_is_json_if_both_are() {
        for json in
            ["application/json, application/json", "application/json; charset=utf-8", "text/x+json"]
        {
            assert!(may_be_json(Some(json)), "{json}");
        }
        for other in ["application/json, text/plain", "text/plain", "application/json,"] {
            assert!(!may_be_json(Some(other)), "{other}");
        }
    }

    #[test]
    fn a_parameter_may_be_quoted() {
        assert_eq!(parameter("text/plain; Version=\"1.0.0\"; q=1", "version"), Some("1.0.0"));
        assert_eq!(parameter("version=1", "version"), None);
    }
}
