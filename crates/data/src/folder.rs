//! A folder with the four IDX files of MNIST, or of another data set of the same format.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::digits::{Digits, Split, sha256_of_sums};
use crate::error::{Error, FileFault};
use crate::idx::Contents;
use crate::mnist::{File, Files};
use crate::shape::PIXELS;

#[cfg(test)]
mod tests;

/// Names of the built-in data sets, which no other data set may have.
const RESERVED_NAMES: [&str; 2] = ["mnist", "synthetic"];

/// One of the four files, with its path for error messages.
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

/// Reads the data set in `dir`. Its name is `mnist` if all four checksums are MNIST's, otherwise the
/// folder's.
///
/// Each file may be gzipped. It may be in the folder itself or, as burn-dataset stores it, in the
/// subfolder `train` or `test`.
///
/// # Errors
///
/// [`Error::Missing`] if any file is missing, before any is read.
pub(crate) fn read(dir: &Path, mnist: &Files) -> Result<Digits, Error> {
    let files = read_files(dir, mnist, |contents, _| Ok(contents))?;
    let is_mnist = files.iter().zip(mnist).all(|(read, file)| read.contents.sha256 == file.sha256);
    let mut digits = join(files)?;
    if !is_mnist {
        digits.name = data_set_name(dir, &digits.sha256);
    }
    Ok(digits)
}

/// Reads the data set in `dir` as [`read`] does, but accepts only MNIST.
pub(crate) fn read_mnist(dir: &Path, mnist: &Files) -> Result<Digits, Error> {
    join(read_files(dir, mnist, |contents, file| contents.verify(&file.sha256))?)
}

/// Reads the four files and passes each through `check`.
fn read_files(
    dir: &Path,
    mnist: &Files,
    check: impl Fn(Contents, &File) -> Result<Contents, FileFault> + Sync,
) -> Result<[IdxFile; 4], Error> {
    let [a, b, c, d] = mnist.each_ref().map(|file| open(dir, file));
    let [a, b, c, d] = in_parallel([a?, b?, c?, d?], |(file, path, opened)| {
        let read = Contents::read(opened, file.kind);
        IdxFile::new(path, read.and_then(|contents| check(contents, file)))
    });
    Ok([a?, b?, c?, d?])
}

/// Joins the four files into a data set with the name `mnist`.
pub(crate) fn join(files: [IdxFile; 4]) -> Result<Digits, Error> {
    let sums = files.each_ref().map(|file| file.contents.sha256.clone());
    let [train_images, train_labels, test_images, test_labels] = files;
    Ok(Digits {
        name: "mnist".to_owned(),
        train: pair(train_images, train_labels)?,
        test: pair(test_images, test_labels)?,
        sha256: sha256_of_sums(&sums),
    })
}

/// Runs `work` on all four files in parallel: decompressing and hashing one occupies a core.
pub(crate) fn in_parallel<T: Send, R: Send>(files: [T; 4], work: impl Fn(T) -> R + Sync) -> [R; 4] {
    let [a, b, c, d] = files;
    let ((a, b), (c, d)) =
        rayon::join(|| rayon::join(|| work(a), || work(b)), || rayon::join(|| work(c), || work(d)));
    [a, b, c, d]
}

/// Opens a regular file, following symlinks. Returns `None` if there is no file at `path`.
///
/// Anything but a regular file is refused unopened: opening a FIFO blocks, and a device may have no end.
pub(crate) fn open_regular(path: &Path) -> Result<Option<fs::File>, FileFault> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) => {
            let found = if metadata.is_dir() { "a folder" } else { "a FIFO, a socket or a device" };
            return Err(FileFault::NotRegular { found });
        }
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(FileFault::Unreadable(error)),
    }
    fs::File::open(path).map(Some).map_err(FileFault::Unreadable)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Opens a file at the first of its possible paths that exists.
fn open<'a>(dir: &Path, file: &'a File) -> Result<(&'a File, PathBuf, fs::File), Error> {
    let subfolder = dir.join(file.subfolder);
    let gzipped_name = format!("{}.gz", file.name);
    for path in [
        dir.join(file.name),
        dir.join(&gzipped_name),
        subfolder.join(file.name),
        subfolder.join(&gzipped_name),
    ] {
        match open_regular(&path) {
            Ok(Some(opened)) => return Ok((file, path, opened)),
            Ok(None) => {}
            Err(fault) => return Err(Error::File { path, fault }),
        }
    }
    Err(Error::Missing { path: dir.join(file.name) })
}

fn pair(images: IdxFile, labels: IdxFile) -> Result<Split, Error> {
    let image_count = images.contents.bytes.len() / PIXELS;
    let label_count = labels.contents.bytes.len();
    if image_count != label_count {
        return Err(Error::Unpaired {
            images_path: images.path,
            images: image_count,
            labels_path: labels.path,
            labels: label_count,
        });
    }
    Ok(Split::new(images.contents.bytes, labels.contents.bytes))
}

/// Name of a data set that is not MNIST.
fn data_set_name(dir: &Path, sha256: &str) -> String {
    // A path such as `..` has a file name only once it is resolved.
    let resolved = dir.canonicalize().unwrap_or_default();
    let name = dir.file_name().or(resolved.file_name());
    let name = name.unwrap_or(dir.as_os_str()).to_string_lossy();
    if RESERVED_NAMES.contains(&name.as_ref()) {
        format!("{name}-{}", &sha256[..8])
    } else {
        name.into_owned()
    }
}
