//! The service's component imports Spin's counters and variables. In a workload on wasmCloud, this
//! component beside it exports them, made of wasmCloud's store and of the environment. So the
//! service is the same, byte for byte.
#![cfg(target_arch = "wasm32")]

use bindings::exports::fermyon::spin::variables;
use bindings::exports::wasi::keyvalue0_2_0_draft2::{atomics, store};
use bindings::wasi::keyvalue0_2_0_draft as host;
use std::time::Duration;
use wasi::random::random::get_random_u64;
use wasmcloud_counters::{Counters, Error, Host};

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "model-api:wasmcloud/bridge", generate_all });
}

struct Bridge;

bindings::export!(Bridge with_types_in bindings);

impl store::Guest for Bridge {
    type Bucket = Counters<host::store::Bucket>;

    /// Opens the bucket named by the variable `KEYVALUE_BUCKET`, if it is set; otherwise the bucket
    /// `identifier`. In a cluster the same name is the same bucket for all workloads.
    fn open(identifier: String) -> Result<store::Bucket, store::Error> {
        let name = std::env::var("KEYVALUE_BUCKET").unwrap_or(identifier);
        let bucket = host::store::open(&name).map_err(|error| match error {
            host::store::Error::NoSuchStore => store::Error::NoSuchStore,
            host::store::Error::AccessDenied => store::Error::AccessDenied,
            host::store::Error::Other(reason) => store::Error::Other(reason),
        })?;
        Ok(store::Bucket::new(Counters::new(bucket)))
    }
}

impl store::GuestBucket for Counters<host::store::Bucket> {
    /// Lists all keys in one page.
    fn list_keys(&self, _: Option<String>) -> Result<store::KeyResponse, store::Error> {
        let keys = self.names().map_err(other)?;
        Ok(store::KeyResponse { keys, cursor: None })
    }
}

impl atomics::Guest for Bridge {
    fn increment(
        bucket: store::BucketBorrow,
        key: String,
        delta: i64,
    ) -> Result<i64, store::Error> {
        let counters: &Counters<host::store::Bucket> = bucket.get();
        let amount = u64::try_from(delta)
            .map_err(|_| store::Error::Other("a counter only rises".to_owned()))?;
        let value = counters.increment(&key, amount).map_err(other)?;
        i64::try_from(value).map_err(|error| store::Error::Other(error.to_string()))
    }
}

fn other(error: Error) -> store::Error {
    store::Error::Other(error.to_string())
}

impl variables::Guest for Bridge {
    /// Reads a variable from the environment, as Spin's host does: `log_requests` from
    /// `SPIN_VARIABLE_LOG_REQUESTS`.
    fn get(name: String) -> Result<String, variables::Error> {
        let variable = format!("SPIN_VARIABLE_{}", name.to_uppercase());
        std::env::var(variable).map_err(|_| variables::Error::Undefined(name))
    }
}

impl Host for host::store::Bucket {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.get(key).map_err(explain)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.set(key, value).map_err(explain)
    }

    fn increment(&self, key: &str, amount: u64) -> Result<u64, Error> {
        host::atomics::increment(self, key, amount).map_err(explain)
    }

    fn keys(&self, cursor: Option<u64>) -> Result<(Vec<String>, Option<u64>), Error> {
        let page = self.list_keys(cursor).map_err(explain)?;
        Ok((page.keys, page.cursor))
    }

    fn new_name(&self) -> String {
        format!("{:016x}", get_random_u64())
    }

    /// Waits for a random time, up to 1 ms per attempt and at most 20 ms, so two requests in
    /// conflict seldom meet again.
    fn pause(&self, attempts: u32) {
        let most = 1000 * u64::from(attempts.min(20));
        std::thread::sleep(Duration::from_micros(get_random_u64() % most));
    }
}

/// The words of NATS for a conflict of increments. The interface has no code for it.
const CONFLICT: &str = "wrong last";

fn explain(error: host::store::Error) -> Error {
    match error {
        host::store::Error::NoSuchStore => Error::Failed("the host has no such store".to_owned()),
        host::store::Error::AccessDenied => Error::Failed("the workload may not use it".to_owned()),
        host::store::Error::Other(reason) if reason.contains(CONFLICT) => Error::Conflict,
        host::store::Error::Other(reason) => Error::Failed(reason),
    }
}
