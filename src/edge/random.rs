//! Chance, for sampling.

use wasi::random::insecure;

/// True once in `interval` times, at random; never for 0.
pub fn one_in(interval: u64) -> bool {
    match interval {
        0 => false,
        1 => true,
        _ => insecure::get_insecure_random_u64().is_multiple_of(interval),
    }
}
