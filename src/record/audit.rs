//! The audit: a line of the log for each prediction, without any value of its input.
//!
//! Whoever has the key can check that a given input led to an answer; others learn only which inputs
//! are equal. The log's collector adds the time.

use crate::http::hexadecimal;
use crate::model::{self, Output, Signature};
use crate::platform::{log, settings};
use crate::predict::Answers;
use crate::validate::Rows;
use hmac_sha256::HMAC;
use serde_json::Value;

/// Logs a line for each row, if there is a key.
pub fn audit(rows: &Rows, answers: &Answers, signature: &Signature) {
    let Some(key) = settings::audit_key() else { return };
    let mac = HMAC::new(key);
    let features = signature.features.len();
    // The model may be anyone's.
    let (name, version) = (log::shown(&signature.name), log::shown(&signature.version));
    for (row, prediction) in answers.predictions.iter().enumerate() {
        let mut line = format!("audit model={name} version={version} row={row} answer=");
        for (index, output) in prediction.iter().enumerate() {
            line.push_str(if index == 0 { "" } else { "," });
            line.push_str(&log::shown(&json(output)));
        }
        line.push_str(" hmac=");
        line.push_str(&digest(mac.clone(), &rows.values[row * features..][..features]));
        log::info(&line);
    }
}

/// Returns the label or the number of an output, as JSON.
fn json(output: &Output) -> String {
    let value = match output {
        Output::Class(class) => Value::String(class.label.clone()),
        Output::Quantity(number) => Value::from(*number),
    };
    String::from_utf8(serde_json::to_vec(&value).unwrap_or_default()).unwrap_or_default()
}

/// Returns the HMAC of a row's validated values, in the order of the features, in hexadecimal.
///
/// A number is `n` and its eight bytes as a double, the lowest first; a text is `t`, its length in
/// eight bytes, and its UTF-8; a boolean is `f` and a byte; a missing value is `m`.
fn digest(mut mac: HMAC, values: &[model::Value]) -> String {
    for value in values {
        match value {
            model::Value::Number(number) => {
                mac.update(b"n");
                // -0 equals 0.
                mac.update((number + 0.0).to_le_bytes());
            }
            model::Value::Text(text) => {
                mac.update(b"t");
                mac.update((text.len() as u64).to_le_bytes());
                mac.update(text.as_bytes());
            }
            model::Value::Flag(flag) => mac.update([b'f', u8::from(*flag)]),
            model::Value::Missing => mac.update(b"m"),
        }
    }
    hexadecimal::of_bytes(&mac.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn hmac(key: &str, values: &[Value]) -> String {
        digest(HMAC::new(key), values)
    }

    /// Test case 2 of RFC 4231.
    #[test]
    fn it_is_hmac_with_sha_256() {
        let digest = hexadecimal::of_bytes(&HMAC::mac("what do ya want for nothing?", "Jefe"));
        assert_eq!(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn equal_values_have_equal_digests_and_others_have_others() {
        let text = |text: &str| Value::Text(text.into());
        let rows = [
            vec![Value::Number(0.0), Value::Missing],
            vec![Value::Number(1.0), Value::Missing],
            vec![Value::Missing, Value::Number(0.0)],
            vec![Value::Flag(false), Value::Missing],
            vec![Value::Flag(true), Value::Missing],
            vec![text("a"), text("bm")],
            vec![text("ab"), text("m")],
            vec![text("ab"), Value::Missing],
        ];
        let digests: std::collections::BTreeSet<_> =
            rows.iter().map(|row| hmac("key", row)).collect();
        assert_eq!(digests.len(), rows.len());
        assert_eq!(hmac("key", &[Value::Number(-0.0), Value::Missing]), hmac("key", &rows[0]));
        assert_ne!(hmac("key2", &rows[0]), hmac("key", &rows[0]));
    }
}
