//! Defects of IDX files.

use std::io::{self, ErrorKind};

use thiserror::Error;

/// A defect of an IDX file. The message continues a sentence that begins with the file's path.
#[derive(Debug, Error)]
pub enum FileFault {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It has no bytes.
    #[error("is empty: copy or download it again")]
    Empty,
    /// It begins with text.
    #[error("is text, not an IDX file of {kind}: a web page may have been saved instead")]
    Text {
        /// `images` or `labels`.
        kind: &'static str,
    },
    /// It does not begin with the magic number of its kind.
    #[error("is not an IDX file of {kind}: it begins with the bytes {start:02x?}")]
    NotIdx {
        /// `images` or `labels`.
        kind: &'static str,
        /// Its first bytes, at most four.
        start: Vec<u8>,
    },
    /// It holds labels instead of images, or images instead of labels.
    #[error("holds {found} instead of {kind}: two files may have been swapped")]
    OtherKind {
        /// The actual kind: `images` or `labels`.
        found: &'static str,
        /// The expected kind: `images` or `labels`.
        kind: &'static str,
    },
    /// It ends within its header.
    #[error(
        "is truncated: it has only {found} of the {expected} bytes of its header; copy or download it \
         again"
    )]
    ShortHeader {
        /// Number of bytes in the file.
        found: usize,
        /// Number of bytes in a header.
        expected: usize,
    },
    /// It holds less data than its header declares.
    #[error(
        "is truncated: its header declares {promised} bytes of data, but only {found} follow; copy or \
         download it again"
    )]
    Short {
        /// Number of bytes after the header.
        found: usize,
        /// Number of bytes that the header declares.
        promised: usize,
    },
    /// It holds more data than its header declares.
    #[error(
        "is too long: its header declares {promised} bytes of data, but more follow; copy or download \
         it again"
    )]
    Long {
        /// Number of bytes that the header declares.
        promised: usize,
    },
    /// Its images have a size that is not supported.
    #[error("holds images of {width} × {height} pixels: each side must have 1 to {most}")]
    ImageSize {
        /// Height, in pixels.
        height: usize,
        /// Width, in pixels.
        width: usize,
        /// Largest supported height or width, in pixels.
        most: usize,
    },
    /// Its header declares no images or labels.
    #[error("holds no {kind}: at least one is needed")]
    NoItems {
        /// `images` or `labels`.
        kind: &'static str,
    },
    /// Its header declares more images or labels than are supported.
    #[error("declares {count} {kind} in its header: at most {most} are supported")]
    TooMany {
        /// `images` or `labels`.
        kind: &'static str,
        /// Number that the header declares.
        count: usize,
        /// Largest supported number.
        most: usize,
    },
    /// It is gzipped, and the gzip data is damaged or truncated.
    #[error(
        "cannot be decompressed: its gzip data is damaged or truncated; copy or download it again"
    )]
    Gzip,
    /// It is not gzipped, so that its checksum cannot be verified.
    #[error("is not gzipped")]
    NotGzipped,
    /// It is a valid IDX file, but not the one published.
    #[error(
        "is not {title}'s file: its SHA-256 is {found}, expected {expected}; to use another data set, set \
         data.dir to its folder"
    )]
    Checksum {
        /// Name of the data set.
        title: &'static str,
        /// SHA-256 of the file.
        found: String,
        /// SHA-256 of the published file.
        expected: String,
    },
}

impl From<io::Error> for FileFault {
    /// Distinguishes invalid gzip data, as `gzip::decompress` reports it, from a failure of the system.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Self::Gzip
            }
            _ => Self::Unreadable(error),
        }
    }
}
