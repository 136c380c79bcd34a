//! Errors of loading a data set. Each message is a complete sentence and includes its cause, so no
//! error has a `source`.

mod class_names;
mod download;
mod file;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use self::class_names::ClassNamesFault;
pub(crate) use self::class_names::MAX_NAME_CHARS;
pub use self::download::DownloadFault;
pub use self::file::FileFault;
use crate::formats::{CsvFault, NpzFault};
use crate::shape::Size;

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
