//! Errors of loading a data set. Each message is a complete sentence and includes its cause, so no
//! error has a `source`.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use thiserror::Error;

use crate::formats::{CsvFault, NpzFault};
use crate::shape::{MAX_CLASSES, Size};

/// An error of loading a data set.
#[derive(Debug, Error)]
pub enum Error {
    /// Nothing has this path, and no file's name begins so.
    #[error("{} does not exist: it has to be a folder, a file or the beginning of files' names", path.display())]
    NoPath {
        /// The path.
        path: PathBuf,
    },
    /// A folder has too many files.
    #[error("{} holds more than {most} files: choose the folder of one data set", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// Largest supported number.
        most: usize,
    },
    /// Files make no data set.
    #[error(
        "{} holds no data set{}; {}. A data set is {}",
        path.display(), after_colon(incomplete), found(files), formats.join("; ")
    )]
    NoSet {
        /// The path.
        path: PathBuf,
        /// Files there, relative to its folder.
        files: Vec<PathBuf>,
        /// Clauses on files that are part of a set.
        incomplete: Vec<String>,
        /// Files of a set in each format.
        formats: Vec<&'static str>,
    },
    /// Files make several data sets.
    #[error(
        "{} holds {} data sets, with the files {}: choose one by its folder, its file or the beginning of its \
         files' names",
        path.display(), files.len(), listed(files)
    )]
    SeveralSets {
        /// The path.
        path: PathBuf,
        /// First file of each, relative to its folder.
        files: Vec<PathBuf>,
    },
    /// A data set has no test images with labels.
    #[error(
        "{} has no test images{}: set data.test_split to the share of each class to hold out, such as 0.2",
        path.display(), unlabelled.iter().map(|clause| format!(" ({clause})")).collect::<String>()
    )]
    NoTest {
        /// Path of the training images.
        path: PathBuf,
        /// Clause on test images without labels.
        unlabelled: Option<String>,
    },
    /// A share of the images is less than one of each class.
    #[error("{}: data.test_split = {test_split} holds out no image: make it larger", path.display())]
    NothingHeldOut {
        /// Path of the images.
        path: PathBuf,
        /// The share.
        test_split: f64,
    },
    /// Test images would be held out of a data set that has some.
    #[error("{} has test images: leave out data.test_split", path.display())]
    HasTest {
        /// Path of the test images.
        path: PathBuf,
    },
    /// Images are not of the size that is set.
    #[error("{} has images of {actual} pixels, but data.size is {size}", path.display())]
    OtherSize {
        /// Path of the images.
        path: PathBuf,
        /// The size that is set.
        size: Size,
        /// Their size.
        actual: Size,
    },
    /// An NPZ file has a defect.
    #[error("{} {fault}", path.display())]
    Npz {
        /// Path of the file.
        path: PathBuf,
        /// The defect.
        fault: NpzFault,
    },
    /// A CSV file has a defect.
    #[error("{} {fault}", path.display())]
    Csv {
        /// Path of the file.
        path: PathBuf,
        /// The defect.
        fault: CsvFault,
    },
    /// A picture cannot be decoded.
    #[error("{} cannot be read: {reason}", path.display())]
    Picture {
        /// Path of the picture.
        path: PathBuf,
        /// A clause.
        reason: String,
    },
    /// Pictures differ in size.
    #[error(
        "{} has {} pixels, but {} has {}: set data.size = [height, width] to scale all",
        paths[0].display(), sizes[0], paths[1].display(), sizes[1]
    )]
    PictureSizes {
        /// Paths of two pictures.
        paths: [PathBuf; 2],
        /// Their sizes.
        sizes: [Size; 2],
    },
    /// A picture is too large.
    #[error(
        "{} has {size} pixels, at most {most} a side are supported: set data.size = [height, width] to scale all",
        path.display()
    )]
    PictureSize {
        /// Path of the picture.
        path: PathBuf,
        /// Its size.
        size: Size,
        /// Largest supported height or width, in pixels.
        most: usize,
    },
    /// Pictures have too many pixels together.
    #[error(
        "{} holds {pictures} pictures of {size} pixels, more than 1 GiB: set a smaller data.size = [height, width]",
        path.display()
    )]
    TooManyPictures {
        /// The folder.
        path: PathBuf,
        /// Number of pictures of a half.
        pictures: usize,
        /// Size of each.
        size: Size,
    },
    /// A class's folder has a name that cannot be shown.
    #[error(
        "{} has a folder {name:?}: a class's name has at most {MAX_NAME_CHARS} characters, none of them invisible",
        path.display()
    )]
    ClassFolder {
        /// Folder of the data set.
        path: PathBuf,
        /// The name.
        name: String,
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
        "{} holds images of {} pixels, but {} of {}: use files of the same data set",
        paths[0].display(), sizes[0], paths[1].display(), sizes[1]
    )]
    Sizes {
        /// Paths of the files of training and test images.
        paths: [PathBuf; 2],
        /// Size of the images of each.
        sizes: [Size; 2],
    },
    /// The images are not of the data set that they should be of.
    #[error(
        "{} is not {title}: it has {found}; to use another data set, set data.dir to it",
        path.display()
    )]
    NotPublished {
        /// The path.
        path: PathBuf,
        /// Data set that should be there.
        title: &'static str,
        /// Description of the images.
        found: String,
    },
    /// An environment variable names a path without its data set.
    #[error("${variable} does not lead to {title}: {error}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// Data set that should be there.
        title: &'static str,
        /// The cause.
        error: Box<Error>,
    },
    /// All labels are equal.
    #[error("{} holds only images of class {label}: at least two classes are needed", path.display())]
    OneClass {
        /// Path of the training images.
        path: PathBuf,
        /// The class.
        label: u8,
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
        "no data set was found{}: set {}data.dir to its folder or file, or add \"synthetic\" to data.sources",
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
    #[error("lacks names: it has {names}, and the labels {lowest} to {highest} need {}", highest - lowest + 1)]
    TooFew {
        /// Number of names.
        names: usize,
        /// The lowest label.
        lowest: u8,
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
    /// Another program's folder has no such file.
    #[error("there is no {}", .0.display())]
    Absent(PathBuf),
    /// Another program's folder has something else.
    #[error("{0}")]
    Other(Error),
    /// Another program's folder has files that cannot be verified.
    #[error("the files in {} cannot be verified: checksums are published of gzipped files", .0.display())]
    Unverified(PathBuf),
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

/// Largest number of files that a message names.
const NAMED: usize = 8;

/// Names the first files, and says how many others there are.
fn listed(files: &[PathBuf]) -> String {
    let named: Vec<String> =
        files.iter().take(NAMED).map(|file| shown(&file.to_string_lossy())).collect();
    let more = files.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &more
}

/// Returns the first characters of a name, without control characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(80).collect::<String>().escape_debug().to_string()
}

/// Returns a clause that names the files that were found.
fn found(files: &[PathBuf]) -> String {
    if files.is_empty() {
        "no files are there".to_owned()
    } else {
        format!("there are {}", listed(files))
    }
}

/// Formats clauses as `: one; two`, or as nothing if there are none.
fn after_colon(clauses: &[String]) -> String {
    if clauses.is_empty() { String::new() } else { format!(": {}", clauses.join("; ")) }
}

/// Formats the reasons as ` (one; two)`, or as nothing if there are none.
fn in_parentheses(skipped: &[Skipped]) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    format!(" ({})", reasons.join("; "))
}
