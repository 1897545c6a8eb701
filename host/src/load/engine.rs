//! The settings of wasmtime. They decide the cost of a request.

use crate::Limits;
use crate::limits::cores;
use crate::log::Log;
use anyhow::{Result, anyhow};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The time between two interruptions of guests. At each, a guest may be stopped or let others run.
/// A guest still at work at the second tick leaves its connection's thread, so that other
/// connections do not wait longer.
const TICK: Duration = Duration::from_millis(1);

/// The tick while no guest is at work. It is longer, so an idle server costs little.
const IDLE_TICK: Duration = Duration::from_millis(10);

/// The maximal number of core modules in one component: its own, the adapter's, the dependencies',
/// and glue.
const MODULES: u32 = 16;

/// The bytes of each memory that stay with the process between requests. The kernel takes back the
/// pages beyond, and gives them out again at about 3 µs each. So the value must exceed the memory
/// written by usual guests. Each instance keeps this much if it was ever at work at the same time
/// as others.
const KEEP_MEMORY: usize = 256 << 10;

/// The same limit for tables, in bytes.
const KEEP_TABLE: usize = 64 << 10;

/// Makes an engine for guests with `limits`. Its instances come from a pool. If there is no address
/// space for the pool, each instance is allocated alone, slowly, and `log` gets a warning. With
/// `count_instructions`, each guest's store counts them as fuel.
///
/// # Errors
///
/// If wasmtime does not support this machine.
pub fn engine(limits: &Limits, count_instructions: bool, log: &Log) -> Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.consume_fuel(count_instructions);
    // Guests of WASI 0.2 do not need it, and it costs 15 µs a request.
    config.concurrency_support(false);
    // A log line has only the reason of a trap.
    config.wasm_backtrace_max_frames(None);
    let pooled = InstanceAllocationStrategy::Pooling(pool(limits));
    Engine::new(config.clone().allocation_strategy(pooled))
        .or_else(|error| {
            log.line(format_args!("warning: no pool of instances, requests are slow: {error:#}"));
            Engine::new(config.allocation_strategy(InstanceAllocationStrategy::OnDemand))
        })
        .map_err(|error| anyhow!("{error:#}"))
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    // In addition to the requests' instances, a worker has two: the one it gives back, and the one
    // for the next request.
    let guests = limits.concurrent_requests.saturating_add(2 * cores());
    let guests = u32::try_from(guests).unwrap_or(u32::MAX).min(u32::MAX / MODULES);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(guests)
        .total_core_instances(guests * MODULES)
        .total_memories(guests * 4)
        .total_tables(guests * MODULES)
        .total_stacks(guests)
        .max_core_instances_per_component(MODULES)
        .max_memories_per_component(4)
        .max_tables_per_component(MODULES)
        .max_memory_size(limits.memory_bytes)
        .max_unused_warm_slots(guests * MODULES)
        .linear_memory_keep_resident(KEEP_MEMORY)
        .table_keep_resident(KEEP_TABLE)
        // Linux 6.7 and later report the pages a guest wrote to, and only these are reset. This
        // gives a quarter more requests with a memory of 1 MiB.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// A thread that interrupts guests. Dropping it stops the thread.
pub struct Ticker {
    _stop: Sender<()>,
}

impl Ticker {
    /// Starts the thread. It increments the engine's epoch every `TICK`, or every `IDLE_TICK` while
    /// `is_idle` returns true.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    pub fn start(
        engine: Engine,
        is_idle: impl Fn() -> bool + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let tick = move || if is_idle() { IDLE_TICK } else { TICK };
        std::thread::Builder::new().name("epoch".to_owned()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(tick()) {
                engine.increment_epoch();
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
