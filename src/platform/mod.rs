//! The host, as the service sees it. Only this folder names its interfaces.
//!
//! Resources of the host for a request are kept ([`Lent`]), and not given back: the host takes all
//! of them back with the instance. To give back each one would be one more call to the host.

pub mod arena;
pub mod clock;
pub mod http;
pub mod log;
pub mod random;
pub mod settings;
pub mod store;

/// A resource of the host, never given back.
type Lent<T> = std::mem::ManuallyDrop<T>;
