//! IDX files, the format of MNIST: a header of big-endian 32-bit numbers, then one byte per value.
//! Format: <https://yann.lecun.com/exdb/mnist/>.
//!
//! Memory grows with the bytes read, not with the size that a header declares. Reading stops one byte
//! after the declared size.

use std::io::Read;

use crate::error::FileFault;
use crate::gzip;
use crate::sha256::sha256;
use crate::shape::MAX_SIDE;

#[cfg(test)]
mod tests;

/// Largest size of the data in a file, in bytes.
const MAX_BYTES: usize = 1 << 30;

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

/// Size of an item of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemSize {
    /// Height of an image in pixels; 1 for a label.
    pub(crate) height: usize,
    /// Width of an image in pixels; 1 for a label.
    pub(crate) width: usize,
}

/// The validated contents of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Pixels or labels, without the header.
    pub(crate) bytes: Vec<u8>,
    /// Size of an image or label.
    pub(crate) item: ItemSize,
    /// SHA-256 of the decompressed file, header included.
    pub(crate) sha256: String,
}

impl Contents {
    /// Reads an IDX file, gzipped or not.
    pub(crate) fn read(source: impl Read, kind: Kind) -> Result<Self, FileFault> {
        let mut source = gzip::decompress(source)?;
        let header = read_at_most(kind.header_len(), &mut source)?;
        let (count, item) = kind.parse(&header)?;
        let promised = count * item.len();
        let bytes = read_at_most(promised + 1, &mut source)?;
        if bytes.len() < promised {
            let found = bytes.len();
            return Err(FileFault::Short { found, promised });
        }
        if bytes.len() > promised {
            return Err(FileFault::Long { promised });
        }
        Ok(Self { sha256: sha256([&header[..], &bytes]), item, bytes })
    }

    /// Returns the number of images or labels.
    pub(crate) fn count(&self) -> usize {
        self.bytes.len() / self.item.len()
    }
}

impl ItemSize {
    /// Size of a label.
    pub(crate) const LABEL: Self = Self { height: 1, width: 1 };

    /// Length in bytes.
    pub(crate) const fn len(self) -> usize {
        self.height * self.width
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

    /// SHA-256 of the uncompressed file that holds these pixels or labels.
    pub(crate) fn sha256(self, bytes: &[u8], item: ItemSize) -> String {
        sha256([&self.header(bytes.len() / item.len(), item), bytes])
    }

    /// Header of a file of `count` images or labels.
    pub(crate) fn header(self, count: usize, item: ItemSize) -> Vec<u8> {
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
    fn parse(self, header: &[u8]) -> Result<(usize, ItemSize), FileFault> {
        self.check_magic(&header[..header.len().min(NUMBER_LEN)])?;
        if header.len() < self.header_len() {
            return Err(FileFault::ShortHeader {
                found: header.len(),
                expected: self.header_len(),
            });
        }
        let item = match self {
            Self::Images => {
                ItemSize { height: header_number(header, 2), width: header_number(header, 3) }
            }
            Self::Labels => ItemSize::LABEL,
        };
        let ItemSize { height, width } = item;
        if [height, width].iter().any(|side| !(1..=MAX_SIDE).contains(side)) {
            return Err(FileFault::ImageSize { height, width, most: MAX_SIDE });
        }
        let (count, most) = (header_number(header, 1), MAX_BYTES / item.len());
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
