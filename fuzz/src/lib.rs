//! A request as the fuzzers of headers write it.

/// A message such as HTTP has it, with a line break for each of HTTP's.
pub struct Message<'a> {
    pub method: &'a str,
    pub uri: http::Uri,
    /// Names in lower case and values, in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message; none if no parser of HTTP would let it through.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
            Some(at) => (&bytes[..at], &bytes[at + 2..]),
            None => (bytes, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let headers = lines.map(header).collect::<Option<_>>()?;
        Some(Self { method, uri: target.parse().ok()?, headers, body })
    }

    /// Returns the value of a header that is there once.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut found = self.headers.iter().filter(|(found, _)| found == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }
}

fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = http::HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name.as_str().to_owned(), value.as_bytes().to_owned()))
}

/// Panics if an id has other characters than a log and a header take.
pub fn check_request_id(id: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    assert!((1..=128).contains(&id.len()) && id.bytes().all(plain), "{id:?} is an id");
}
