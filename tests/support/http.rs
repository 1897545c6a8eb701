//! A small blocking HTTP client, which can also be as rude as no decent client is.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// The time for which a test waits for a server before it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A request, built step by step.
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// A request of any method.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: None }
    }

    /// A GET request.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST request with a body, and without a content type.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::with_body("POST", target, body)
    }

    /// A request of any method with a body, and without a content type.
    pub fn with_body(method: &str, target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new(method, target) }
    }

    /// Adds a header. `Host` takes the place of the one that is sent by default.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn bytes(&self, server: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("host: {server}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            head += &format!("content-length: {}\r\n", body.len());
        }
        let body = self.body.as_deref().unwrap_or_default();
        [head.as_bytes(), b"\r\n", body].concat()
    }
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the header `name`, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }
}

/// One connection. Requests on it go one after the other.
pub struct Client {
    server: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub fn connect(server: SocketAddr) -> Self {
        Self::new(server, TcpStream::connect(server).expect("the server listens"))
    }

    /// On a connection that is there.
    pub fn new(server: SocketAddr, stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { server, stream: BufReader::new(stream) }
    }

    /// Sends the request and reads the response.
    pub fn send(&mut self, request: &Request) -> Response {
        self.begin(request);
        let head = self.read_head();
        self.read_body(head, request.method == "HEAD")
    }

    /// Sends the request, whose response is [received](Self::receive) later.
    pub fn begin(&mut self, request: &Request) {
        self.send_raw(request.bytes(self.server));
    }

    /// Sends these bytes, whatever they are.
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("the server reads");
    }

    /// Says that it sends no more, and still reads.
    pub fn close_sending_half(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Sends these bytes again and again, and reads nothing, until the server closes the
    /// connection.
    pub fn send_until_cut_off(&mut self, bytes: &[u8]) {
        let error = loop {
            if let Err(error) = self.stream.get_mut().write_all(bytes) {
                break error.kind();
            }
        };
        let patient = [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error);
        assert!(!patient, "the server still waits");
    }

    /// Reads a response to a request that was sent raw.
    pub fn receive(&mut self) -> Response {
        let head = self.read_head();
        self.read_body(head, false)
    }

    /// Reads a response's status and headers. Its body stays where it is.
    pub fn read_head(&mut self) -> Response {
        let status_line = self.read_line();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut headers = Vec::new();
        while let Some((name, value)) = self.read_line().split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let status = status.unwrap_or_else(|| panic!("no status in {status_line:?}"));
        Response { status, headers, body: Vec::new() }
    }

    /// Reads the body that belongs to `head`.
    pub fn read_body(&mut self, head: Response, without_body: bool) -> Response {
        let body = match (head.header("content-length"), head.header("transfer-encoding")) {
            _ if without_body || matches!(head.status, 204 | 304) => Vec::new(),
            (Some(length), _) => self.read_exactly(length.parse().expect("a length")),
            (None, Some("chunked")) => self.read_chunks(),
            _ => self.read_to_end(),
        };
        Response { body, ..head }
    }

    /// Returns the bytes of one read of the socket, which are those that the server wrote at once.
    pub fn read_once(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 64 * 1024];
        let length = self.stream.read(&mut buffer).expect("the server writes");
        buffer.truncate(length);
        buffer
    }

    /// Reads until the server closes the connection.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("the server closes the connection");
        rest
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server writes");
        line.trim_end().to_owned()
    }

    fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("the body is as long as promised");
        bytes
    }

    fn read_chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = self.read_line();
            let length = usize::from_str_radix(&line, 16).expect("a chunk's length");
            body.extend(self.read_exactly(length));
            self.read_line();
            if length == 0 {
                return body;
            }
        }
    }
}
