//! Chance, for sampling and for ids.

use wasi::random::insecure;

/// Any number.
pub fn number() -> u64 {
    insecure::get_insecure_random_u64()
}
