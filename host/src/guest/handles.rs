//! The resources behind the handles of guests.

/// An open store. Its handle is the store's index among the guest's granted stores, so opening a
/// store allocates nothing.
pub enum Bucket {}

/// A key with its value as read by the guest, for a compare-and-swap.
pub struct Cas {
    /// The handle of the store.
    pub bucket: u32,
    /// The key.
    pub key: String,
    /// The value as it was read; none if there was none.
    pub seen: Option<Vec<u8>>,
}
