//! IDX files, the form that MNIST comes in: a header of big-endian numbers, then a byte per value.
//!
//! A header is believed only as far as the bytes after it bear it out: memory grows with what was
//! read, and reading stops one byte after the promised end.

use std::io::Read;

use crate::error::FileFault;
use crate::gzip;
use crate::sha256::sha256;
use crate::shape::{CLASSES, PIXELS, SIDE};

#[cfg(test)]
mod tests;

/// The most images or labels that a header may promise: a gibibyte of images.
const MAX_ITEMS: usize = (1 << 30) / PIXELS;

/// Bytes of each number in a header.
const NUMBER: usize = 4;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Images of [`SIDE`] by [`SIDE`] pixels.
    Images,
    /// Labels under [`CLASSES`].
    Labels,
}

/// The contents of a file, checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The pixels or labels, without the header.
    pub(crate) bytes: Vec<u8>,
    /// Of the whole unpacked file, header included.
    pub(crate) sha256: String,
}

impl Part {
    /// Reads an IDX file, gzipped or not.
    pub(crate) fn read(source: impl Read, kind: Kind) -> Result<Self, FileFault> {
        let mut source = gzip::unpacked(source)?;
        let header = read_at_most(kind.header_len(), &mut source)?;
        let promised = kind.promised_bytes(&header)?;
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
}

impl Kind {
    /// How messages call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// Bytes of one image or label.
    pub(crate) const fn item_len(self) -> usize {
        match self {
            Self::Images => PIXELS,
            Self::Labels => 1,
        }
    }

    /// The sum of the unpacked file that holds these pixels or labels.
    pub(crate) fn sha256(self, bytes: &[u8]) -> String {
        sha256([&self.header(bytes.len() / self.item_len()), bytes])
    }

    /// The header of a file of `count` images or labels.
    pub(crate) fn header(self, count: usize) -> Vec<u8> {
        let mut header = self.magic().to_vec();
        let sizes: &[usize] = match self {
            Self::Images => &[count, SIDE, SIDE],
            Self::Labels => &[count],
        };
        for &size in sizes {
            // No file can hold more than the saturated count.
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            header.extend(size.to_be_bytes());
        }
        header
    }

    /// Zero, zero, the type of the values (8: unsigned bytes), the number of dimensions.
    const fn magic(self) -> [u8; NUMBER] {
        match self {
            Self::Images => [0, 0, 8, 3],
            Self::Labels => [0, 0, 8, 1],
        }
    }

    const fn header_len(self) -> usize {
        match self {
            Self::Images => 4 * NUMBER,
            Self::Labels => 2 * NUMBER,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Images => Self::Labels,
            Self::Labels => Self::Images,
        }
    }

    /// How many bytes must follow this header.
    fn promised_bytes(self, header: &[u8]) -> Result<usize, FileFault> {
        self.check_magic(&header[..header.len().min(NUMBER)])?;
        if header.len() < self.header_len() {
            return Err(FileFault::ShortHeader {
                found: header.len(),
                expected: self.header_len(),
            });
        }
        if self == Self::Images {
            let (height, width) = (number(header, 2), number(header, 3));
            if (height, width) != (SIDE, SIDE) {
                return Err(FileFault::ImageSize { height, width });
            }
        }
        let count = number(header, 1);
        let kind = self.name();
        match count {
            0 => Err(FileFault::NoItems { kind }),
            _ if count > MAX_ITEMS => Err(FileFault::TooMany { kind, count, most: MAX_ITEMS }),
            _ => Ok(count * self.item_len()),
        }
    }

    /// Checks the first four bytes, or as many of them as there are.
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

/// One of the numbers that a header is made of.
fn number(header: &[u8], index: usize) -> usize {
    header[index * NUMBER..][..NUMBER]
        .iter()
        .fold(0, |number, &byte| (number << 8) | usize::from(byte))
}

fn check_labels(labels: &[u8]) -> Result<(), FileFault> {
    match labels.iter().position(|&label| usize::from(label) >= CLASSES) {
        Some(index) => Err(FileFault::Label { index, label: labels[index] }),
        None => Ok(()),
    }
}
