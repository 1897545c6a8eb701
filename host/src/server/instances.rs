//! The instances that a worker has beside those at work.

use crate::guest::{Component, Instance};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Those of one worker. Its thread alone uses them.
#[derive(Default)]
pub struct Instances(Mutex<Between>);

/// At most one instance before its request, and one after.
#[derive(Default)]
struct Between {
    /// It is ready for the next request.
    ready: Option<Instance>,
    /// It has answered, and is given back when the response is written.
    spent: Option<Instance>,
}

impl Instances {
    /// Takes the one that is ready, if it is of `component`.
    pub fn take(&self, component: &Arc<Component>) -> Option<Instance> {
        self.lock().ready.take_if(|instance| instance.is_of(component))
    }

    /// Keeps one that has answered until the response is written.
    pub fn keep(&self, spent: Option<Instance>) {
        self.lock().spent = spent;
    }

    /// Gives back the one that has answered, and makes one of the same component for the next request.
    pub fn renew(&self) {
        let mut between = self.lock();
        if let Some(spent) = between.spent.take() {
            between.ready = spent.renew();
        }
    }

    /// No panic leaves anything half done here.
    fn lock(&self) -> MutexGuard<'_, Between> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
