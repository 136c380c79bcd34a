//! NPZ files with the arrays that Keras caches: a zip of NPY files.
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{Format, Found, FoundSet};
use crate::error::{Error, shown};
use crate::files;
use crate::listing::Listing;
use crate::progress::Progress;
use crate::raw_set::{RawSet, RawSplit};
use crate::shape::{MAX_BYTES, MAX_SIDE, Size};

#[cfg(test)]
mod tests;

pub(super) const FORMAT: Format = Format {
    description: "an npz file with the arrays x_train, y_train, x_test and y_test, as Keras caches it",
    find,
};

/// Start of an NPY file.
const MAGIC: &[u8] = b"\x93NUMPY";
/// Largest header, in bytes.
const MAX_HEADER: u32 = 1 << 16;

/// A defect of an NPZ file. The message continues a sentence that begins with the file's path.
#[derive(Debug, ThisError)]
pub enum NpzFault {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is no valid zip file.
    #[error("is damaged or truncated: {0}; copy or save it again")]
    Zip(ZipError),
    /// An array's file ends early, or its data are damaged.
    #[error("is damaged or truncated in {0}: copy or save it again")]
    Damaged(String),
    /// An array's file has no header that can be read.
    #[error("has no valid header of {0}: save it again with numpy.savez")]
    Header(String),
    /// An array is of a type that is not read, such as float or object.
    #[error("has {array} of type {found}: save it as {expected}")]
    Type {
        /// The array.
        array: String,
        /// Its type as `numpy` writes it, such as `<f4`.
        found: String,
        /// Types that are read.
        expected: &'static str,
    },
    /// An array is stored column by column.
    #[error("has {0} in Fortran's order: save numpy.ascontiguousarray of it")]
    Order(String),
    /// An array is not of the shape that it should be of.
    #[error("has {array} of shape ({found}): it has to be {expected}")]
    Shape {
        /// The array.
        array: String,
        /// Its shape as `numpy` writes it.
        found: String,
        /// Shapes that are read.
        expected: &'static str,
    },
    /// A label is no byte.
    #[error("has a label of image {index} in {array} that is not from 0 to 255")]
    Label {
        /// The array.
        array: String,
        /// Index of the image, from 0.
        index: usize,
    },
    /// The numbers of images and labels differ.
    #[error("has {images} images, but {labels} labels in its half `{half}`")]
    Unpaired {
        /// `train` or `test`.
        half: &'static str,
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
}

/// An NPZ file.
struct NpzSet {
    file: PathBuf,
    path: PathBuf,
    /// Whether there are images and labels of the test half.
    test: [bool; 2],
}

fn find(listing: &Listing) -> Found {
    let mut found = Found::default();
    for file in listing.with_extension(&[".npz"]) {
        let path = listing.path(file);
        let arrays: Vec<String> = match open(&path) {
            Ok(archive) => archive.file_names().flatten().map(Cow::into_owned).collect(),
            // Reading it reports the reason.
            Err(_) => vec!["x_train.npy".to_owned(), "y_train.npy".to_owned()],
        };
        let has = |name: &str| arrays.iter().any(|array| array == name);
        if has("x_train.npy") && has("y_train.npy") {
            let test = ["x_test.npy", "y_test.npy"].map(has);
            found.sets.push(Box::new(NpzSet { file: file.to_owned(), path, test }));
        } else {
            let names: Vec<String> = arrays.iter().take(8).map(|name| shown(name)).collect();
            let names = names.join(", ");
            found.incomplete.push(format!("{} has the arrays {names}", file.display()));
        }
    }
    found
}

impl FoundSet for NpzSet {
    fn first_file(&self) -> &Path {
        &self.file
    }

    fn read(&self, _: Option<Size>, _: &dyn Fn(Progress<'_>)) -> Result<RawSet, Error> {
        let (train, test) = rayon::join(
            || self.read_half("train"),
            || (self.test == [true; 2]).then(|| self.read_half("test")).transpose(),
        );
        let unlabelled = (self.test == [true, false])
            .then(|| format!("{} has no array y_test", self.path.display()));
        let set = RawSet::new(train?);
        Ok(RawSet { test: test?, unlabelled, ..set })
    }
}

impl NpzSet {
    fn read_half(&self, half: &'static str) -> Result<RawSplit, Error> {
        let path = self.path.clone();
        match read_half(&path, half) {
            Ok((size, images, labels)) => Ok(RawSplit { path, size, images, labels }),
            Err(fault) => Err(Error::Npz { path, fault }),
        }
    }
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, NpzFault> {
    let file = files::open(path).map_err(NpzFault::Unreadable)?;
    ZipArchive::new(BufReader::new(file)).map_err(NpzFault::Zip)
}

/// Reads size, images and labels of a half.
fn read_half(path: &Path, half: &'static str) -> Result<(Size, Vec<u8>, Vec<u8>), NpzFault> {
    let mut archive = open(path)?;
    let images = Array::read(&mut archive, &format!("x_{half}"), true)?;
    let size = images.image_size()?;
    let labels = Array::read(&mut archive, &format!("y_{half}"), false)?.labels()?;
    let count = images.shape[0];
    if labels.len() != count {
        return Err(NpzFault::Unpaired { half, images: count, labels: labels.len() });
    }
    Ok((size, images.bytes, labels))
}

/// An array of an NPZ file.
#[derive(Debug)]
struct Array {
    name: String,
    /// Type as `numpy` writes it: order of bytes, kind, number of bytes.
    kind: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    fn read(
        archive: &mut ZipArchive<impl Read + Seek>,
        name: &str,
        are_images: bool,
    ) -> Result<Self, NpzFault> {
        let mut file = archive.by_name(&format!("{name}.npy")).map_err(NpzFault::Zip)?;
        let header = read_header(&mut file).ok_or_else(|| NpzFault::Header(name.to_owned()))?;
        let (kind, shape) = parse_header(&header, name)?;
        let expected = if are_images { "uint8, 0 to 255" } else { "an integer type" };
        let width = match kind.as_bytes() {
            b"|u1" => 1,
            [_, b'i' | b'u', digit @ b'1'..=b'8'] if !are_images => usize::from(digit - b'0'),
            _ => {
                let (array, found) = (name.to_owned(), shown(&kind));
                return Err(NpzFault::Type { array, found, expected });
            }
        };
        let declared = shape.iter().try_fold(width, |len, side| len.checked_mul(*side));
        let Some(len) = declared.filter(|len| (1..=MAX_BYTES).contains(len)) else {
            return Err(shape_fault(name, &shape, "of at least one value and at most 1 GiB"));
        };
        let mut bytes = Vec::new();
        // One byte more, so that the checksum at the end is verified.
        let read = file.take(len as u64 + 1).read_to_end(&mut bytes);
        if read.is_err() || bytes.len() != len {
            return Err(NpzFault::Damaged(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), kind, shape, bytes })
    }

    fn image_size(&self) -> Result<Size, NpzFault> {
        match *self.shape.as_slice() {
            [_, height, width] | [_, height, width, 1] if height.max(width) <= MAX_SIDE => {
                Ok(Size { height, width })
            }
            _ => Err(shape_fault(
                &self.name,
                &self.shape,
                "(images, height, width), with sides of at most 1024 pixels",
            )),
        }
    }

    fn labels(self) -> Result<Vec<u8>, NpzFault> {
        if !matches!(self.shape.as_slice(), [_] | [_, 1]) {
            return Err(shape_fault(&self.name, &self.shape, "(images,)"));
        }
        let (is_big, is_signed) = (self.kind.starts_with('>'), self.kind.as_bytes()[1] == b'i');
        let values = self.bytes.chunks_exact(self.bytes.len() / self.shape[0]).enumerate();
        let labels = values.map(|(index, bytes)| {
            let lowest = if is_big { bytes.len() - 1 } else { 0 };
            let is_byte = bytes.iter().enumerate().all(|(at, byte)| at == lowest || *byte == 0)
                && !(is_signed && bytes.len() == 1 && bytes[0] > 127);
            let fault = || NpzFault::Label { array: self.name.clone(), index };
            is_byte.then_some(bytes[lowest]).ok_or_else(fault)
        });
        labels.collect()
    }
}

fn shape_fault(array: &str, shape: &[usize], expected: &'static str) -> NpzFault {
    let found: Vec<String> = shape.iter().map(usize::to_string).collect();
    NpzFault::Shape { array: array.to_owned(), found: found.join(", "), expected }
}

/// Reads the text of an NPY header: a Python dictionary.
fn read_header(file: &mut impl Read) -> Option<String> {
    let (mut start, mut digits) = ([0; 8], [0; 4]);
    file.read_exact(&mut start).ok()?;
    // Version 1 has a length of two bytes, later versions of four.
    let width = if start[6] == 1 { 2 } else { 4 };
    file.read_exact(&mut digits[..width]).ok()?;
    let len = u32::from_le_bytes(digits);
    if !start.starts_with(MAGIC) || len > MAX_HEADER {
        return None;
    }
    let mut text = String::new();
    file.take(len.into()).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Returns the type and the shape that a header says.
fn parse_header(header: &str, array: &str) -> Result<(String, Vec<usize>), NpzFault> {
    let value = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        Some(rest.trim_start())
    };
    let invalid = || NpzFault::Header(array.to_owned());
    let kind = value("descr").ok_or_else(invalid)?;
    let Some((kind, _)) = kind.strip_prefix('\'').and_then(|kind| kind.split_once('\'')) else {
        let found = "structured".to_owned();
        return Err(NpzFault::Type { array: array.to_owned(), found, expected: "integers" });
    };
    let tuple = value("shape").and_then(|shape| shape.strip_prefix('(')?.split_once(')'));
    let (sides, _) = tuple.ok_or_else(invalid)?;
    let sides = sides.split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape: Vec<usize> =
        sides.map(str::parse).collect::<Result<_, _>>().map_err(|_| invalid())?;
    if value("fortran_order").is_none_or(|order| !order.starts_with("False")) && shape.len() > 1 {
        return Err(NpzFault::Order(array.to_owned()));
    }
    Ok((kind.to_owned(), shape))
}
