//! A budget of bytes, shared by many users.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A shared number of bytes. Users take bytes and give them back. The total taken never exceeds the
/// limit.
pub struct Budget {
    taken: AtomicUsize,
    limit: usize,
}

impl Budget {
    /// Makes a budget of `limit` bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), limit })
    }

    /// Returns the number of bytes taken now.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes `bytes`. Returns false, and takes nothing, if fewer bytes are left.
    fn take(&self, bytes: usize) -> bool {
        let before = self.taken.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.limit;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A part of a budget. Dropping it gives its bytes back.
pub struct Room {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Room {
    /// Makes an empty part of `budget`.
    pub fn new(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0 }
    }

    /// Grows this part to `bytes` in total. Returns false, and takes nothing, if the budget has too
    /// little left.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let fits = self.budget.take(bytes - self.bytes);
        if fits {
            self.bytes = bytes;
        }
        fits
    }

    /// Gives all bytes back.
    pub fn give_back(&mut self) {
        self.budget.give_back(std::mem::take(&mut self.bytes));
    }

    /// Returns `bytes` together with this part of the budget. The part is given back when the last
    /// clone of the bytes is dropped.
    pub fn hold(self, bytes: impl Into<Bytes>) -> Bytes {
        Bytes::from_owner(Held { bytes: bytes.into(), _room: self })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.give_back();
    }
}

struct Held {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_taken_up_to_its_limit_and_given_back() {
        let budget = Budget::new(100);
        let [mut first, mut second] = [(); 2].map(|()| Room::new(budget.clone()));
        assert!(first.grow(60) && !second.grow(41) && second.grow(40));
        drop(first);
        assert!(!second.grow(usize::MAX) && second.grow(100));
        assert_eq!(budget.taken(), 100);
    }

    #[test]
    fn held_bytes_give_their_room_back_after_their_last_use() {
        let budget = Budget::new(100);
        let mut room = Room::new(budget.clone());
        assert!(room.grow(3));
        let bytes = room.hold("abc");
        let end = bytes.slice(1..);
        drop(bytes);
        assert_eq!((&end[..], budget.taken()), (&b"bc"[..], 3));
        drop(end);
        assert_eq!(budget.taken(), 0);
    }
}
