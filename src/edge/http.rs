//! `wasi:http`: reads the request, sends the response.

use crate::http::{Method, Response};
use crate::{edge::log, limits};
use spin_sdk::http::{
    Fields, IncomingRequest, Method as WasiMethod, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{OutputStream, StreamError};

/// The request line.
pub struct Head {
    pub method: Method,
    /// Without the query.
    pub path: String,
}

pub fn head(request: &IncomingRequest) -> Head {
    let method = match request.method() {
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
    let mut path = request.path_with_query().unwrap_or_default();
    path.truncate(path.find('?').unwrap_or(path.len()));
    Head { method, path }
}

/// The headers of a request. Each look at one is a call to the host.
pub struct Headers(Fields);

impl Headers {
    pub fn of(request: &IncomingRequest) -> Self {
        Self(request.headers())
    }

    /// The first value of a header, if it is text.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.0.get(name).into_iter().next()?;
        String::from_utf8(value).ok()
    }
}

/// How much is asked of the host at a time.
const CHUNK: u64 = 64 * 1024;

/// Why a body cannot be had, and the status that says so.
pub struct Refused {
    pub status: u16,
    pub message: String,
}

/// Reads the whole body.
pub fn read_body(request: &IncomingRequest) -> Result<Vec<u8>, Refused> {
    let broken =
        |_| Refused { status: 400, message: "The body ended before it was complete".to_owned() };
    let incoming = request.consume().map_err(broken)?;
    let stream = incoming.stream().map_err(broken)?;
    let mut body = Vec::new();
    let mut limit = limits::ALWAYS_TAKEN_BODY_BYTES;
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
        if body.len() > limit {
            limit = limits::max_body_bytes().max(limit);
        }
        if body.len() > limit {
            return Err(too_large(limit));
        }
    }
}

fn too_large(limit: usize) -> Refused {
    Refused { status: 413, message: format!("The body is larger than {limit} bytes") }
}

/// Sends the response. The body is written and finished before the response is handed over, so
/// that head and body leave in one write: in two, Nagle's algorithm and delayed acknowledgements
/// keep the client waiting for 40 ms.
pub fn send(out: ResponseOutparam, response: Response) {
    let outgoing = OutgoingResponse::new(fields(&response));
    outgoing.set_status_code(response.status).expect("our status codes are valid");
    let body = outgoing.body().expect("the body is taken once");
    let stream = body.write().expect("the stream is taken once");
    let room = stream.check_write().unwrap_or(0) as usize;
    let (now, later) = response.body.split_at(room.min(response.body.len()));
    let mut sent = write(&stream, now);
    if later.is_empty() {
        drop(stream);
        finish(body, sent);
        out.set(outgoing);
    } else {
        // More than the host buffers: it has to be on its way before there is room for the rest.
        out.set(outgoing);
        sent = sent.and_then(|()| write_all(&stream, later));
        drop(stream);
        finish(body, sent);
    }
}

fn fields(response: &Response) -> Fields {
    let mut headers = Vec::with_capacity(2 + response.headers.len());
    if let Some(content_type) = response.content_type {
        headers.push(("content-type".to_owned(), content_type.into()));
        headers.push(("content-length".to_owned(), response.body.len().to_string().into()));
    }
    headers.extend(
        response.headers.iter().map(|(name, value)| ((*name).into(), value.clone().into())),
    );
    Fields::from_list(&headers).expect("our headers are valid")
}

fn write(stream: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.is_empty() { Ok(()) } else { stream.write(bytes) }
}

/// Writes as the host makes room.
fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        stream.subscribe().block();
        let room = stream.check_write()? as usize;
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        write(stream, now)?;
        bytes = later;
    }
    stream.blocking_flush()
}

/// A client that went away is not worth a trap.
fn finish(body: OutgoingBody, sent: Result<(), StreamError>) {
    if sent.is_err() {
        log::warn("the client went away before it had the answer");
    } else if let Err(error) = OutgoingBody::finish(body, None) {
        log::warn(&format!("the answer was not sent: {error:?}"));
    }
}
