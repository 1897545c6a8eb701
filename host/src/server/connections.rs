//! The connections that are open: how many there may be, and which one has to go.

use super::activity::{Activity, Phase};
use crate::Limits;
use crate::budget::{Budget, Room};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The time between two looks for a place, or for the room of a response.
const RETRY: Duration = Duration::from_millis(10);

/// All open connections of a server.
pub struct Connections {
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    limits: Limits,
    next: AtomicU64,
    evicted: AtomicU64,
    stopping: AtomicBool,
    /// Told each time a connection is closed.
    closed: Notify,
}

/// A connection's place among those that are open, given back when this is dropped.
pub struct Place {
    connections: Arc<Connections>,
    number: u64,
    /// The state of the connection.
    pub activity: Arc<Activity>,
}

impl Connections {
    /// No connections yet, and as many as `limits` allows.
    pub fn new(limits: &Limits) -> Self {
        Self {
            open: Mutex::default(),
            limits: limits.clone(),
            next: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            closed: Notify::new(),
        }
    }

    /// Waits until there is room for one more connection. If there is none, the connection that
    /// has waited longest for its client is closed: clients that say nothing keep nobody out.
    pub async fn room(&self) {
        loop {
            let closed = self.closed.notified();
            if self.len() < self.limits.connections {
                return;
            }
            self.evict();
            // If none could be closed, one may become idle meanwhile.
            let _ = tokio::time::timeout(RETRY, closed).await;
        }
    }

    /// Finds room in `budget` for `bytes` of a response. If there is none, clients that take theirs too
    /// slowly are cut off; None if there are none of them.
    pub async fn response_room(&self, budget: &Arc<Budget>, bytes: usize) -> Option<Room> {
        let mut room = Room::new(budget.clone());
        loop {
            let closed = self.closed.notified();
            if room.grow(bytes) {
                return Some(room);
            }
            if !self.cut_off_reader() {
                return None;
            }
            let _ = tokio::time::timeout(RETRY, closed).await;
        }
    }

    /// Cuts off the client that has waited longest before it takes more of its response, unless one is
    /// just being cut off; false if none waits for too long.
    fn cut_off_reader(&self) -> bool {
        let open = self.lock();
        if open.values().any(|activity| activity.is_cut_off()) {
            return true;
        }
        let slow = longest_waiting(&open, Phase::Written)
            .filter(|activity| activity.waited() > self.limits.body_window);
        let Some(activity) = slow else {
            return false;
        };
        activity.cut_off();
        self.evicted.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Gives a place to a new connection.
    pub fn open(self: &Arc<Self>) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new());
        if self.is_stopping() {
            activity.close();
        }
        self.lock().insert(number, activity.clone());
        Place { connections: self.clone(), number, activity }
    }

    /// Closes the connection that has waited longest for a request or, if none does, for the rest
    /// of a request's body, unless one is just being closed; false if no connection waits for its client.
    pub fn evict(&self) -> bool {
        let open = self.lock();
        if open.values().any(|activity| activity.is_closing() && activity.phase().awaits_request())
        {
            return true;
        }
        let Some(activity) =
            longest_waiting(&open, Phase::Head).or_else(|| longest_waiting(&open, Phase::Body))
        else {
            return false;
        };
        activity.close();
        self.evicted.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Closes connections that wait for a request for longer than they may, again and again.
    pub async fn close_overdue(&self) {
        let Limits { first_request_timeout: first, header_timeout: next, .. } = self.limits;
        let often = (first.min(next) / 10).clamp(Duration::from_millis(10), Duration::from_secs(1));
        loop {
            tokio::time::sleep(often).await;
            for activity in self.lock().values() {
                let limit = if activity.has_served() { next } else { first };
                if activity.phase() == Phase::Head && activity.waited() > limit {
                    activity.close();
                }
            }
        }
    }

    /// Tells every connection, and each that is still to come, to close once it has answered.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.lock().values().for_each(|activity| activity.close());
    }

    /// Is true once the server was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until the last connection is closed.
    pub async fn closed(&self) {
        loop {
            let closed = self.closed.notified();
            if self.len() == 0 {
                return;
            }
            closed.await;
        }
    }

    /// The number of connections that are open.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// The number of connections that were closed to make room for others.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the connection that has waited longest in `phase`, of those that stay open.
fn longest_waiting(open: &HashMap<u64, Arc<Activity>>, phase: Phase) -> Option<&Arc<Activity>> {
    let waiting = open.values().filter(|activity| activity.phase() == phase);
    waiting.filter(|activity| !activity.is_closing()).max_by_key(|activity| activity.waited())
}

impl Place {
    /// Is true if the server was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.connections.is_stopping()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.number);
        self.connections.closed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_at_a_time_is_closed_to_make_room() {
        let connections = Arc::new(Connections::new(&Limits::default()));
        let mut places = vec![connections.open(), connections.open()];
        assert!(connections.evict() && connections.evict());
        assert_eq!(connections.evicted(), 1);
        places.retain(|place| !place.activity.is_closing());
        assert!(connections.evict());
        assert_eq!((connections.evicted(), places.len()), (2, 1));
    }

    #[test]
    fn a_connection_that_still_got_a_request_keeps_no_other_from_being_closed() {
        let connections = Arc::new(Connections::new(&Limits::default()));
        let places = [connections.open(), connections.open()];
        assert!(connections.evict());
        let closing = places.iter().find(|place| place.activity.is_closing()).unwrap();
        closing.activity.enter(Phase::Response);
        assert!(connections.evict());
        assert_eq!(connections.evicted(), 2);
    }
}
