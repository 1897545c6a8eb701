//! Finds the host named by a request.

use http::Version;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};

/// The host of a request without a host name. HTTP/1.0 allows such requests.
const UNNAMED: &str = "localhost";

/// Finds and returns the request's host. Puts it into the `Host` header, and reduces the target to
/// its path and query.
///
/// If the target is a whole URI, its host counts and the header does not (RFC 9112, section 3.2.2).
/// An empty header is allowed (section 3.2), and names no host.
///
/// # Errors
///
/// If the header is missing from HTTP/1.1, occurs twice, or is not a host with or without a port,
/// or if the target's host is invalid.
pub fn find(parts: &mut Parts) -> Result<String, &'static str> {
    let named = header(&parts.headers, parts.version)?;
    let authority = match parts.uri.authority() {
        Some(authority) => without_user(authority),
        None if named.is_empty() => UNNAMED.to_owned(),
        None => return Ok(named),
    };
    let invalid = "The target's host is not valid";
    if !is_host(&authority) {
        return Err(invalid);
    }
    let value = HeaderValue::try_from(&authority).map_err(|_| invalid)?;
    parts.headers.insert(HOST, value);
    // The guest learns the host from the header.
    let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // A target such as `http://a?b` has a query and no path.
    let root = if path.starts_with('/') { "" } else { "/" };
    parts.uri = format!("{root}{path}").parse().map_err(|_| invalid)?;
    Ok(authority)
}

/// Returns the value of the `Host` header, or an empty string if it names no host.
fn header(headers: &HeaderMap, version: Version) -> Result<String, &'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err("There is more than one Host header"),
        (None, _) if version >= Version::HTTP_11 => return Err("The Host header is missing"),
        (None, _) => return Ok(String::new()),
        (Some(host), None) => host.to_str().unwrap_or("\0"),
    };
    let is_valid = host.is_empty() || is_host(host);
    if is_valid { Ok(host.to_owned()) } else { Err("The Host header is not valid") }
}

/// Returns true for a host with or without a port, and without a user. The host needs a name, and
/// the port only digits (RFC 3986, section 3.2). The parser of authorities does not check this.
fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let host = authority.host();
    let port = text.strip_prefix(host).map(|port| port.strip_prefix(':').unwrap_or(port));
    !host.is_empty() && port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns host and port. The part before an `@` is only for the client (RFC 9110, section 4.2.4).
fn without_user(authority: &Authority) -> String {
    let text = authority.as_str();
    text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    /// Returns the host of a request for `target` with the `Host` headers `hosts`, after a check of
    /// the new header.
    fn found(target: &str, version: Version, hosts: &[&str]) -> Result<String, &'static str> {
        let mut request = Request::builder().uri(target).version(version);
        for host in hosts {
            request = request.header(HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let authority = find(&mut parts)?;
        assert_eq!(parts.headers[HOST], authority);
        Ok(authority)
    }

    #[test]
    fn the_targets_host_counts_and_the_header_does_not() {
        for host in ["A.example", "a.example:80", "other", ""] {
            let found = found("http://a.example/x", Version::HTTP_11, &[host]);
            assert_eq!(found.as_deref(), Ok("a.example"));
        }
        let found = found("http://user:word@a.example:81/", Version::HTTP_11, &["x"]);
        assert_eq!(found.as_deref(), Ok("a.example:81"));
    }

    #[test]
    fn a_target_without_a_path_is_for_the_root() {
        for (target, path) in [("http://a?b=1", "/?b=1"), ("http://a", "/"), ("http://a/?b", "/?b")]
        {
            let request = Request::builder().uri(target).header(HOST, "a");
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            find(&mut parts).unwrap();
            assert_eq!(parts.uri, path);
        }
    }

    #[test]
    fn the_host_header_counts_if_the_target_is_a_path() {
        assert_eq!(found("/x", Version::HTTP_11, &["a:81"]).as_deref(), Ok("a:81"));
        assert_eq!(found("/x", Version::HTTP_11, &["[::1]:80"]).as_deref(), Ok("[::1]:80"));
        assert_eq!(found("/x", Version::HTTP_11, &[""]).as_deref(), Ok("localhost"));
        assert_eq!(found("/x", Version::HTTP_10, &[]).as_deref(), Ok("localhost"));
    }

    #[test]
    fn a_missing_repeated_or_invalid_host_header_is_refused() {
        for (hosts, problem) in [
            (&[][..], "missing"),
            (&["a", "a"], "more than one"),
            (&["a b"], "not valid"),
            (&["user@a"], "not valid"),
            (&["a/b"], "not valid"),
            (&["ä"], "not valid"),
            (&[":"], "not valid"),
            (&[":80"], "not valid"),
            (&["a:http"], "not valid"),
        ] {
            for target in ["/x", "http://a/x"] {
                let error = found(target, Version::HTTP_11, hosts).unwrap_err();
                assert!(error.contains(problem), "{hosts:?}: {error}");
            }
        }
    }

    #[test]
    fn a_target_without_a_valid_host_is_refused() {
        for target in ["http://user@:80/x", "http://:80/x", "http://a:http/x", ":", "[::1]:x"] {
            let error = found(target, Version::HTTP_11, &["a"]).unwrap_err();
            assert_eq!(error, "The target's host is not valid", "{target}");
        }
    }
}
