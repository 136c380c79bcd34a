//! Errors of loading a data set. Each message is a complete sentence and includes its cause, so no
//! error has a `source`.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use thiserror::Error;

use crate::shape::MAX_CLASSES;

/// An error of loading a data set.
#[derive(Debug, Error)]
pub enum Error {
    /// A folder lacks one of the four files.
    #[error(
        "{} is missing, with and without .gz: put all four IDX files into its folder, or choose \
         another folder",
        path.display()
    )]
    Missing {
        /// Path of the file, without `.gz`.
        path: PathBuf,
    },
    /// A file has a defect.
    #[error("{} {fault}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// The defect.
        fault: FileFault,
    },
    /// The training and the test images differ in size.
    #[error(
        "{} holds images of {} × {} pixels, but {} of {} × {}: use files of the same data set",
        paths[0].display(), sizes[0][0], sizes[0][1], paths[1].display(), sizes[1][0], sizes[1][1]
    )]
    Sizes {
        /// Paths of the files of training and test images.
        paths: [PathBuf; 2],
        /// Width and height of each, in pixels.
        sizes: [[usize; 2]; 2],
    },
    /// The files are not of the data set that they should be of, by their structure.
    #[error(
        "{} has {found}, but {title} has images of 28 × 28 pixels and labels of 0 to 9: to use another \
         data set, set data.dir to its folder",
        dir.display()
    )]
    NotPublished {
        /// The folder.
        dir: PathBuf,
        /// Data set that the folder should hold.
        title: &'static str,
        /// Image size and labels of the files.
        found: String,
    },
    /// All labels are 0.
    #[error("{} holds only labels of 0: at least two classes are needed", path.display())]
    OneClass {
        /// Path of the file of training labels.
        path: PathBuf,
    },
    /// The file of class names has a defect.
    #[error("{} {fault}", path.display())]
    ClassNames {
        /// Path of the file.
        path: PathBuf,
        /// The defect.
        fault: ClassNamesFault,
    },
    /// The numbers of images and labels differ.
    #[error(
        "{} holds {images} images, but {} holds {labels} labels: use two files of the same data set",
        images_path.display(),
        labels_path.display()
    )]
    Unpaired {
        /// Path of the file of images.
        images_path: PathBuf,
        /// Number of images.
        images: usize,
        /// Path of the file of labels.
        labels_path: PathBuf,
        /// Number of labels.
        labels: usize,
    },
    /// A file cannot be written to the cache.
    #[error("{} cannot be written: {reason}", path.display())]
    Write {
        /// Path of the file or folder.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// A file cannot be downloaded.
    #[error("{url} cannot be downloaded: {fault}")]
    Download {
        /// URL of the file.
        url: String,
        /// The cause.
        fault: DownloadFault,
    },
    /// None of the requested sources is available.
    #[error(
        "no data set was found{}: set {}data.dir to a folder with the four IDX files, or add \
         \"synthetic\" to data.sources",
        in_parentheses(skipped),
        variables.iter().map(|variable| format!("${variable} or ")).collect::<String>()
    )]
    NotFound {
        /// Environment variables of the folders of the requested sources.
        variables: Vec<&'static str>,
        /// Every location that was tried, with the reason why it was skipped.
        skipped: Vec<Skipped>,
    },
}

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

/// Longest name of a class, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 64;

/// A defect of a file of class names. The message continues a sentence that begins with the file's path.
#[derive(Debug, Error)]
pub enum ClassNamesFault {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is not UTF-8, or too large to be a list of names.
    #[error("is not UTF-8 text of at most 64 KiB: write the name of a class on each line")]
    NotText,
    /// It has too many names.
    #[error("names {0} classes: at most {MAX_CLASSES} are supported")]
    TooMany(usize),
    /// It has fewer names than there are classes.
    #[error("lacks names: it has {names}, and the labels 0 to {highest} need {}", usize::from(*highest) + 1)]
    TooFew {
        /// Number of names.
        names: usize,
        /// The highest label.
        highest: u8,
    },
    /// A line is empty.
    #[error("has no name on line {0}: write the name of a class on each line")]
    NoName(usize),
    /// A name is too long or has characters that cannot be shown.
    #[error(
        "has a name on line {0} of more than {MAX_NAME_CHARS} characters, or with invisible ones"
    )]
    Unprintable(usize),
    /// Two names are equal.
    #[error("names `{name}` on lines {first} and {second}: names have to differ")]
    Twice {
        /// The name.
        name: String,
        /// Its first line, from 1.
        first: usize,
        /// Its second line, from 1.
        second: usize,
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

/// The cause of a failed download. The message continues `cannot be downloaded: `.
#[derive(Debug, Error)]
pub enum DownloadFault {
    /// The server cannot be reached.
    #[error("no connection could be made: {0}")]
    Unreachable(io::Error),
    /// The server accepted the connection, but sent no valid HTTP response.
    #[error("the server sent no valid response: {0}")]
    NoAnswer(io::Error),
    /// The server redirects more often than allowed.
    #[error("the server redirects too often")]
    Redirects,
    /// The server responded with an error status.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The connection ended or stalled before the end of the file.
    #[error("the connection was lost after {received} bytes: {reason}")]
    Interrupted {
        /// Number of bytes received so far, those of earlier attempts included.
        received: usize,
        /// The cause.
        reason: io::Error,
    },
    /// The file is larger than any that is published.
    #[error("the file is larger than {most} bytes")]
    TooLarge {
        /// Largest accepted size, in bytes.
        most: usize,
    },
    /// The downloaded file is not valid gzip.
    #[error("the downloaded file is damaged: its gzip data cannot be decompressed")]
    Gzip,
    /// The downloaded file is not the one published.
    #[error("the downloaded file is not {title}'s: its SHA-256 is {found}, expected {expected}")]
    Checksum {
        /// Name of the data set.
        title: &'static str,
        /// SHA-256 of the downloaded file, decompressed if the expected one is.
        found: String,
        /// SHA-256 of the published file.
        expected: String,
    },
}

/// A location where a published data set was not found, with the reason.
#[derive(Debug, Error)]
pub enum Skipped {
    /// The environment variable is not set.
    #[error("${0} is not set")]
    Unset(&'static str),
    /// The folder that the environment variable names lacks this file.
    #[error("${variable} has no {}", path.display())]
    FolderLacks {
        /// The environment variable.
        variable: &'static str,
        /// Path of the file.
        path: PathBuf,
    },
    /// The system has no cache folder for this user.
    #[error("there is no cache folder, as $HOME is not set")]
    NoCache,
    /// The cache lacks this file.
    #[error("the cache has no {}", .0.display())]
    CacheLacks(PathBuf),
    /// A file in the cache is not the one published.
    #[error("in the cache, {0}")]
    CacheBroken(Error),
    /// A file that the cache lacks could not be downloaded or written.
    #[error("{0}")]
    Fetch(Error),
}

/// Formats the reasons as ` (one; two)`, or as nothing if there are none.
fn in_parentheses(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    format!(" ({})", reasons.join("; "))
}
