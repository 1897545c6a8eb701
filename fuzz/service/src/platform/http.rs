//! In the place of `wasi:http`.

use super::settings;
use crate::http::{HttpError, Method, Response};
use std::cell::RefCell;
use std::rc::Rc;

/// A request.
pub struct IncomingRequest {
    pub method: Method,
    pub path_with_query: String,
    /// Names are in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// The place for the answer.
#[derive(Clone, Default)]
pub struct ResponseOutparam(Rc<RefCell<Option<Response>>>);

pub struct Head {
    pub method: Method,
    pub path: String,
    pub query: String,
}

pub struct Incoming(IncomingRequest);

impl Incoming {
    pub fn new(request: IncomingRequest) -> Self {
        Self(request)
    }

    pub fn head(&self) -> Head {
        let (path, query) = match self.0.path_with_query.find('?') {
            Some(at) => self.0.path_with_query.split_at(at),
            None => (self.0.path_with_query.as_str(), ""),
        };
        Head { method: self.0.method, path: path.to_owned(), query: query.to_owned() }
    }

    /// Several lines of a header are one list.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.0.headers.iter().filter(|(found, _)| found == name);
        let lines: Vec<_> = lines.map(|(_, line)| String::from_utf8_lossy(line)).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    pub fn read_body(&self) -> Result<Vec<u8>, HttpError> {
        let most = settings::max_body_bytes().max(settings::ALWAYS_TAKEN_BODY_BYTES);
        if self.0.body.len() > most {
            Err(HttpError::too_large(most))
        } else {
            Ok(self.0.body.clone())
        }
    }

    pub fn discard_body(&self) {}
}

/// Takes the answer. Its headers have to be such as the host takes, or the component would trap.
pub fn send(out: ResponseOutparam, response: Response, _: Method) {
    for (name, value) in &response.headers {
        let is_valid = value.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f);
        assert!(is_valid, "{name}: {value:?}");
    }
    out.0.replace(Some(response));
}

impl ResponseOutparam {
    /// Returns the answer.
    pub fn sent(self) -> Response {
        self.0.take().expect("every request is answered")
    }
}
