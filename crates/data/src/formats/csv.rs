//! CSV files with an image and its label in each row, gzipped or not.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use thiserror::Error as ThisError;

use super::{Format, Found, FoundSet};
use crate::error::Error;
use crate::files;
use crate::gzip;
use crate::listing::{Half, Listing, by_set, copy_of_one};
use crate::progress::{Progress, Unit};
use crate::raw_set::{RawSet, RawSplit};
use crate::shape::{MAX_BYTES, MAX_SIDE, Size};

#[cfg(test)]
mod tests;

pub(super) const FORMAT: Format = Format {
    description: "CSV files named `train` and `test`, or one CSV file, with an image and its label in each row",
    find,
};

/// Names of the column of labels.
const LABEL_NAMES: [&str; 3] = ["label", "class", "target"];
/// Longest line, in bytes: more than the pixels of the largest image take as text.
const MAX_LINE: usize = 8 * MAX_SIDE * MAX_SIDE;
/// Rows between two reports of progress.
const ROWS_PER_REPORT: usize = 1000;

/// A defect of a CSV file. The message continues a sentence that begins with the file's path.
#[derive(Debug, ThisError)]
pub enum CsvFault {
    /// The system cannot read it, its gzip data are damaged, or a line is too long.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It has no rows with values.
    #[error("has no rows of pixels")]
    Empty,
    /// A row is longer or shorter than the first one.
    #[error("has {found} columns in line {line}, but {expected} before")]
    Columns {
        /// Line, from 1.
        line: u64,
        /// Number of columns there.
        found: usize,
        /// Number of columns in the first row.
        expected: usize,
    },
    /// A value is no byte.
    #[error(
        "has {value:?} in line {line}, column {column}: values are whole numbers from 0 to 255"
    )]
    Value {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: usize,
        /// Beginning of the value.
        value: String,
    },
    /// It has more values than are supported.
    #[error("has more than {MAX_BYTES} values")]
    TooLarge,
    /// It has one column.
    #[error("has one column: separate values by commas")]
    OneColumn,
    /// Its header names no column of labels.
    #[error(
        "has a header without a column `label`, `class` or `target`: name the column of labels so"
    )]
    NoLabel,
    /// Its pixels make no image of a known size.
    #[error(
        "has {columns} columns: without the label they are no square image; set data.size = [height, width], or remove \
         columns that are no pixels"
    )]
    NoSize {
        /// Number of columns, that of labels included.
        columns: usize,
    },
    /// Its pixels make no image of the size that is set.
    #[error("has {columns} columns: a label and an image of {size} pixels need {}", size.pixels() + 1)]
    OtherSize {
        /// Number of columns, that of labels included.
        columns: usize,
        /// The size that is set.
        size: Size,
    },
    /// Labels can be in the first or in the last column.
    #[error(
        "has no header, and its labels can be column 1 ({}) or column {columns} ({}): add a header with \
         a column `label`",
        described(*first),
        described(*last)
    )]
    Ambiguous {
        /// Number of columns.
        columns: usize,
        /// Least and greatest value of the first column.
        first: [u8; 2],
        /// Least and greatest value of the last column.
        last: [u8; 2],
    },
}

fn described([least, most]: [u8; 2]) -> String {
    if least == most { format!("always {least}") } else { format!("{least} to {most}") }
}

/// CSV files of the training half, and of the test half if there is one.
struct CsvSet {
    folder: PathBuf,
    train: PathBuf,
    test: Option<PathBuf>,
    /// Whether the name of the training half's file says so.
    is_named: bool,
}

fn find(listing: &Listing) -> Found {
    let files = listing.with_extension(&[".csv", ".csv.gz"]);
    let mut found = Found::default();
    let mut add = |train: &Path, test: Option<&Path>, is_named| {
        let (train, test) = (train.to_owned(), test.map(Path::to_owned));
        let folder = listing.folder.clone();
        found.sets.push(Box::new(CsvSet { folder, train, test, is_named }));
    };
    let mut several = Vec::new();
    for halves in by_set(files.iter().copied()).values() {
        let [train, test] = [Half::Train, Half::Test]
            .map(|half| halves.get(&half).map(Vec::as_slice).unwrap_or_default());
        match [train, test].map(copy_of_one) {
            [Some(file), other] if other.is_some() || test.is_empty() => add(file, other, true),
            _ if !train.is_empty() => {
                let same = if train.len() > 1 { train } else { test };
                let (one, other) = (same[0].display(), same[1].display());
                several.push(format!("{one} and {other} are the same half"));
            }
            _ => {}
        }
    }
    if several.is_empty()
        && let Some(file) = copy_of_one(&files)
    {
        // The only one, whatever its name.
        add(file, None, false);
    }
    if found.sets.is_empty() && several.is_empty() && !files.is_empty() {
        several.push(format!("none of {} CSV files is named `train`", files.len()));
    }
    found.incomplete = several;
    found
}

impl FoundSet for CsvSet {
    fn first_file(&self) -> &Path {
        &self.train
    }

    fn doubt(&self) -> u8 {
        if self.is_named { 0 } else { 2 }
    }

    fn read(&self, size: Option<Size>, progress: &dyn Fn(Progress<'_>)) -> Result<RawSet, Error> {
        let table = |file: &Path| {
            let path = self.folder.join(file);
            let name = file.to_string_lossy();
            match Table::read(&path, &name, progress) {
                Ok(table) => Ok((path, table)),
                Err(fault) => Err(Error::Csv { path, fault }),
            }
        };
        let (train_path, train) = table(&self.train)?;
        let (label, image) = match train.layout(size) {
            Ok(layout) => layout,
            Err(fault) => return Err(Error::Csv { path: train_path, fault }),
        };
        let columns = train.columns;
        let mut set = RawSet::new(train.split(&train_path, label, image));
        let Some(file) = &self.test else { return Ok(set) };
        let (path, test) = table(file)?;
        if test.columns + 1 == columns {
            set.unlabelled = Some(format!("{} has no labels", path.display()));
            return Ok(set);
        }
        let fault = match (test.named_label(), &test.header) {
            _ if test.columns != columns => {
                CsvFault::OtherSize { columns: test.columns, size: image }
            }
            (None, Some(_)) => CsvFault::NoLabel,
            (named, _) => {
                set.test = Some(test.split(&path, named.unwrap_or(label), image));
                return Ok(set);
            }
        };
        Err(Error::Csv { path, fault })
    }
}

/// Values of a file.
struct Table {
    /// Names of the columns in lower case, if the file has a header.
    header: Option<Vec<String>>,
    columns: usize,
    /// Values `[rows, columns]`.
    values: Vec<u8>,
}

impl Table {
    fn read(path: &Path, name: &str, progress: &dyn Fn(Progress<'_>)) -> Result<Self, CsvFault> {
        let file = files::open(path).map_err(CsvFault::Unreadable)?;
        let len = file.metadata().map_err(CsvFault::Unreadable)?.len();
        let total = usize::try_from(len).ok();
        let done = Cell::new(0);
        let text = gzip::decompress(Counted { file, done: &done }).map_err(CsvFault::Unreadable)?;
        // Quotes are removed from values, so that a quote without its pair makes no value of many lines.
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quoting(false)
            .from_reader(Lines { text, len: 0 });
        let (mut record, mut header, mut columns, mut values) =
            (ByteRecord::new(), None, 0, Vec::new());
        let mut rows = 0;
        while reader.read_byte_record(&mut record).map_err(unreadable)? {
            let line = record.position().map_or(0, csv::Position::line);
            if columns == 0 {
                columns = record.len();
                if columns == 1 {
                    return Err(CsvFault::OneColumn);
                }
                if is_header(&record) {
                    header = Some(record.iter().map(name_of).collect());
                    continue;
                }
            }
            if record.len() != columns {
                return Err(CsvFault::Columns { line, found: record.len(), expected: columns });
            }
            for (index, field) in record.iter().enumerate() {
                let value = byte(field).ok_or_else(|| CsvFault::Value {
                    line,
                    column: index + 1,
                    value: String::from_utf8_lossy(field).chars().take(20).collect(),
                })?;
                values.push(value);
            }
            if values.len() > MAX_BYTES {
                return Err(CsvFault::TooLarge);
            }
            rows += 1;
            if rows % ROWS_PER_REPORT == 0 {
                progress(Progress { name, unit: Unit::Bytes, done: done.get(), total });
            }
        }
        if values.is_empty() { Err(CsvFault::Empty) } else { Ok(Self { header, columns, values }) }
    }

    /// Returns the column of labels and the size of the images.
    fn layout(&self, size: Option<Size>) -> Result<(usize, Size), CsvFault> {
        let columns = self.columns;
        let size = match size {
            Some(size) if size.pixels() + 1 != columns => {
                return Err(CsvFault::OtherSize { columns, size });
            }
            Some(size) => size,
            None => {
                let height = (columns - 1).isqrt();
                if height * height + 1 != columns || !(1..=MAX_SIDE).contains(&height) {
                    return Err(CsvFault::NoSize { columns });
                }
                Size { height, width: height }
            }
        };
        if self.header.is_some() {
            return Ok((self.named_label().ok_or(CsvFault::NoLabel)?, size));
        }
        let [first, last] = [0, columns - 1].map(|column| self.range(column));
        match [first, last].map(|[least, most]| least == most) {
            [false, true] => Ok((0, size)),
            [true, false] => Ok((columns - 1, size)),
            _ => Err(CsvFault::Ambiguous { columns, first, last }),
        }
    }

    /// Returns the column that the header names as that of labels.
    fn named_label(&self) -> Option<usize> {
        let header = self.header.as_ref()?;
        header.iter().position(|name| LABEL_NAMES.contains(&name.as_str()))
    }

    /// Returns the least and the greatest value of a column.
    fn range(&self, column: usize) -> [u8; 2] {
        let column = || self.values.iter().skip(column).step_by(self.columns).copied();
        [column().min().unwrap_or(0), column().max().unwrap_or(0)]
    }

    /// Divides the values into labels and images of this size.
    fn split(mut self, path: &Path, label: usize, size: Size) -> RawSplit {
        let columns = self.columns;
        let rows = self.values.len() / columns;
        let labels = (0..rows).map(|row| self.values[row * columns + label]).collect();
        for row in 0..rows {
            let (start, to) = (row * columns, row * (columns - 1));
            self.values.copy_within(start..start + label, to);
            self.values.copy_within(start + label + 1..start + columns, to + label);
        }
        self.values.truncate(rows * (columns - 1));
        RawSplit { path: path.to_owned(), size, images: self.values, labels }
    }
}

/// Returns whether a first row has names, or numbers each one more than the last, as pandas numbers columns.
fn is_header(row: &ByteRecord) -> bool {
    let numbers: Option<Vec<f64>> = row.iter().map(number).collect();
    numbers.is_none_or(|numbers| {
        numbers[0] <= 1.0 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0)
    })
}

/// Returns a field without spaces and quotes around it, and without the mark of UTF-8 at the start of a file.
fn plain(field: &[u8]) -> &[u8] {
    let field = field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field).trim_ascii();
    field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
}

fn name_of(field: &[u8]) -> String {
    String::from_utf8_lossy(plain(field)).trim().to_lowercase()
}

fn number(field: &[u8]) -> Option<f64> {
    str::from_utf8(plain(field)).ok()?.trim().parse().ok()
}

/// Parses a whole number from 0 to 255, also one written as `7.0` or `7.000e+00`.
fn byte(field: &[u8]) -> Option<u8> {
    if let 1..=3 = field.len()
        && field.iter().all(u8::is_ascii_digit)
    {
        let number = field.iter().fold(0, |number, digit| 10 * number + u32::from(digit - b'0'));
        return u8::try_from(number).ok();
    }
    let number = number(field).filter(|number| (0.0..=255.0).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = number as u8;
    (f64::from(byte) == number).then_some(byte)
}

fn unreadable(error: csv::Error) -> CsvFault {
    CsvFault::Unreadable(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

/// File whose bytes are counted as they are read.
struct Counted<'a> {
    file: File,
    done: &'a Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done.set(self.done.get() + count);
        Ok(count)
    }
}

/// Text whose lines are no longer than [`MAX_LINE`].
struct Lines<R> {
    text: R,
    /// Number of bytes since the last end of a line.
    len: usize,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        let end = buffer[..count].iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
        self.len = end.map_or(self.len + count, |end| count - end - 1);
        if self.len > MAX_LINE {
            let reason = format!("a line has more than {MAX_LINE} bytes");
            return Err(io::Error::new(ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}
