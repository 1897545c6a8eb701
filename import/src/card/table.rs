//! Reads a table of data, a CSV file with a header, row by row.

use anyhow::{Context, Result, anyhow, bail, ensure};
use csv::StringRecord;
use flate2::read::MultiGzDecoder;
use predictor_contract::cells::separator;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// The number of rows between two lines about the progress.
const PROGRESS: usize = 250_000;

/// The number of bytes at a file's start for the detection of its format.
const START: usize = 16;

/// Other file formats: their first bytes, their name, and the Python function to read them.
const OTHER_FILES: [(&[u8], &str, &str); 7] = [
    (b"PAR1", "Parquet", "pandas.read_parquet"),
    (b"ARROW1", "Feather", "pandas.read_feather"),
    (b"PK", "an Excel workbook or another archive", "pandas.read_excel"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "pandas.read_excel"),
    (b"\x89HDF", "HDF5", "pandas.read_hdf"),
    (b"\x80", "a pickle", "pandas.read_pickle"),
    (b"\x93NUMPY", "an array of NumPy", "pandas.DataFrame(numpy.load"),
];

/// A CSV file with a header. It reads the rows only on request.
pub struct Table {
    path: PathBuf,
    /// The names in the header.
    pub columns: Vec<String>,
    /// The byte between two cells.
    pub separator: u8,
}

/// A row of a table.
pub struct Row<'r> {
    /// The number of the row's first line in the file, from 1.
    pub line: u64,
    cells: &'r StringRecord,
}

impl Row<'_> {
    /// Returns the text of a cell; empty beyond the last column.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }
}

impl Table {
    /// Opens a file, plain or compressed with gzip, and reads its header.
    ///
    /// # Errors
    ///
    /// If the file is empty or no CSV in UTF-8, or a column has no name, or two columns have the
    /// same name.
    pub fn open(path: &Path) -> Result<Self> {
        let mut lines = lines(path)?;
        check_kind(lines.fill_buf()?, path)?;
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line)?;
        let mut table =
            Self { path: path.to_owned(), columns: Vec::new(), separator: separator(&line) };
        table.columns = names(&mut table.reader()?)?;
        Ok(table)
    }

    /// Reads the header of a table whose first bytes, with the header among them, are here. `path` names
    /// it in messages. Returns the table, and the length of the header in bytes.
    ///
    /// # Errors
    ///
    /// As for [`Table::open`].
    pub fn begin(path: &Path, start: &[u8]) -> Result<(Self, usize)> {
        check_kind(start, path)?;
        let separator = separator(start.split(|byte| *byte == b'\n').next().unwrap_or_default());
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(start);
        let columns = names(&mut reader)?;
        let length = reader.position().byte() as usize;
        Ok((Self { path: path.to_owned(), columns, separator }, length))
    }

    /// Returns the index of a column by its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Calls `visit` with each row, and returns the number of rows. Calls `say` with the progress.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a row has another number of cells than the header, or `visit`
    /// fails.
    pub fn each_row(
        &self,
        say: &mut dyn FnMut(String),
        mut visit: impl FnMut(Row) -> Result<()>,
    ) -> Result<usize> {
        let mut reader = self.reader()?;
        let (mut cells, mut count) = (StringRecord::new(), 0_usize);
        while reader.read_record(&mut cells).map_err(in_words)? {
            let line = cells.position().map_or(0, csv::Position::line);
            visit(Row { line, cells: &cells })?;
            count += 1;
            if count.is_multiple_of(PROGRESS) {
                say(format!("  {count} rows read"));
            }
        }
        Ok(count)
    }

    fn reader(&self) -> Result<csv::Reader<Box<dyn BufRead + Send>>> {
        let lines = lines(&self.path)?;
        Ok(csv::ReaderBuilder::new().delimiter(self.separator).from_reader(lines))
    }
}

/// Reads the names of a header.
fn names<R: Read>(reader: &mut csv::Reader<R>) -> Result<Vec<String>> {
    let names: Vec<String> =
        reader.headers().map_err(in_words)?.iter().map(str::to_owned).collect();
    check_names(&names)?;
    Ok(names)
}

fn lines(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    unpacked(BufReader::new(File::open(path)?))
}

/// Decompresses rows if they are packed with gzip, and skips a byte order mark.
///
/// # Errors
///
/// If they cannot be read.
pub fn unpacked(mut rows: impl BufRead + Send + 'static) -> Result<Box<dyn BufRead + Send>> {
    let is_packed = rows.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut lines: Box<dyn BufRead + Send> = if is_packed {
        Box::new(BufReader::new(MultiGzDecoder::new(rows)))
    } else {
        Box::new(rows)
    };
    let mut start = [0; START];
    let mut read = 0;
    while read < start.len() {
        match lines.read(&mut start[read..])? {
            0 => break,
            more => read += more,
        }
    }
    let start = &start[..read];
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    Ok(Box::new(Cursor::new(start.to_vec()).chain(lines)))
}

/// Checks the first bytes of a file.
///
/// # Errors
///
/// If the file is empty, or has another known format. The error names the format, and a way to convert it.
fn check_kind(start: &[u8], path: &Path) -> Result<()> {
    ensure!(!start.is_empty(), "it is empty");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some((_, kind, read)) = OTHER_FILES.iter().find(|(magic, ..)| start.starts_with(magic)) {
        let close = if read.contains("load") { "))" } else { ")" };
        bail!(
            "it is {kind}; write it as CSV in Python: {read}({name:?}{close}.to_csv(\"rows.csv\", index=False)"
        );
    }
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        bail!("it is UTF-16; save it as CSV in UTF-8");
    }
    if matches!(start.first(), Some(b'{' | b'[')) {
        bail!(
            "it is JSON; write it as CSV in Python: pandas.read_json({name:?}).to_csv(\"rows.csv\", index=False)"
        );
    }
    Ok(())
}

fn check_names(columns: &[String]) -> Result<()> {
    let is_index = |name: &str| name.is_empty() || name.starts_with("Unnamed: ");
    if let Some(place) = columns.iter().position(|name| is_index(name)) {
        let advice = if place == 0 {
            "; it is the index of a DataFrame: write the file with to_csv(…, index=False)"
        } else {
            ""
        };
        bail!("its column {} has no name{advice}", place + 1);
    }
    let mut seen = HashSet::new();
    if let Some(name) = columns.iter().find(|name| !seen.insert(*name)) {
        bail!("it has two columns {name:?}; rename one");
    }
    // pandas numbers columns without names from 0, so such numbers are fine.
    let is_number = |name: &String| name.trim().parse::<f64>().is_ok();
    let is_numbered = columns.iter().enumerate().all(|(place, name)| *name == place.to_string());
    if columns.iter().all(is_number) && !is_numbered {
        bail!("its first line has numbers and no names; add a line with the names of the columns");
    }
    Ok(())
}

/// Explains an error of the CSV reader in a sentence.
fn in_words(error: csv::Error) -> anyhow::Error {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => anyhow!("line {line} is not UTF-8; save the file as UTF-8"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            anyhow!("line {line} has {len} cells, and the header {expected_len}")
        }
        _ => anyhow!("{error}"),
    }
}

/// Adds the path of a file to an error.
pub trait InFile<T> {
    /// Adds the path of the file.
    ///
    /// # Errors
    ///
    /// The same error, with the path before it.
    fn in_file(self, path: &Path) -> Result<T>;
}

impl<T> InFile<T> for Result<T> {
    fn in_file(self, path: &Path) -> Result<T> {
        self.with_context(|| path.display().to_string())
    }
}
