//! A server that runs the library as the binary does, and shows its log when a test fails.

use super::http::{Client, Request, Response};
use super::root;
use model_api_host::{App, Log, Manifest, Server, Settings};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The time for which a test waits for a line of the log before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a free port. It stops when it is dropped.
pub struct TestServer {
    server: Server,
    log: LogLines,
}

impl TestServer {
    /// Serves the application of `manifest`, which must have been built, with the settings that
    /// `adjust` makes of the defaults.
    pub fn start(manifest: &Manifest, adjust: impl FnOnce(&mut Settings)) -> Self {
        let log = LogLines::default();
        let app = load(manifest, |settings| {
            settings.log = log.sink();
            adjust(settings);
        });
        let app = app.unwrap_or_else(|error| panic!("{error:#}"));
        let server = Server::start(app, ([127, 0, 0, 1], 0).into()).expect("a port is free");
        Self { server, log }
    }

    /// Returns the address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A new connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// The response to one request on a connection of its own.
    pub fn send(&self, request: &Request) -> Response {
        self.client().send(request)
    }

    /// The response to a GET request on a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        self.send(&Request::get(target))
    }

    /// The response to a POST request on a connection of its own.
    pub fn post(&self, target: &str, body: impl Into<Vec<u8>>) -> Response {
        self.send(&Request::post(target, body))
    }

    /// Waits for a line of the log that contains `part`.
    pub fn logged(&self, part: &str) -> String {
        self.log.wait_for(part)
    }

    /// Tells it to stop after `notice`.
    pub fn stop_after(&mut self, notice: Duration) {
        self.server.stop_after(notice);
    }

    /// Stops it as Ctrl-C does, and gives all lines of its log.
    pub fn stop(self) -> Vec<String> {
        let Self { server, log } = self;
        server.stop();
        log.take()
    }
}

/// Loads the application of `manifest`. Compiled code is shared by all tests.
pub fn load(manifest: &Manifest, adjust: impl FnOnce(&mut Settings)) -> anyhow::Result<App> {
    let cache = root().join("target/compiled");
    let mut settings = Settings { cache: Some(cache), ..Settings::default() };
    adjust(&mut settings);
    App::load(manifest, settings)
}

/// The lines of a log.
#[derive(Clone, Default)]
struct LogLines(Arc<(Mutex<Vec<String>>, Condvar)>);

impl LogLines {
    /// Lines are printed too: the test runner shows them if the test fails.
    fn sink(&self) -> Log {
        let lines = self.clone();
        Log::new(move |line| {
            eprintln!("{line}");
            let (collected, changed) = &*lines.0;
            collected.lock().unwrap().push(line.to_owned());
            changed.notify_all();
        })
    }

    fn wait_for(&self, part: &str) -> String {
        let (lines, changed) = &*self.0;
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(part));
        let (lines, _) =
            changed.wait_timeout_while(lines.lock().unwrap(), PATIENCE, missing).unwrap();
        let found = lines.iter().find(|line| line.contains(part));
        found.unwrap_or_else(|| panic!("no line has {part:?}: {lines:#?}")).clone()
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.0.lock().unwrap())
    }
}
