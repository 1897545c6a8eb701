//! The open connections: their number, their limit, and the choice of one to close.

use super::activity::{Activity, Phase};
use crate::Limits;
use crate::budget::{Budget, Room};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The time between two attempts to find a place, or the room for a response.
const RETRY: Duration = Duration::from_millis(10);

/// The time a reading client may be busy before it takes more of a response.
const MOMENT: Duration = Duration::from_millis(200);

/// All open connections of a server.
pub struct Connections {
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    limits: Limits,
    /// The number of the next connection.
    next: AtomicU64,
    /// The number of connections closed to make room for others.
    evicted: AtomicU64,
    leaving: AtomicBool,
    stopping: AtomicBool,
    /// Notified each time a connection is closed.
    closed: Notify,
}

/// The place of one open connection. Dropping it gives the place back.
pub struct Place {
    connections: Arc<Connections>,
    number: u64,
    /// The state of the connection.
    pub activity: Arc<Activity>,
}

impl Connections {
    /// Starts without connections. `limits` has the maximum number.
    pub fn new(limits: &Limits) -> Self {
        Self {
            open: Mutex::default(),
            limits: limits.clone(),
            next: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            closed: Notify::new(),
        }
    }

    /// Waits until there is room for one more connection. If there is none, closes others: a client
    /// without a request, or too slow for its response, keeps nobody out.
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

    /// Takes `bytes` from `budget` for a response. If too few are left, cuts off the clients too
    /// slow for their own responses. Returns `None` if there are no such clients.
    pub async fn response_room(&self, budget: &Arc<Budget>, bytes: usize) -> Option<Room> {
        let mut room = Room::new(budget.clone());
        loop {
            let closed = self.closed.notified();
            if room.grow(bytes) {
                return Some(room);
            }
            if !self.cut_off_readers() {
                return None;
            }
            let _ = tokio::time::timeout(RETRY, closed).await;
        }
    }

    /// Cuts off all clients too slow for their responses: blocked for longer than the body window.
    /// Returns false if there are none.
    fn cut_off_readers(&self) -> bool {
        let window = self.limits.body_window;
        self.cut_off(|activity| activity.is_blocked() && activity.waited() > window)
    }

    /// Cuts off all clients matching `is_overdue`. Returns false if no client is cut off, now or
    /// before.
    fn cut_off(&self, is_overdue: impl Fn(&Activity) -> bool) -> bool {
        let open = self.lock();
        let overdue = open.values().filter(|activity| is_overdue(activity));
        let told = overdue.filter(|activity| {
            let is_news = !activity.is_cut_off();
            activity.cut_off();
            is_news
        });
        self.evicted.fetch_add(told.count() as u64, Ordering::Relaxed);
        open.values().any(|activity| activity.is_cut_off())
    }

    /// Gives a place to a new connection. If the server is stopping, the connection is told to
    /// close.
    pub fn open(self: &Arc<Self>) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new());
        if self.is_stopping() {
            activity.close();
        }
        self.lock().insert(number, activity.clone());
        Place { connections: self.clone(), number, activity }
    }

    /// Makes room for one connection. The first case that applies decides:
    ///
    /// 1. Some clients are too slow for their responses: cuts off all of them.
    /// 2. A connection is already about to close: does nothing.
    /// 3. The server waits for clients: closes the connection with the longest wait.
    /// 4. Otherwise: tells the connection that has been at work longest to close after its
    ///    response.
    ///
    /// Returns false if all connections were told already.
    pub fn evict(&self) -> bool {
        if self.cut_off_readers() {
            return true;
        }
        let open = self.lock();
        if open.values().any(|activity| activity.is_going()) {
            return true;
        }
        let waiting = open.values().filter(|activity| activity.awaits_client());
        let waiting =
            waiting.filter(|activity| !activity.is_blocked() || activity.waited() >= MOMENT);
        let at_work = || open.values().filter(|activity| !activity.is_closing());
        let longest = waiting.max_by_key(|activity| activity.waited());
        let Some(activity) = longest.or_else(|| at_work().max_by_key(|activity| activity.waited()))
        else {
            return false;
        };
        // A request on its way to an idle connection is still answered.
        match activity.is_blocked() {
            true => activity.cut_off(),
            false => activity.close(),
        }
        self.evicted.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Closes overdue connections, again and again. A client is overdue if the server has waited
    /// too long for its request, or for it to take enough of a response.
    pub async fn close_overdue(&self) {
        let limits = &self.limits;
        let (first, next) = (limits.first_request_timeout, limits.header_timeout);
        let shortest = first.min(next).min(limits.request_timeout);
        let often = (shortest / 10).clamp(Duration::from_millis(10), Duration::from_secs(1));
        loop {
            tokio::time::sleep(often).await;
            self.close_idle();
            self.cut_off(|activity| {
                activity.is_blocked() && activity.waited() > limits.request_timeout
            });
        }
    }

    /// Closes connections after too long a wait for a request.
    fn close_idle(&self) {
        let Limits { first_request_timeout: first, header_timeout: next, .. } = self.limits;
        for activity in self.lock().values() {
            let limit = if activity.has_served() { next } else { first };
            if activity.phase() == Phase::Head && activity.waited() > limit {
                activity.close();
            }
        }
    }

    /// Makes each response the last of its connection from now on.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Returns true once each response is the last of its connection.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Tells every connection, now and later, to close once it has answered.
    pub fn stop(&self) {
        self.leave();
        self.stopping.store(true, Ordering::Relaxed);
        self.lock().values().for_each(|activity| activity.close());
    }

    /// Returns true once the server was told to stop.
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

    /// Returns the number of open connections.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns the number of connections closed to make room for others.
    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }

    /// Locks the connections, by their numbers.
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Returns true if the server was told to stop.
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

    #[test]
    fn all_clients_that_take_too_little_are_cut_off_at_once() {
        let limits = Limits { body_window: Duration::ZERO, ..Limits::default() };
        let connections = Arc::new(Connections::new(&limits));
        let places = [(); 3].map(|()| connections.open());
        places[..2].iter().for_each(|place| place.activity.block());
        while places[1].activity.waited().is_zero() {}
        assert!(connections.evict());
        assert_eq!(places.each_ref().map(|place| place.activity.is_closing()), [true, true, false]);
    }

    #[test]
    fn a_blocked_client_that_was_told_to_close_is_cut_off_if_no_other_waits() {
        let connections = Arc::new(Connections::new(&Limits::default()));
        let place = connections.open();
        place.activity.enter(Phase::Response);
        assert!(connections.evict() && place.activity.is_closing());
        assert!(!connections.evict() && !place.activity.is_cut_off());
        place.activity.block();
        assert!(!connections.evict() && !place.activity.is_cut_off());
        while place.activity.waited() < MOMENT {}
        assert!(connections.evict() && place.activity.is_cut_off());
    }
}
