//! The threads that serve connections.

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

/// One thread for each core.
pub struct Workers {
    workers: Vec<Worker>,
    next: usize,
}

struct Worker {
    connections: UnboundedSender<Connection>,
    thread: JoinHandle<()>,
    /// Has one reference for each of the worker's connections, and one more.
    load: Arc<()>,
}

impl Workers {
    /// Starts the threads.
    pub fn start(shared: &Shared) -> io::Result<Self> {
        let start = |number| Worker::start(number, shared.clone());
        let workers = (0..cores()).map(start).collect::<io::Result<_>>()?;
        Ok(Self { workers, next: 0 })
    }

    /// Gives a connection to the worker that has the fewest; of several, to the one whose turn it
    /// is.
    pub fn deal(&mut self, stream: TcpStream, client: SocketAddr, place: Place) {
        let count = self.workers.len();
        let turns = (1..=count).map(|turn| (self.next + turn) % count);
        let load = |number: &usize| Arc::strong_count(&self.workers[*number].load);
        self.next = turns.min_by_key(load).unwrap_or_default();
        let Worker { connections, load, .. } = &self.workers[self.next];
        let _ = connections.send(Connection { stream, client, place, load: load.clone() });
    }

    /// Ends the threads, and with them what is still under way.
    pub fn join(self) {
        for Worker { connections, thread, .. } in self.workers {
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
        Ok(Self { connections, thread, load: Arc::new(()) })
    }
}

async fn serve(mut dealt: UnboundedReceiver<Connection>, shared: Shared) {
    let instances = Arc::<Instances>::default();
    while let Some(connection) = dealt.recv().await {
        tokio::spawn(connection::serve(connection, shared.clone(), instances.clone()));
    }
}

/// A runtime for one thread.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The threads of guests that work for longer than a moment. They make way for the workers, which
/// answer all the others.
pub fn long_guests() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores())
        .thread_name("long-guest")
        .on_thread_start(make_way)
        .enable_all()
        .build()
}

/// Lowers the priority of this thread. Elsewhere than on Linux it would be that of the process.
fn make_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 10);
}
