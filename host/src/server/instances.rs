//! A worker's instances before and after a request.

use crate::guest::{Component, Instance};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The idle instances of one worker. Only its thread uses them.
#[derive(Default)]
pub struct Instances(Mutex<Between>);

/// At most one instance before its request, and one after it.
#[derive(Default)]
struct Between {
    /// An instance ready for the next request.
    ready: Option<Instance>,
    /// An instance after its answer. It is given back once the response is written.
    spent: Option<Instance>,
}

impl Instances {
    /// Takes the ready instance if it belongs to `component`.
    pub fn take(&self, component: &Arc<Component>) -> Option<Instance> {
        self.lock().ready.take_if(|instance| instance.is_of(component))
    }

    /// Keeps `spent`, an instance after its answer, until the response is written.
    pub fn keep(&self, spent: Option<Instance>) {
        self.lock().spent = spent;
    }

    /// Gives back the spent instance, and makes one of the same component for the next request.
    pub fn renew(&self) {
        let mut between = self.lock();
        if let Some(spent) = between.spent.take() {
            between.ready = spent.renew();
        }
    }

    /// Locks both instances. Ignores poison: no panic leaves them half changed.
    fn lock(&self) -> MutexGuard<'_, Between> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
