//! wasmtime's settings, which decide what a request costs.

use crate::Limits;
use crate::limits::cores;
use crate::log::Log;
use anyhow::{Result, anyhow};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The time between two interruptions of guests, which let others run or stop the guest. A guest
/// that is at work at two ticks leaves its connection's thread, so that nothing waits there for
/// longer.
const TICK: Duration = Duration::from_millis(1);

/// The same while no guest is at work, so that an idle server costs little.
const IDLE_TICK: Duration = Duration::from_millis(10);

/// Core modules of one component: its own, its adapter's, its dependencies', and glue.
const MODULES: u32 = 16;

/// Bytes of each memory that stay with the process between requests. Beyond it the kernel takes
/// pages back, and gives them out again at about 3 µs each: it must exceed what the usual guest
/// writes to. Each instance that was ever at work at the same time as others keeps as much.
const KEEP_MEMORY: usize = 256 << 10;

/// The same for tables.
const KEEP_TABLE: usize = 64 << 10;

/// An engine for guests with `limits`. Its instances come from a pool; where the address space
/// for that cannot be reserved, each is made anew, slowly, and `log` says so. If
/// `count_instructions` is true, each guest's store counts them as fuel.
///
/// # Errors
///
/// If wasmtime does not support this machine.
pub fn engine(limits: &Limits, count_instructions: bool, log: &Log) -> Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.consume_fuel(count_instructions);
    // No guest of WASI 0.2 needs it, and it costs 15 µs a request.
    config.concurrency_support(false);
    // A log line has the reason of a trap, and no more.
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
    // Beside those of requests, a worker has an instance that it gives back, and one for the next request.
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
        // Linux 6.7 and later say which pages a guest wrote to, so that only those are reset: a
        // quarter more requests with a memory of 1 MiB.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Interrupts guests for as long as it lives.
pub struct Ticker {
    _stop: Sender<()>,
}

impl Ticker {
    /// Starts a thread that increments the engine's epoch, less often while `is_idle`.
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
