//! `wasi:http`: reads the request, sends the response.

use super::{Lent, log, settings};
use crate::http::{HttpError, Method, Response};
use spin_sdk::http::{Fields, Method as WasiMethod, OutgoingBody, OutgoingResponse};
pub use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// The request line.
pub struct Head {
    pub method: Method,
    /// Path without the query.
    pub path: String,
    /// Query with the question mark before it; empty if there is none.
    pub query: String,
}

/// Maximum number of body bytes in one read from the host.
const CHUNK: u64 = 64 * 1024;

/// An incoming request, as lent by the host.
pub struct Incoming {
    request: Lent<IncomingRequest>,
    headers: Lent<Fields>,
}

impl Incoming {
    /// Wraps the host's request.
    pub fn new(request: IncomingRequest) -> Self {
        let headers = Lent::new(request.headers());
        Self { request: Lent::new(request), headers }
    }

    /// Returns the request line.
    pub fn head(&self) -> Head {
        let method = match self.request.method() {
            WasiMethod::Get => Method::Get,
            WasiMethod::Head => Method::Head,
            WasiMethod::Post => Method::Post,
            WasiMethod::Put => Method::Put,
            WasiMethod::Patch => Method::Patch,
            WasiMethod::Delete => Method::Delete,
            WasiMethod::Options => Method::Options,
            WasiMethod::Trace => Method::Trace,
            WasiMethod::Connect => Method::Connect,
            WasiMethod::Other(_) => Method::Other,
        };
        let mut path = self.request.path_with_query().unwrap_or_default();
        let query = path.split_off(path.find('?').unwrap_or(path.len()));
        Head { method, path, query }
    }

    /// Returns the value of a header; none if the request has no such header. Several lines of a
    /// header make one list, joined by commas (RFC 9110, section 5.2). Each look-up is a call to
    /// the host.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines =
            self.headers.get(name).into_iter().map(|line| match String::from_utf8(line) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            });
        let first = lines.next()?;
        Some(lines.fold(first, |list, line| format!("{list}, {line}")))
    }

    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// 400 if the body ends early, 413 if it is longer than the limit.
    pub fn read_body(&self) -> Result<Vec<u8>, HttpError> {
        let broken = |_| HttpError::new(400, "The body ended before it was complete");
        // Open the body.
        let incoming = Lent::new(self.request.consume().map_err(broken)?);
        let stream = Lent::new(incoming.stream().map_err(broken)?);
        // Read it piece by piece, up to the limit.
        let mut body = Vec::new();
        let mut most = settings::ALWAYS_TAKEN_BODY_BYTES;
        loop {
            let chunk = match stream.blocking_read(CHUNK) {
                Ok(chunk) => chunk,
                Err(StreamError::Closed) => return Ok(body),
                Err(_) => return Err(broken(())),
            };
            // The usual body comes in one piece, and is not copied.
            if body.is_empty() {
                body = chunk;
            } else {
                body.extend_from_slice(&chunk);
            }
            if body.len() > most {
                most = settings::max_body_bytes().max(most);
            }
            if body.len() > most {
                discard(&stream);
                return Err(HttpError::too_large(most));
            }
        }
    }

    /// Reads and drops the body of a request, if the answer does not depend on it.
    pub fn discard_body(&self) {
        if let Ok(body) = self.request.consume().map(Lent::new)
            && let Ok(stream) = body.stream().map(Lent::new)
        {
            discard(&stream);
        }
    }
}

/// Reads and drops a body to its end, or up to the setting's number of bytes. So a client gets its
/// answer even if it first sends its whole body and only then reads (RFC 9112, section 9.6).
fn discard(stream: &InputStream) {
    let mut left = settings::max_discarded_bytes() as u64;
    while left > 0 {
        match stream.blocking_skip(left.min(CHUNK)) {
            Ok(skipped) => left = left.saturating_sub(skipped),
            Err(_) => return,
        }
    }
}

/// Sends the response. Writes and finishes the body before it hands over the response, so head and
/// body leave in one write. With two writes, Nagle's algorithm and delayed acknowledgements would
/// keep the client waiting for 40 ms.
pub fn send(out: ResponseOutparam, response: Response, method: Method) {
    let Response { status, content_type, headers, body: content } = response;
    let length = has_length(status, content_type).then_some(content.len());
    let outgoing = OutgoingResponse::new(fields(content_type, headers, length));
    // The status is 200 by default.
    if status != 200 {
        outgoing.set_status_code(status).expect("our status codes are valid");
    }
    let body = outgoing.body().expect("the body is taken once");
    // Write as much as the host takes at once.
    let stream = body.write().expect("the stream is taken once");
    let room = stream.check_write().unwrap_or(0) as usize;
    let (now, later) = content.split_at(room.min(content.len()));
    let mut sent = write(&stream, now);
    if later.is_empty() {
        drop(stream);
        finish(body, sent);
        out.set(outgoing);
    } else {
        // The host cannot buffer the whole body. Hand over the response to make room for the rest.
        out.set(outgoing);
        // The host drops the body of the answer to a HEAD.
        if method == Method::Head {
            return;
        }
        sent = sent.and_then(|()| write_all(&stream, later));
        drop(stream);
        finish(body, sent);
    }
}

/// Returns true if an answer has a content-length. Without one, a host sends an empty body in
/// chunks.
fn has_length(status: u16, content_type: Option<&str>) -> bool {
    content_type.is_some() || !matches!(status, 204 | 304)
}

fn fields(
    content_type: Option<&str>,
    headers: Vec<(&'static str, String)>,
    content_length: Option<usize>,
) -> Fields {
    let mut fields = Vec::with_capacity(2 + headers.len());
    if let Some(content_type) = content_type {
        fields.push(("content-type".to_owned(), content_type.into()));
    }
    if let Some(content_length) = content_length {
        fields.push(("content-length".to_owned(), content_length.to_string().into()));
    }
    fields.extend(headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    Fields::from_list(&fields).expect("our headers are valid")
}

fn write(stream: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.is_empty() { Ok(()) } else { stream.write(bytes) }
}

/// Writes all bytes, piece by piece, as the host makes room.
fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        stream.subscribe().block();
        let room = stream.check_write()? as usize;
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        write(stream, now)?;
        bytes = later;
    }
    // Not flushed: the host closes the stream once it has the promised content-length.
    Ok(())
}

/// Finishes the body. Logs a warning if the client has disconnected.
fn finish(body: OutgoingBody, sent: Result<(), StreamError>) {
    if sent.is_err() {
        log::warn("the client went away before it had the answer");
    } else if OutgoingBody::finish(body, None).is_err() {
        log::warn("the answer was not sent: the host did not take the end of it");
    }
}
