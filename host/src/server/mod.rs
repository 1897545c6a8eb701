//! The HTTP server.
//!
//! One thread accepts connections and deals them out to workers, one for each core, so that they
//! share the load evenly and on any system. A worker is a thread with a runtime of its own: a
//! request stays on the core that its connection was dealt to.
//!
//! | file | subject |
//! |---|---|
//! | `worker.rs` | the threads, and the connections dealt to them |
//! | `connection.rs` | one connection, until it is closed or the server stops |
//! | `patience.rs` | what ends a connection whose client does not read |
//! | `handler.rs` | one request |
//! | `body.rs` | its body |
//! | `reply.rs` | the responses that the host gives itself |

mod body;
mod connection;
mod handler;
mod patience;
mod reply;
mod worker;

use crate::app::App;
use crate::load::Ticker;
use anyhow::{Context, Result};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot, watch};
use worker::Workers;

/// Listens on `address`, of which port 0 means any free one.
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

/// Serves `app` on `listener` until `shutdown` is ready. Then it accepts no more connections,
/// closes the idle ones, and gives requests in flight the limits' drain timeout to finish.
///
/// # Errors
///
/// If it cannot wait for connections on `listener`, or start threads.
pub async fn run(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let _ticker = Ticker::start(app.0.engine.clone())?;
    let places = u32::try_from(app.0.limits.connections).unwrap_or(u32::MAX);
    let connections = Arc::new(Semaphore::new(places as usize));
    let (stop, stopped) = watch::channel(());
    let mut workers = Workers::start(&app, stopped)?;
    tokio::select! {
        () = accept(listener, &app, &connections, &mut workers) => {}
        () = shutdown => {}
    }
    stop.send_replace(());
    drain(&app, &connections, places).await;
    workers.join();
    Ok(())
}

/// The loop that ends only by being dropped, and the listener with it.
async fn accept(
    listener: tokio::net::TcpListener,
    app: &App,
    connections: &Arc<Semaphore>,
    workers: &mut Workers,
) {
    loop {
        let Ok(place) = connections.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, client)) => workers.deal(stream, client, place),
            Err(error) => {
                // Out of file descriptors, most likely: others may be closed meanwhile.
                app.0.log.line(format_args!("warning: cannot accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Waits until every connection has given its place back.
async fn drain(app: &App, connections: &Semaphore, places: u32) {
    let closed = connections.acquire_many(places);
    if tokio::time::timeout(app.0.limits.drain_timeout, closed).await.is_err() {
        app.0.log.line("warning: stopped with requests still in flight");
    }
}

/// A server on a thread of its own. It stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `app` on `address`, of which port 0 means any free one.
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
            let stopped = async { _ = stopped.await };
            if let Err(error) = runtime.block_on(run(listener, app.clone(), stopped)) {
                app.0.log.line(format_args!("error: {error}"));
            }
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, and waits until its requests are finished, as [`run`] does.
    pub fn stop(self) {
        drop(self);
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
