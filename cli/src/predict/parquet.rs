//! Reads the rows of a Parquet file as NDJSON: the checks of its cells are those of NDJSON.

use anyhow::{Context, Result, ensure};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row, reader::RowIter};
use serde_json::{Map, Number, Value};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first bytes of a file.
pub const MAGIC: &[u8] = b"PAR1";

/// The rows of a file, as lines of JSON.
pub struct Lines {
    rows: RowIter<'static>,
    line: Vec<u8>,
    /// The bytes of the line that are taken.
    taken: usize,
    progress: Progress,
}

impl Lines {
    /// Opens a file of `length` bytes. `read` counts the bytes of the rows that are read.
    ///
    /// # Errors
    ///
    /// If it is no Parquet, or packed by another method than gzip, Snappy and Zstandard.
    pub fn open(file: File, length: u64, read: Arc<AtomicU64>) -> Result<Self> {
        let reader = SerializedFileReader::new(file).context("it is broken Parquet")?;
        let columns = reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
        columns.map(ColumnChunkMetaData::compression).try_for_each(ensure_readable)?;
        let rows = reader.metadata().file_metadata().num_rows();
        let progress = Progress { length, rows: rows.try_into()?, done: 0, read };
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok(Self { rows, line: Vec::new(), taken: 0, progress })
    }
}

fn ensure_readable(codec: Compression) -> Result<()> {
    use Compression::{GZIP, SNAPPY, UNCOMPRESSED, ZSTD};
    let is_known = matches!(codec, GZIP(_) | SNAPPY | UNCOMPRESSED | ZSTD(_));
    ensure!(is_known, "it is packed by {codec}; write it with compression=\"snappy\"");
    Ok(())
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.line.len() {
            let Some(row) = self.rows.next() else { return Ok(0) };
            self.taken = 0;
            self.line.clear();
            serde_json::to_writer(&mut self.line, &object(&row.map_err(io::Error::other)?))?;
            self.line.push(b'\n');
            self.progress.add();
        }
        let read = (&self.line[self.taken..]).read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

/// The part of a file that is read, by its rows.
struct Progress {
    length: u64,
    rows: u64,
    done: u64,
    read: Arc<AtomicU64>,
}

impl Progress {
    fn add(&mut self) {
        self.done += 1;
        let part = self.done as f64 / self.rows.max(1) as f64;
        self.read.store((self.length as f64 * part) as u64, Ordering::Relaxed);
    }
}

fn object(row: &Row) -> Map<String, Value> {
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

/// Returns a value as JSON. NaN is a missing value, as in pandas; infinity, dates and lists are texts.
fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => (*flag).into(),
        Field::Byte(number) => (*number).into(),
        Field::Short(number) => (*number).into(),
        Field::Int(number) => (*number).into(),
        Field::Long(number) => (*number).into(),
        Field::UByte(number) => (*number).into(),
        Field::UShort(number) => (*number).into(),
        Field::UInt(number) => (*number).into(),
        Field::ULong(number) => (*number).into(),
        Field::Float16(number) => float(f64::from(*number)),
        Field::Float(number) => float(f64::from(*number)),
        Field::Double(number) => float(*number),
        Field::Str(text) => text.as_str().into(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into(),
        Field::Decimal(_)
        | Field::Date(_)
        | Field::TimeMillis(_)
        | Field::TimeMicros(_)
        | Field::TimestampMillis(_)
        | Field::TimestampMicros(_)
        | Field::Group(_)
        | Field::ListInternal(_)
        | Field::MapInternal(_) => field.to_string().into(),
    }
}

fn float(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => number.into(),
        None if number.is_nan() => Value::Null,
        None => number.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_packed_otherwise_is_refused_with_the_remedy() {
        let error = ensure_readable(Compression::LZ4_RAW).unwrap_err().to_string();
        assert_eq!(error, "it is packed by LZ4_RAW; write it with compression=\"snappy\"");
    }

    #[test]
    fn nan_is_missing_and_infinity_is_refused_as_a_text() {
        assert_eq!(value(&Field::Double(f64::NAN)), Value::Null);
        assert_eq!(value(&Field::Float(f32::INFINITY)), "inf");
        assert_eq!(value(&Field::Float(0.1)), f64::from(0.1_f32));
    }
}
