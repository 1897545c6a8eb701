//! Spin's configuration variables.

/// The value of a variable; none if it is not declared.
pub fn get(name: &str) -> Option<String> {
    spin_sdk::variables::get(name).ok()
}
