//! IDX files, the format of MNIST: four files, each a header of big-endian 32-bit numbers, then one byte per value.
//! Format: <https://yann.lecun.com/exdb/mnist/>.
//!
//! Memory grows with the bytes read, not with the size that a header declares. Reading stops one byte
//! after the declared size.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Format, Found, FoundSet};
use crate::error::{Error, FileFault};
use crate::files;
use crate::gzip;
use crate::listing::{Listing, by_set, copy_of_one, extension};
use crate::progress::Progress;
use crate::raw_set::{RawSet, RawSplit};
use crate::sha256::sha256;
use crate::shape::{MAX_BYTES, MAX_SIDE, Size};

#[cfg(test)]
mod tests;

pub(super) const FORMAT: Format = Format {
    description: "four IDX files of `train` or `test` and `images` or `labels`, gzipped or not",
    find,
};

/// Extensions of files that are none of this format.
const OTHERS: [&str; 18] = [
    "bmp", "csv", "gif", "jpeg", "jpg", "json", "md", "npy", "npz", "png", "pt", "sha256", "tif",
    "tiff", "toml", "txt", "webp", "zip",
];

/// Length of each number in a header, in bytes.
const NUMBER_LEN: usize = 4;

/// The kind of data in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Images of one channel.
    Images,
    /// Labels, one byte each.
    Labels,
}

/// Size of a label, as if it were an image.
pub(crate) const LABEL: Size = Size { height: 1, width: 1 };

/// The validated contents of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Pixels or labels, without the header.
    pub(crate) bytes: Vec<u8>,
    /// Size of an image or label.
    pub(crate) item: Size,
}

impl Contents {
    /// Reads an IDX file, gzipped or not.
    pub(crate) fn read(source: impl Read, kind: Kind) -> Result<Self, FileFault> {
        let mut source = gzip::decompress(source)?;
        let header = read_at_most(kind.header_len(), &mut source)?;
        let (count, item) = kind.parse(&header)?;
        let promised = count * item.pixels();
        let bytes = read_at_most(promised + 1, &mut source)?;
        if bytes.len() < promised {
            let found = bytes.len();
            return Err(FileFault::Short { found, promised });
        }
        if bytes.len() > promised {
            return Err(FileFault::Long { promised });
        }
        Ok(Self { bytes, item })
    }

    /// Returns the number of images or labels.
    pub(crate) fn count(&self) -> usize {
        self.bytes.len() / self.item.pixels()
    }
}

/// A file with its path, for messages.
#[derive(Debug)]
pub(crate) struct IdxFile {
    pub(crate) path: PathBuf,
    pub(crate) contents: Contents,
}

impl IdxFile {
    /// Adds the path to the contents or to their defect.
    pub(crate) fn new(path: PathBuf, read: Result<Contents, FileFault>) -> Result<Self, Error> {
        match read {
            Ok(contents) => Ok(Self { path, contents }),
            Err(fault) => Err(Error::File { path, fault }),
        }
    }
}

/// Files of images and labels of each half, relative to a folder.
struct IdxSet {
    folder: PathBuf,
    train: [PathBuf; 2],
    test: Option<[PathBuf; 2]>,
}

/// Finds sets among files whose names say the half. Their headers say the kind, or else their names.
fn find(listing: &Listing) -> Found {
    let candidates = listing.files.iter().map(PathBuf::as_path);
    let candidates = candidates.filter(|file| !OTHERS.contains(&extension(file).as_str()));
    let mut found = Found::default();
    for halves in by_set(candidates).into_values() {
        let mut roles = [const { [const { Vec::new() }; 2] }; 2];
        let mut by_name = roles.clone();
        for (half, paths) in halves {
            for path in paths {
                if let Some(kind) = Kind::of_header(&listing.path(path)) {
                    roles[half as usize][kind as usize].push(path);
                } else if let Some(kind) = Kind::of_name(path) {
                    by_name[half as usize][kind as usize].push(path);
                }
            }
        }
        // Damaged files, which are refused when they are read.
        for (files, damaged) in roles.iter_mut().flatten().zip(by_name.iter_mut().flatten()) {
            if files.is_empty() {
                files.append(damaged);
            }
        }
        let folder = listing.folder.clone();
        let has_test = roles[1].iter().any(|files| !files.is_empty());
        match roles.each_ref().map(pair_of) {
            [Some(train), test] if test.is_some() || !has_test => {
                found.sets.push(Box::new(IdxSet { folder, train, test }));
            }
            _ => found.incomplete.extend(incomplete(&roles)),
        }
    }
    found
}

/// Returns a half's files of images and labels, if there is one of each.
fn pair_of([images, labels]: &[Vec<&Path>; 2]) -> Option<[PathBuf; 2]> {
    Some([copy_of_one(images)?.to_owned(), copy_of_one(labels)?.to_owned()])
}

/// Returns clauses on the files that are missing, or of which there are several. There are none without any file.
fn incomplete(roles: &[[Vec<&Path>; 2]; 2]) -> Vec<String> {
    let names = ["training images", "training labels", "test images", "test labels"];
    let roles = roles.iter().flatten();
    if roles.clone().all(Vec::is_empty) {
        return Vec::new();
    }
    let clauses = names.into_iter().zip(roles).filter_map(|(role, files)| match files.as_slice() {
        [] => Some(format!("an IDX file of {role} is missing")),
        [one, other, ..] if copy_of_one(files).is_none() => {
            Some(format!("both {} and {} have {role}", one.display(), other.display()))
        }
        _ => None,
    });
    clauses.collect()
}

impl FoundSet for IdxSet {
    fn first_file(&self) -> &Path {
        &self.train[0]
    }

    fn read(&self, _: Option<Size>, _: &dyn Fn(Progress<'_>)) -> Result<RawSet, Error> {
        let (train, test) = rayon::join(
            || self.read_half(&self.train),
            || self.test.as_ref().map(|files| self.read_half(files)).transpose(),
        );
        let set = RawSet::new(train?);
        Ok(RawSet { test: test?, ..set })
    }
}

impl IdxSet {
    fn read_half(&self, [images, labels]: &[PathBuf; 2]) -> Result<RawSplit, Error> {
        let read = |file: &Path, kind| {
            let path = self.folder.join(file);
            let opened = files::open(&path).map_err(FileFault::Unreadable);
            IdxFile::new(path, opened.and_then(|file| Contents::read(file, kind)))
        };
        let (images, labels) =
            rayon::join(|| read(images, Kind::Images), || read(labels, Kind::Labels));
        pair(images?, labels?)
    }
}

/// Joins images and labels of a half.
pub(crate) fn pair(images: IdxFile, labels: IdxFile) -> Result<RawSplit, Error> {
    let [image_count, label_count] = [&images, &labels].map(|file| file.contents.count());
    if image_count != label_count {
        return Err(Error::Unpaired {
            images_path: images.path,
            images: image_count,
            labels_path: labels.path,
            labels: label_count,
        });
    }
    let Contents { bytes, item } = images.contents;
    Ok(RawSplit { path: images.path, size: item, images: bytes, labels: labels.contents.bytes })
}

impl Kind {
    /// Name of the kind in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// Returns the kind of a file with IDX's magic number.
    fn of_header(path: &Path) -> Option<Self> {
        let mut start = Vec::new();
        let file = files::open(path).and_then(gzip::decompress).ok()?;
        file.take(NUMBER_LEN as u64).read_to_end(&mut start).ok()?;
        [Self::Images, Self::Labels].into_iter().find(|kind| start == kind.magic())
    }

    /// Returns the kind that a file's name says.
    fn of_name(path: &Path) -> Option<Self> {
        let name = path.to_string_lossy().to_lowercase();
        let kinds = [Self::Images, Self::Labels];
        kinds.into_iter().find(|kind| name.contains(kind.name().trim_end_matches('s')))
    }

    /// SHA-256 of the uncompressed file that holds these pixels or labels.
    pub(crate) fn sha256(self, bytes: &[u8], item: Size) -> String {
        sha256([&self.header(bytes.len() / item.pixels(), item), bytes])
    }

    /// Header of a file of `count` images or labels.
    pub(crate) fn header(self, count: usize, item: Size) -> Vec<u8> {
        let mut header = self.magic().to_vec();
        let sizes: &[usize] = match self {
            Self::Images => &[count, item.height, item.width],
            Self::Labels => &[count],
        };
        for &size in sizes {
            // A size that saturates is far above `MAX_BYTES`.
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            header.extend(size.to_be_bytes());
        }
        header
    }

    /// Magic number: zero, zero, the type of the values (8: unsigned byte), the number of dimensions.
    const fn magic(self) -> [u8; NUMBER_LEN] {
        match self {
            Self::Images => [0, 0, 8, 3],
            Self::Labels => [0, 0, 8, 1],
        }
    }

    const fn header_len(self) -> usize {
        match self {
            Self::Images => 4 * NUMBER_LEN,
            Self::Labels => 2 * NUMBER_LEN,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Images => Self::Labels,
            Self::Labels => Self::Images,
        }
    }

    /// Validates a header. Returns the number of images or labels that it declares, and their size.
    fn parse(self, header: &[u8]) -> Result<(usize, Size), FileFault> {
        self.check_magic(&header[..header.len().min(NUMBER_LEN)])?;
        if header.len() < self.header_len() {
            return Err(FileFault::ShortHeader {
                found: header.len(),
                expected: self.header_len(),
            });
        }
        let item = match self {
            Self::Images => {
                Size { height: header_number(header, 2), width: header_number(header, 3) }
            }
            Self::Labels => LABEL,
        };
        let Size { height, width } = item;
        if [height, width].iter().any(|side| !(1..=MAX_SIDE).contains(side)) {
            return Err(FileFault::ImageSize { height, width, most: MAX_SIDE });
        }
        let (count, most) = (header_number(header, 1), MAX_BYTES / item.pixels());
        let kind = self.name();
        match count {
            0 => Err(FileFault::NoItems { kind }),
            _ if count > most => Err(FileFault::TooMany { kind, count, most }),
            _ => Ok((count, item)),
        }
    }

    /// Checks the magic number. `start` is shorter only if the file is.
    fn check_magic(self, start: &[u8]) -> Result<(), FileFault> {
        let kind = self.name();
        if start.is_empty() {
            Err(FileFault::Empty)
        } else if self.magic().starts_with(start) {
            Ok(())
        } else if start == self.other().magic() {
            let found = self.other().name();
            Err(FileFault::OtherKind { found, kind })
        } else if start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            Err(FileFault::Text { kind })
        } else {
            let start = start.to_vec();
            Err(FileFault::NotIdx { kind, start })
        }
    }
}

fn read_at_most(len: usize, source: &mut impl Read) -> Result<Vec<u8>, FileFault> {
    let mut bytes = Vec::new();
    source.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Decodes one of the numbers of a header; the magic number has index 0.
fn header_number(header: &[u8], index: usize) -> usize {
    header[index * NUMBER_LEN..][..NUMBER_LEN]
        .iter()
        .fold(0, |number, &byte| (number << 8) | usize::from(byte))
}
