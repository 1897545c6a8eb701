//! Bodies that come compressed: Content-Encoding headers (RFC 9110, section 8.4).

use super::HttpError;
use super::media_type::essence;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// The codings that are taken, as an Accept-Encoding header names them.
pub const ACCEPTED: &str = "gzip, deflate";

/// Is true if a body is something else than the bytes it stands for.
pub fn is_encoded(content_encoding: &str) -> bool {
    essence(content_encoding) != "identity"
}

/// Unpacks a body, into `limit` bytes at most.
///
/// # Errors
///
/// 415 if the coding is not one of [`ACCEPTED`], 400 if the body is not what it says it is, 413 if
/// it is too large.
pub fn decode(body: &[u8], content_encoding: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    match essence(content_encoding).as_str() {
        "gzip" | "x-gzip" => unpack(MultiGzDecoder::new(body), "gzip", limit),
        "deflate" if is_zlib(body) => unpack(ZlibDecoder::new(body), "deflate", limit),
        // Some clients leave out the header and the checksum that the coding has.
        "deflate" => unpack(DeflateDecoder::new(body), "deflate", limit),
        _ => {
            Err(HttpError::new(415, format!("The body should be sent as it is, or as {ACCEPTED}")))
        }
    }
}

/// Is true if the first two bytes are the header of the zlib format (RFC 1950, section 2.2).
fn is_zlib(body: &[u8]) -> bool {
    let [method, flags, ..] = body else { return false };
    method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
}

fn unpack(packed: impl Read, coding: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    match packed.take(limit as u64 + 1).read_to_end(&mut body) {
        Err(error) => Err(HttpError::new(400, format!("The body is not valid {coding}: {error}"))),
        Ok(_) if body.len() > limit => Err(HttpError::too_large(limit)),
        Ok(_) => Ok(body),
    }
}
