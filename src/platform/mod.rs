//! The host, as the service sees it. Nothing outside of this folder names its interfaces.
//!
//! Resources that the host lends for a request are kept ([`Lent`]), and not given back: the host
//! takes all of it with the instance, and giving it back one by one would be a call to the host
//! each.

pub mod arena;
pub mod clock;
pub mod http;
pub mod log;
pub mod random;
pub mod settings;
pub mod store;

/// A resource of the host's that is never given back.
type Lent<T> = std::mem::ManuallyDrop<T>;
