//! The worker threads, and the threads of long guests.

use super::connection::{self, Connection};
use super::connections::Place;
use super::instances::Instances;
use super::shared::Shared;
use crate::limits::cores;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The worker threads, one for each core.
pub struct Workers {
    workers: Vec<Worker>,
    /// The index of the worker of the last connection.
    next: usize,
}

/// One worker thread.
struct Worker {
    connections: UnboundedSender<Connection>,
    thread: JoinHandle<()>,
    /// A counter: one reference for each of the worker's connections, and one more.
    load: Arc<()>,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// If a runtime or a thread cannot be started.
    pub fn start(shared: &Shared) -> io::Result<Self> {
        let start = |number| Worker::start(number, shared.clone());
        let workers = (0..cores()).map(start).collect::<io::Result<_>>()?;
        Ok(Self { workers, next: 0 })
    }

    /// Gives a connection to the worker with the fewest connections. Workers with equally few take
    /// turns.
    pub fn deal(&mut self, stream: TcpStream, client: SocketAddr, place: Place) {
        let count = self.workers.len();
        let turns = (1..=count).map(|turn| (self.next + turn) % count);
        let load = |number: &usize| Arc::strong_count(&self.workers[*number].load);
        self.next = turns.min_by_key(load).unwrap_or_default();
        let Worker { connections, load, .. } = &self.workers[self.next];
        let _ = connections.send(Connection { stream, client, place, load: load.clone() });
    }

    /// Ends the threads and waits for them. Requests still in flight end with them.
    pub fn join(self) {
        for Worker { connections, thread, .. } in self.workers {
            drop(connections);
            let _ = thread.join();
        }
    }
}

impl Worker {
    /// Starts the thread `worker-{number}`.
    fn start(number: usize, shared: Shared) -> io::Result<Self> {
        let runtime = runtime()?;
        let (connections, dealt) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || runtime.block_on(serve(dealt, shared)))?;
        Ok(Self { connections, thread, load: Arc::new(()) })
    }
}

/// Serves the connections from `dealt` until its sender is dropped.
async fn serve(mut dealt: UnboundedReceiver<Connection>, shared: Shared) {
    let instances = Arc::<Instances>::default();
    while let Some(connection) = dealt.recv().await {
        tokio::spawn(connection::serve(connection, shared.clone(), instances.clone()));
    }
}

/// Creates a runtime for one thread.
///
/// # Errors
///
/// If the system refuses its resources.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Creates the runtime of long guests: they work for longer than a moment. Its threads have a lower
/// priority than the workers, because the workers answer all other requests.
///
/// # Errors
///
/// If the system refuses its resources.
pub fn long_guests() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores())
        .thread_name("long-guest")
        .on_thread_start(make_way)
        .enable_all()
        .build()
}

/// Lowers the priority of this thread. Only on Linux: elsewhere it would lower the priority of the
/// whole process.
fn make_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 10);
}
