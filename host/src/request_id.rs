//! The id of a request. It connects a response with its lines in the log.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// The header with the id, in requests and in responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The maximal length of a client's id in bytes. A longer id is replaced.
const MAX_BYTES: usize = 128;

/// A request's id. It is the client's own id if it is plain, otherwise a random one. The service
/// has the same rule.
///
/// The id is made at its first use, because the host seldom needs one.
pub struct RequestId {
    given: Option<HeaderValue>,
    id: OnceLock<String>,
}

impl RequestId {
    /// Makes the id of a request with `headers`.
    pub fn new(headers: &HeaderMap) -> Self {
        Self { given: headers.get(HEADER).cloned(), id: OnceLock::new() }
    }

    /// Returns the id: letters, digits and the characters `-_.:/+=@`.
    pub fn get(&self) -> &str {
        self.id.get_or_init(|| {
            let given = self.given.as_ref().and_then(|id| id.to_str().ok());
            given.filter(|id| is_plain(id)).map_or_else(random, str::to_owned)
        })
    }
}

fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(plain)
}

/// Returns sixteen random hexadecimal digits. Each hasher of the standard library has random keys.
fn random() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(given.as_bytes()).unwrap());
        RequestId::new(&headers).get().to_owned()
    }

    #[test]
    fn a_plain_id_of_the_clients_is_kept_and_another_is_replaced() {
        assert_eq!(id("r-1"), "r-1");
        for bad in ["", "a b", "ä", &"x".repeat(129)] {
            assert_eq!(id(bad).len(), 16, "{bad}");
        }
    }

    #[test]
    fn random_ids_differ_between_requests_and_stay_for_one() {
        let ids = [RequestId::new(&HeaderMap::new()), RequestId::new(&HeaderMap::new())];
        assert_eq!(ids[0].get(), ids[0].get());
        assert_ne!(ids[0].get(), ids[1].get());
    }
}
