//! The names of variables.

use anyhow::{Result, bail, ensure};

/// Checks the name of a variable by Spin's rules: lowercase letters, digits and single underscores.
/// It starts with a letter and does not end with an underscore.
///
/// # Errors
///
/// If the name breaks a rule. The message gives the reason.
pub fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if let Some(invalid) = name.chars().find(|&c| !allowed(c)) {
        bail!(
            "invalid character {invalid:?}. Variable names may contain only lower-case letters, \
             numbers, and underscores."
        );
    }
    let letter_first = name.starts_with(|c: char| c.is_ascii_lowercase());
    ensure!(letter_first, "must start with a lowercase ASCII letter");
    ensure!(!name.ends_with('_'), "must end with a lowercase ASCII letter or digit");
    ensure!(!name.contains("__"), "must not contain multiple consecutive underscores");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_spins_rules() {
        for name in ["a", "model_2", "a1_b2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "Upper", "invalid-name", "4th", "_a", "a_", "a__b"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
