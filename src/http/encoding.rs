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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_and_both_forms_of_deflate_are_unpacked() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        zlib.write_all(b"{}").unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(b"{}").unwrap();
        for (body, coding) in [
            (gzip(b"{}"), "gzip"),
            ([gzip(b"{"), gzip(b"}")].concat(), "X-GZIP"),
            (zlib.finish().unwrap(), "deflate"),
            (raw.finish().unwrap(), "Deflate"),
        ] {
            assert_eq!(decode(&body, coding, 2).ok().as_deref(), Some(&b"{}"[..]), "{coding}");
        }
    }

    #[test]
    fn a_broken_compressed_body_is_refused_with_the_reason() {
        let status = |body: &[u8], coding| decode(body, coding, 10).unwrap_err().status;
        assert_eq!(status(&gzip(&[b' '; 11]), "gzip"), 413);
        assert_eq!(status(&gzip(&vec![b' '; 10 << 20]), "gzip"), 413);
        assert_eq!(status(&gzip(b"{}")[..15], "gzip"), 400);
        assert_eq!(status(b"{}", "gzip"), 400);
        assert_eq!(status(b"", "deflate"), 400);
        assert_eq!(status(&gzip(b"{}"), "br"), 415);
        assert_eq!(status(&gzip(&gzip(b"{}")), "gzip, gzip"), 415);
    }
}
