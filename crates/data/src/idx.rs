//! IDX files, the format of MNIST: a header of big-endian 32-bit numbers, then one byte per value.
//! Format: <https://yann.lecun.com/exdb/mnist/>.
//!
//! Memory grows with the bytes read, not with the size that a header declares. Reading stops one byte
//! after the declared size.

use std::io::Read;

use crate::error::FileFault;
use crate::gzip;
use crate::sha256::sha256;
use crate::shape::{CLASSES, PIXELS, SIDE};

#[cfg(test)]
mod tests;

/// Largest number of images or labels in a file: 1 GiB of images.
const MAX_ITEMS: usize = (1 << 30) / PIXELS;

/// Length of each number in a header, in bytes.
const NUMBER_LEN: usize = 4;

/// The kind of data in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Images of [`SIDE`] by [`SIDE`] pixels.
    Images,
    /// Labels below [`CLASSES`].
    Labels,
}

/// The validated contents of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Pixels or labels, without the header.
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 of the decompressed file, header included.
    pub(crate) sha256: String,
}

impl Contents {
    /// Reads an IDX file, gzipped or not.
    pub(crate) fn read(source: impl Read, kind: Kind) -> Result<Self, FileFault> {
        let mut source = gzip::decompress(source)?;
        let header = read_at_most(kind.header_len(), &mut source)?;
        let promised = kind.data_len(&header)?;
        let bytes = read_at_most(promised + 1, &mut source)?;
        if bytes.len() < promised {
            let found = bytes.len();
            return Err(FileFault::Short { found, promised });
        }
        if bytes.len() > promised {
            return Err(FileFault::Long { promised });
        }
        if kind == Kind::Labels {
            check_labels(&bytes)?;
        }
        Ok(Self { sha256: sha256([&header[..], &bytes]), bytes })
    }

    /// Refuses contents with another SHA-256 than `expected`.
    pub(crate) fn verify(self, expected: &str) -> Result<Self, FileFault> {
        if self.sha256 == expected {
            Ok(self)
        } else {
            Err(FileFault::Checksum { found: self.sha256, expected: expected.to_owned() })
        }
    }
}

impl Kind {
    /// Name of the kind in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// Length of one image or label, in bytes.
    pub(crate) const fn item_len(self) -> usize {
        match self {
            Self::Images => PIXELS,
            Self::Labels => 1,
        }
    }

    /// SHA-256 of the uncompressed file that holds these pixels or labels.
    pub(crate) fn sha256(self, bytes: &[u8]) -> String {
        sha256([&self.header(bytes.len() / self.item_len()), bytes])
    }

    /// Header of a file of `count` images or labels.
    pub(crate) fn header(self, count: usize) -> Vec<u8> {
        let mut header = self.magic().to_vec();
        let sizes: &[usize] = match self {
            Self::Images => &[count, SIDE, SIDE],
            Self::Labels => &[count],
        };
        for &size in sizes {
            // A count that saturates is far above `MAX_ITEMS`.
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

    /// Validates a header and returns the number of bytes that it declares to follow.
    fn data_len(self, header: &[u8]) -> Result<usize, FileFault> {
        self.check_magic(&header[..header.len().min(NUMBER_LEN)])?;
        if header.len() < self.header_len() {
            return Err(FileFault::ShortHeader {
                found: header.len(),
                expected: self.header_len(),
            });
        }
        if self == Self::Images {
            let (height, width) = (header_number(header, 2), header_number(header, 3));
            if (height, width) != (SIDE, SIDE) {
                return Err(FileFault::ImageSize { height, width });
            }
        }
        let count = header_number(header, 1);
        let kind = self.name();
        match count {
            0 => Err(FileFault::NoItems { kind }),
            _ if count > MAX_ITEMS => Err(FileFault::TooMany { kind, count, most: MAX_ITEMS }),
            _ => Ok(count * self.item_len()),
        }
    }

    /// Checks the magic number. `start` is shorter only if the file is.
    fn check_magic(self, start: &[u8]) -> Result<(), FileFault> {
        let kind = self.name();
        let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        if start.is_empty() {
            Err(FileFault::Empty)
        } else if self.magic().starts_with(start) {
            Ok(())
        } else if start == self.other().magic() {
            let found = self.other().name();
            Err(FileFault::OtherKind { found, kind })
        } else if start.iter().all(is_text) {
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

fn check_labels(labels: &[u8]) -> Result<(), FileFault> {
    match labels.iter().position(|&label| usize::from(label) >= CLASSES) {
        Some(index) => Err(FileFault::Label { index, label: labels[index] }),
        None => Ok(()),
    }
}
