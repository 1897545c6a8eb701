//! The log: lines on standard error, which the host collects.

/// Something that an operator should look at.
pub fn warn(message: &str) {
    eprintln!("warning: {message}");
}
