//! The ids of requests and traces.

use super::hexadecimal;

/// Maximum length of a client's id, in bytes. A longer id is not taken over.
const MAX_ID_BYTES: usize = 128;

/// Returns the id of a request: the client's own, or one made of `random`.
pub fn request_id(given: Option<String>, random: u64) -> String {
    given.filter(|id| is_plain(id)).unwrap_or_else(|| hexadecimal::of(random))
}

/// Returns true if an id can stand in a header and in a log line unchanged.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(plain)
}

/// Returns the id of a request's trace from its `traceparent` header; none if it is not valid.
///
/// Source: W3C Trace Context, section 3.2, <https://www.w3.org/TR/trace-context/>.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let version = digits(parts.next()?, 2)?;
    let trace = digits(parts.next()?, 32)?;
    let parent = digits(parts.next()?, 16)?;
    digits(parts.next()?, 2)?;
    // Later versions may have more parts.
    let is_valid = version != "ff" && (version != "00" || parts.next().is_none());
    let is_set = [trace, parent].iter().all(|id| id.bytes().any(|digit| digit != b'0'));
    (is_valid && is_set).then_some(trace)
}

fn digits(part: &str, length: usize) -> Option<&str> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (part.len() == length && part.bytes().all(is_digit)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_taken_by_the_letter() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert_eq!(trace_id(&format!("00-{trace}-{parent}-01")), Some(trace));
        assert_eq!(trace_id(&format!("01-{trace}-{parent}-01-more")), Some(trace));
        for other in [
            format!("00-{trace}-{parent}-01-more"),
            format!("ff-{trace}-{parent}-01"),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{trace}-{parent}"),
            String::new(),
        ] {
            assert_eq!(trace_id(&other), None, "{other}");
        }
    }
}
