//! The HTTP server.
//!
//! One thread accepts connections and deals them out to workers, one for each core. So they share
//! the load evenly on any system. A worker is a thread with a runtime of its own: a request stays
//! on the core of its connection.
//!
//! | file | subject |
//! |---|---|
//! | `connections.rs` | the open connections, and the choice of one to close |
//! | `worker.rs` | the threads, and the connections dealt to them |
//! | `connection.rs` | one connection, until it is closed or the server stops |
//! | `activity.rs` | the state of a connection |
//! | `stream.rs` | its TCP stream: slow readers, unread bodies, disconnected clients |
//! | `handler.rs` | one request |
//! | `authority.rs` | the request's host |
//! | `body.rs` | the request's body |
//! | `instances.rs` | a worker's instances before and after a request |
//! | `refusal.rs` | the host's own error answers |
//! | `errors.rs` | the counters and log lines of these errors |
//! | `metrics.rs` | the host's own metrics |
//! | `shared.rs` | the state shared by all requests |

mod activity;
mod authority;
mod body;
mod connection;
mod connections;
mod errors;
mod handler;
mod instances;
mod metrics;
mod refusal;
mod shared;
mod stream;
mod worker;

use crate::app::App;
use crate::budget::Budget;
use crate::limits::cores;
use crate::load::Ticker;
use anyhow::{Context, Result, bail};
use connections::Connections;
use errors::Errors;
use shared::Shared;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use worker::Workers;

/// Listens on `address`. Port 0 chooses a free port.
///
/// # Errors
///
/// If the port is taken or the address is not this machine's.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        let mut any = address;
        any.set_port(0);
        format!("cannot listen on {address}; choose a free port with --listen {any}")
    })
}

/// Serves `app` on `listener` until `shutdown` is ready, and then stops:
///
/// 1. It goes on for the time returned by `shutdown`. Each response is now the last of its
///    connection, so clients go elsewhere.
/// 2. It accepts the connections already here and no more, answers their requests, and closes
///    connections without a request.
/// 3. It gives requests in flight the limits' drain timeout to finish.
///
/// # Errors
///
/// If it cannot wait for connections on `listener` or start threads, or if requests were cut off
/// when it stopped.
pub async fn run(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = Duration>,
) -> Result<()> {
    // Start the threads.
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let long_guests = worker::long_guests()?;
    let shared = shared(&app, long_guests.handle().clone());
    let ticking = shared.clone();
    let _ticker = Ticker::start(app.0.engine.clone(), move || ticking.at_work() == 0)?;
    let connections = shared.connections.clone();
    let mut workers = Workers::start(&shared)?;
    // Accept connections until the server is told to stop.
    let mut waiting = None;
    let notice = async {
        let notice = shutdown.await;
        connections.leave();
        tokio::time::sleep(notice).await;
    };
    tokio::select! {
        () = accept(&listener, &app, &connections, &mut workers, &mut waiting) => {}
        () = connections.close_overdue() => {}
        () = notice => {}
    }
    // Answer the requests already here, and end.
    connections.stop();
    accept_arrived(listener, waiting, &connections, &mut workers);
    let drained = drain(&connections, app.0.limits.drain_timeout).await;
    workers.join();
    long_guests.shutdown_background();
    drained
}

/// Makes the state shared by all requests of a server.
fn shared(app: &App, long_guests: tokio::runtime::Handle) -> Shared {
    let limits = &app.0.limits;
    let slots = limits.concurrent_requests.min(Semaphore::MAX_PERMITS);
    Shared {
        app: app.0.clone(),
        slots: Arc::new(Semaphore::new(slots)),
        turns: Arc::new(Semaphore::new(cores())),
        pipelined: Arc::new(Semaphore::new(cores())),
        line: Arc::new(Semaphore::new(slots)),
        bodies: Budget::new(limits.held_bytes),
        responses: Budget::new(limits.held_response_bytes),
        errors: Arc::new(Errors::new(app.0.log.clone(), app.0.log_requests)),
        connections: Arc::new(Connections::new(limits)),
        long_guests,
    }
}

/// A connected client without a place yet, and its address.
type Waiting = (TcpStream, SocketAddr);

/// Accepts connections in a loop until the future is dropped. A client still without a place is
/// then in `waiting`.
async fn accept(
    listener: &tokio::net::TcpListener,
    app: &App,
    connections: &Arc<Connections>,
    workers: &mut Workers,
    waiting: &mut Option<Waiting>,
) {
    loop {
        let accepted = listener.accept().await;
        // Take the stream from this runtime: a worker's runtime watches it from now on.
        match accepted.and_then(|(stream, client)| Ok((stream.into_std()?, client))) {
            Ok(accepted) => *waiting = Some(accepted),
            Err(error) => {
                // Most likely there are no file descriptors left. Closing an idle connection frees
                // one.
                app.0.log.line(format_args!("warning: cannot accept a connection: {error}"));
                let wait = if connections.evict() { 10 } else { 100 };
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
        connections.room().await;
        if let Some((stream, client)) = waiting.take() {
            workers.deal(stream, client, connections.open());
        }
    }
}

/// Accepts the connections opened by clients so far, and closes the listener.
fn accept_arrived(
    listener: tokio::net::TcpListener,
    waiting: Option<Waiting>,
    connections: &Arc<Connections>,
    workers: &mut Workers,
) {
    let Ok(listener) = listener.into_std() else {
        return;
    };
    let arrived = std::iter::from_fn(|| listener.accept().ok());
    for (stream, client) in waiting.into_iter().chain(arrived) {
        if stream.set_nonblocking(true).is_ok() {
            workers.deal(stream, client, connections.open());
        }
    }
}

/// Waits until every connection is closed, for at most `limit`.
///
/// # Errors
///
/// If some are still open then.
async fn drain(connections: &Connections, limit: Duration) -> Result<()> {
    if tokio::time::timeout(limit, connections.closed()).await.is_err() {
        let count = connections.len();
        bail!(
            "stopped with unfinished requests: {count}; MODEL_API_DRAIN_TIMEOUT gives them longer"
        );
    }
    Ok(())
}

/// A server on a thread of its own. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Duration>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `app` on `address`. Port 0 chooses a free port.
    ///
    /// # Errors
    ///
    /// As for [`listen`], or if the thread cannot be started.
    pub fn start(app: App, address: SocketAddr) -> Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let runtime = worker::runtime()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            let stopped = async { stopped.await.unwrap_or_default() };
            if let Err(error) = runtime.block_on(run(listener, app.clone(), stopped)) {
                app.0.log.line(format_args!("error: {error:#}"));
            }
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the address of its listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, and waits until its requests are finished, as [`run`] does.
    pub fn stop(self) {
        drop(self);
    }

    /// Tells it to stop after `notice`. Until then it sends its clients elsewhere.
    pub fn stop_after(&mut self, notice: Duration) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(notice);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
