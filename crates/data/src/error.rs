//! What can go wrong, each as one sentence that stands by itself: no error here has a source that
//! its message leaves out.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use thiserror::Error;

/// Why digits could not be loaded.
#[derive(Debug, Error)]
pub enum Error {
    /// A folder lacks one of the four files.
    #[error(
        "{} is not there, gzipped or not: put all four MNIST files into that folder or name another",
        path.display()
    )]
    Missing {
        /// The file, without `.gz`.
        path: PathBuf,
    },
    /// A file is there and is not what it should be.
    #[error("{} {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The images and labels of one half do not belong together.
    #[error(
        "{} holds {images} images and {} {labels} labels: take both files from the same set",
        images_path.display(),
        labels_path.display()
    )]
    Unpaired {
        /// The file of images.
        images_path: PathBuf,
        /// Its images.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// Its labels.
        labels: usize,
    },
    /// A file could not be put into the cache.
    #[error("{} cannot be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// A file could not be downloaded.
    #[error("{url} cannot be downloaded: {fault}")]
    Download {
        /// The file.
        url: String,
        /// Why not.
        fault: DownloadFault,
    },
    /// None of the sources asked for could be had.
    #[error(
        "no digits were found{}: set $MNIST_DIR or data.dir to a folder with the four MNIST files, \
         or add \"synthetic\" to data.sources",
        in_brackets(skipped)
    )]
    NotFound {
        /// Every place that was tried.
        skipped: Vec<Skipped>,
    },
}

/// What is wrong with a file; the message goes on from the file's name.
#[derive(Debug, Error)]
pub enum FileFault {
    /// The system would not read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is a folder, FIFO, socket or device; none of these is opened.
    #[error("is {found}, not a regular file: put the IDX file itself there")]
    NotRegular {
        /// What it is, with its article.
        found: &'static str,
    },
    /// It has no bytes at all.
    #[error("is empty: copy or download it again")]
    Empty,
    /// It begins like text.
    #[error("is text, not an IDX file of {kind}: a web page may have been saved in its place")]
    Text {
        /// `images` or `labels`.
        kind: &'static str,
    },
    /// It begins with another number than IDX files of its kind.
    #[error("is not an IDX file of {kind}: it begins with the bytes {start:02x?}")]
    NotIdx {
        /// `images` or `labels`.
        kind: &'static str,
        /// Its first bytes, four at most.
        start: Vec<u8>,
    },
    /// It holds labels where images belong, or the other way round.
    #[error("holds {found} where {kind} belong: two files may have been swapped")]
    OtherKind {
        /// What it holds.
        found: &'static str,
        /// What it should hold.
        kind: &'static str,
    },
    /// It ends within its header.
    #[error(
        "is cut short: it has {found} of the {expected} bytes of its header; copy or download it again"
    )]
    ShortHeader {
        /// Bytes there are.
        found: usize,
        /// Bytes of a header.
        expected: usize,
    },
    /// It ends before what its header promises.
    #[error(
        "is cut short: {found} of the {promised} bytes that its header promises follow it; copy or \
         download it again"
    )]
    Short {
        /// Bytes after the header.
        found: usize,
        /// Bytes that there should be.
        promised: usize,
    },
    /// It goes on after what its header promises.
    #[error(
        "goes on after the {promised} bytes that its header promises: copy or download it again"
    )]
    Long {
        /// Bytes that there should be.
        promised: usize,
    },
    /// Its images are of another size than MNIST's.
    #[error("holds images of {height} x {width} pixels: only 28 x 28 will do")]
    ImageSize {
        /// Pixels in a column.
        height: usize,
        /// Pixels in a row.
        width: usize,
    },
    /// It holds nothing.
    #[error("holds no {kind}: at least one is needed")]
    NoItems {
        /// `images` or `labels`.
        kind: &'static str,
    },
    /// It promises more than is ever read.
    #[error("promises {count} {kind}: at most {most} are read")]
    TooMany {
        /// `images` or `labels`.
        kind: &'static str,
        /// How many it promises.
        count: usize,
        /// How many may be.
        most: usize,
    },
    /// One of its labels is no digit.
    #[error("has the label {label} at index {index}: labels are 0 to 9")]
    Label {
        /// Where it stands, from 0.
        index: usize,
        /// Which it is.
        label: u8,
    },
    /// It is gzipped, and the gzip data is damaged or ends early.
    #[error("cannot be unpacked: its gzip data is damaged or cut short; copy or download it again")]
    Gzip,
    /// It is well formed, but not MNIST's.
    #[error(
        "is not MNIST's: its SHA-256 is {found}, not {expected}; to use another set, name its folder in \
         data.dir"
    )]
    Checksum {
        /// Its SHA-256.
        found: String,
        /// MNIST's.
        expected: String,
    },
}

impl From<io::Error> for FileFault {
    /// Tells bad gzip data, as `gzip::unpacked` reports it, from a system that would not read.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                Self::Gzip
            }
            _ => Self::Unreadable(error),
        }
    }
}

/// Why a download came to nothing; the message goes on from `cannot be downloaded: `.
#[derive(Debug, Error)]
pub enum DownloadFault {
    /// No connection could be made.
    #[error("no connection could be made: {0}")]
    Unreachable(io::Error),
    /// There was a connection, but no answer that makes sense.
    #[error("the server gave no proper answer: {0}")]
    NoAnswer(io::Error),
    /// The server sends us from one address to the next.
    #[error("the server redirects too often")]
    Redirects,
    /// The server answered with something else than the file.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The connection ended or stood still before the end of the file.
    #[error("the connection broke off after {received} bytes: {reason}")]
    Interrupted {
        /// Bytes that had come by then, those of earlier attempts included.
        received: usize,
        /// How it ended.
        reason: io::Error,
    },
    /// The file is larger than any of MNIST's.
    #[error("the file is larger than {most} bytes")]
    TooLarge {
        /// How much is taken.
        most: usize,
    },
    /// What came does not unpack.
    #[error("what came is damaged: its gzip data cannot be unpacked")]
    Gzip,
    /// What came is something else.
    #[error("what came is not MNIST's: its SHA-256 is {found}, not {expected}")]
    Checksum {
        /// The SHA-256 of what came, unpacked.
        found: String,
        /// MNIST's.
        expected: String,
    },
}

/// A place where MNIST was looked for in vain, and why.
#[derive(Debug, Error)]
pub enum Skipped {
    /// Nobody said where it is.
    #[error("$MNIST_DIR is not set")]
    MnistDirUnset,
    /// `$MNIST_DIR` names a folder that lacks this file.
    #[error("$MNIST_DIR has no {}", .0.display())]
    MnistDirLacks(PathBuf),
    /// The system has no cache folder for this user.
    #[error("there is no cache folder, as $HOME is not set")]
    NoCache,
    /// The cache lacks this file.
    #[error("the cache has no {}", .0.display())]
    CacheLacks(PathBuf),
    /// The cache has a file that is not MNIST's.
    #[error("in the cache, {0}")]
    CacheBroken(Error),
    /// What the cache lacked could not be fetched.
    #[error("{0}")]
    Fetch(Error),
}

/// ` (one; two)`, or nothing.
fn in_brackets(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    format!(" ({})", reasons.join("; "))
}
