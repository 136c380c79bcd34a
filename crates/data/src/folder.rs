//! A folder with the four IDX files of MNIST, or of any other set in the same form.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::digits::{Digits, Split, sha256_of_sums};
use crate::error::{Error, FileFault};
use crate::idx::Part;
use crate::mnist::{File, Files};
use crate::shape::PIXELS;

#[cfg(test)]
mod tests;

/// Names that say what a set is: a folder may be called so, another set in it may not.
const RESERVED: [&str; 2] = ["mnist", "synthetic"];

/// The contents of one of the four files, and where they were.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) part: Part,
}

impl Found {
    /// Joins what was read, or what was wrong with it, with where it was.
    pub(crate) fn new(path: PathBuf, read: Result<Part, FileFault>) -> Result<Self, Error> {
        match read {
            Ok(part) => Ok(Self { path, part }),
            Err(fault) => Err(Error::File { path, fault }),
        }
    }
}

/// Reads the set in `dir`. It is called `mnist` if its sums are those of `mnist`, else as its folder.
///
/// Each file may be gzipped, and may lie in the folder itself or, as burn-dataset keeps them, in
/// `train` and `test` below it.
///
/// # Errors
///
/// [`Error::Missing`] before any file is read, if one is not there; others if what is there does not
/// make up a set.
pub(crate) fn read(dir: &Path, mnist: &Files) -> Result<Digits, Error> {
    let found = read_parts(dir, mnist)?;
    let is_mnist = found.iter().zip(mnist).all(|(found, file)| found.part.sha256 == file.sha256);
    let mut digits = join(found)?;
    if !is_mnist {
        digits.name = name(dir, &digits.sha256);
    }
    Ok(digits)
}

/// Reads the set in `dir` as [`read`] does, but takes no other than MNIST.
///
/// # Errors
///
/// Those of [`read`], and [`FileFault::Checksum`] for a file that is not MNIST's.
pub(crate) fn read_mnist(dir: &Path, mnist: &Files) -> Result<Digits, Error> {
    let found = read_parts(dir, mnist)?;
    for (found, file) in found.iter().zip(mnist) {
        if found.part.sha256 != file.sha256 {
            let (found_sum, expected) = (found.part.sha256.clone(), file.sha256.clone());
            let fault = FileFault::Checksum { found: found_sum, expected };
            return Err(Error::File { path: found.path.clone(), fault });
        }
    }
    join(found)
}

fn read_parts(dir: &Path, mnist: &Files) -> Result<[Found; 4], Error> {
    let [a, b, c, d] = mnist.each_ref().map(|file| open(dir, file));
    let opened = [a?, b?, c?, d?];
    let [a, b, c, d] =
        in_parallel(opened, |(file, path, opened)| Found::new(path, Part::read(opened, file.kind)));
    Ok([a?, b?, c?, d?])
}

/// Joins the four files to a set called `mnist`.
///
/// # Errors
///
/// [`Error::Unpaired`] if there is not one label per image.
pub(crate) fn join(found: [Found; 4]) -> Result<Digits, Error> {
    let sums = found.each_ref().map(|found| found.part.sha256.clone());
    let [train_images, train_labels, test_images, test_labels] = found;
    Ok(Digits {
        name: "mnist".to_owned(),
        train: pair(train_images, train_labels)?,
        test: pair(test_images, test_labels)?,
        sha256: sha256_of_sums(&sums),
    })
}

/// Does the same with all four files at once: unpacking and summing one keeps a core busy.
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

/// Opens the first of the places where a file may be.
fn open<'a>(dir: &Path, file: &'a File) -> Result<(&'a File, PathBuf, fs::File), Error> {
    let unpacked = dir.join(file.name);
    let half = dir.join(file.half);
    let packed = format!("{}.gz", file.name);
    let places = [unpacked.clone(), dir.join(&packed), half.join(file.name), half.join(&packed)];
    for path in places {
        match open_regular(&path) {
            Ok(Some(opened)) => return Ok((file, path, opened)),
            Ok(None) => {}
            Err(fault) => return Err(Error::File { path, fault }),
        }
    }
    Err(Error::Missing { path: unpacked })
}

fn pair(images: Found, labels: Found) -> Result<Split, Error> {
    let image_count = images.part.bytes.len() / PIXELS;
    let label_count = labels.part.bytes.len();
    if image_count != label_count {
        return Err(Error::Unpaired {
            images_path: images.path,
            images: image_count,
            labels_path: labels.path,
            labels: label_count,
        });
    }
    Ok(Split::new(images.part.bytes, labels.part.bytes))
}

/// What to call a set that is not MNIST.
fn name(dir: &Path, sha256: &str) -> String {
    // `..` has no name of its own before it is resolved.
    let resolved = dir.canonicalize().unwrap_or_default();
    let name = dir.file_name().or(resolved.file_name());
    let name = name.unwrap_or(dir.as_os_str()).to_string_lossy();
    if RESERVED.contains(&name.as_ref()) {
        format!("{name}-{}", &sha256[..8])
    } else {
        name.into_owned()
    }
}
