//! The threads that serve connections.

use super::body::Held;
use super::connection;
use crate::app::App;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// One thread for each core.
pub struct Workers {
    workers: Vec<Worker>,
    next: usize,
}

struct Worker {
    connections: UnboundedSender<Connection>,
    thread: JoinHandle<()>,
}

/// A connection as it is dealt out.
pub struct Connection {
    pub stream: std::net::TcpStream,
    pub client: SocketAddr,
    /// Its place among the connections that may be open, given back when it is closed.
    pub place: OwnedSemaphorePermit,
}

/// What the connections of a worker share.
#[derive(Clone)]
pub struct Shared {
    pub app: App,
    /// The places of requests that guests work on.
    pub slots: Arc<Semaphore>,
    /// The bodies of requests.
    pub bodies: Arc<Held>,
    /// Changes when the server stops.
    pub stopped: watch::Receiver<()>,
}

impl Workers {
    /// Starts the threads.
    pub fn start(app: &App, stopped: watch::Receiver<()>) -> io::Result<Self> {
        let slots = app.0.limits.concurrent_requests.min(Semaphore::MAX_PERMITS);
        let slots = Arc::new(Semaphore::new(slots));
        let bodies = Arc::new(Held::new(app.0.limits.held_bytes));
        let shared = Shared { app: app.clone(), slots, bodies, stopped };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let start = |number| Worker::start(number, shared.clone());
        let workers = (0..cores).map(start).collect::<io::Result<_>>()?;
        Ok(Self { workers, next: 0 })
    }

    /// Gives a connection to the worker whose turn it is.
    pub fn deal(
        &mut self,
        stream: tokio::net::TcpStream,
        client: SocketAddr,
        place: OwnedSemaphorePermit,
    ) {
        let Ok(stream) = stream.into_std() else {
            return;
        };
        self.next = (self.next + 1) % self.workers.len();
        let _ = self.workers[self.next].connections.send(Connection { stream, client, place });
    }

    /// Ends the threads, and with them what is still under way.
    pub fn join(self) {
        for Worker { connections, thread } in self.workers {
            drop(connections);
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn start(number: usize, shared: Shared) -> io::Result<Self> {
        let runtime = runtime()?;
        let (connections, dealt) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || runtime.block_on(serve(dealt, shared)))?;
        Ok(Self { connections, thread })
    }
}

async fn serve(mut dealt: UnboundedReceiver<Connection>, shared: Shared) {
    while let Some(connection) = dealt.recv().await {
        tokio::spawn(connection::serve(connection, shared.clone()));
    }
}

/// A runtime for one thread.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
