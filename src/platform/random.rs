//! Random numbers, for sampling and for ids. They are no secret.

use wasi::random::insecure;

/// Returns a random number.
pub fn number() -> u64 {
    insecure::get_insecure_random_u64()
}
