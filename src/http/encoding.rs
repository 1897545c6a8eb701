//! Compressed bodies: Content-Encoding headers (RFC 9110, section 8.4).

use super::HttpError;
use super::media_type::essence;
use super::unpack::{self, Fault};

/// Accepted codings, as in an Accept-Encoding header.
pub const ACCEPTED: &str = "gzip, deflate";

/// Returns true if a body has another coding than `identity`.
pub fn is_encoded(content_encoding: &str) -> bool {
    essence(content_encoding) != "identity"
}

/// Unpacks a body, into `limit` bytes at most.
///
/// # Errors
///
/// 415 if the coding is not one of [`ACCEPTED`], 400 if the body is not valid in its coding, 413 if
/// it is too large.
pub fn decode(body: &[u8], content_encoding: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    let (coding, unpacked) = match essence(content_encoding).as_str() {
        "gzip" | "x-gzip" => ("gzip", unpack::gzip(body, limit)),
        "deflate" if is_zlib(body) => ("deflate", unpack::zlib(body, limit)),
        // Some clients leave out the header and the checksum of the coding.
        "deflate" => ("deflate", unpack::deflate(body, limit)),
        _ => {
            let detail = format!("The body should be sent as it is, or as {ACCEPTED}");
            return Err(HttpError::new(415, detail));
        }
    };
    unpacked.map_err(|fault| match fault {
        Fault::TooLarge => HttpError::too_large(limit),
        Fault::Invalid(reason) => {
            HttpError::new(400, format!("The body is not valid {coding}: {reason}"))
        }
    })
}

/// Returns true if the first two bytes are a header of the zlib format (RFC 1950, section 2.2).
fn is_zlib(body: &[u8]) -> bool {
    let [method, flags, ..] = body else { return false };
    method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
}
