//! A folder with the four IDX files of a data set.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::class_names;
use crate::error::{ClassNamesFault, Error, FileFault};
use crate::files;
use crate::idx::Contents;
use crate::image_set::{ImageSet, Split, sha256_of_sums};
use crate::published::{Checksum, File, Files, Published, Verified};
use crate::shape::Shape;
use crate::source::Source;
use strum::VariantArray;

#[cfg(test)]
mod tests;

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

/// Reads any data set in `dir`, with the names of its classes if there is a classes.txt. Its name is `mnist` if all four
/// checksums are MNIST's, otherwise the folder's.
///
/// Each file may be gzipped. It may be in the folder itself or, as burn-dataset stores it, in the
/// subfolder `train` or `test`.
///
/// # Errors
///
/// [`Error::Missing`] if any file is missing, before any is read.
pub(crate) fn read(dir: &Path, mnist: &Published) -> Result<ImageSet, Error> {
    let files = read_files(dir, &mnist.files, |opened, file| Contents::read(opened, file.kind))?;
    let is_mnist = files.iter().zip(&mnist.files).all(|(read, file)| match &file.checksum {
        Checksum::Uncompressed(expected) | Checksum::Gzipped(expected) => {
            read.contents.sha256 == *expected
        }
    });
    let class_names = read_class_names(dir, highest_label(&files))?;
    let mut images = join(mnist.source.to_string(), files, class_names)?;
    if !is_mnist {
        images.name = data_set_name(dir, &images.sha256);
    }
    Ok(images)
}

/// Reads the names of the classes in a folder; none if it has no such file.
fn read_class_names(dir: &Path, highest: u8) -> Result<Vec<String>, Error> {
    let path = dir.join(class_names::FILE);
    let names = match files::open(&path) {
        Ok(opened) => class_names::read(opened, highest),
        Err(error) if files::is_missing(&error) => return Ok(Vec::new()),
        Err(error) => Err(ClassNamesFault::Unreadable(error)),
    };
    names.map_err(|fault| Error::ClassNames { path, fault })
}

/// Reads a published data set in `dir`. Its name is that of the source if its checksums can be verified, otherwise
/// source and checksum.
///
/// # Errors
///
/// Those of [`read`], and an error if the files are not those published.
pub(crate) fn read_published(dir: &Path, set: &Published) -> Result<ImageSet, Error> {
    let is_verified = AtomicBool::new(true);
    let files = read_files(dir, &set.files, |opened, file| {
        let (contents, verified) = file.read(opened)?;
        is_verified.fetch_and(verified == Verified::Yes, Ordering::Relaxed);
        Ok(contents)
    })?;
    let highest = highest_label(&files);
    let mut images = join(set.source.to_string(), files, set.class_names())?;
    if is_verified.into_inner() {
        return Ok(images);
    }
    let Shape { width, height, .. } = images.train.shape();
    if images.train.shape() != Shape::MNIST {
        let found = format!("images of {width} × {height} pixels and labels of 0 to {highest}");
        return Err(Error::NotPublished { dir: dir.to_owned(), title: set.source.title(), found });
    }
    images.name = format!("{}-{}", images.name, &images.sha256[..8]);
    Ok(images)
}

/// Reads the four files.
fn read_files(
    dir: &Path,
    files: &Files,
    read: impl Fn(fs::File, &File) -> Result<Contents, FileFault> + Sync,
) -> Result<[IdxFile; 4], Error> {
    let [a, b, c, d] = files.each_ref().map(|file| open(dir, file));
    let [a, b, c, d] = in_parallel([a?, b?, c?, d?], |(file, path, opened)| {
        IdxFile::new(path, read(opened, file))
    });
    Ok([a?, b?, c?, d?])
}

/// Joins the four files into a data set. It has a class for each label up to the highest one, and for each name.
pub(crate) fn join(
    name: String,
    files: [IdxFile; 4],
    class_names: Vec<String>,
) -> Result<ImageSet, Error> {
    let sums = files.each_ref().map(|file| file.contents.sha256.clone());
    let classes = class_names.len().max(usize::from(highest_label(&files)) + 1);
    let [train_images, train_labels, test_images, test_labels] = files;
    let size = |file: &IdxFile| [file.contents.item.width, file.contents.item.height];
    let sizes = [size(&train_images), size(&test_images)];
    if sizes[0] != sizes[1] {
        return Err(Error::Sizes { paths: [train_images.path, test_images.path], sizes });
    }
    if classes < 2 {
        return Err(Error::OneClass { path: train_labels.path });
    }
    let [width, height] = sizes[0];
    let shape = Shape { width, height, classes };
    Ok(ImageSet {
        name,
        class_names,
        train: pair(shape, train_images, train_labels)?,
        test: pair(shape, test_images, test_labels)?,
        sha256: sha256_of_sums(&sums),
    })
}

/// Returns the highest label in both halves.
fn highest_label([_, train, _, test]: &[IdxFile; 4]) -> u8 {
    let labels = train.contents.bytes.iter().chain(&test.contents.bytes);
    labels.copied().max().unwrap_or(0)
}

/// Runs `work` on all four files in parallel: decompressing and hashing one occupies a core.
pub(crate) fn in_parallel<T: Send, R: Send>(files: [T; 4], work: impl Fn(T) -> R + Sync) -> [R; 4] {
    let [a, b, c, d] = files;
    let ((a, b), (c, d)) =
        rayon::join(|| rayon::join(|| work(a), || work(b)), || rayon::join(|| work(c), || work(d)));
    [a, b, c, d]
}

/// Opens a file at the first of its possible paths that exists.
fn open<'a>(dir: &Path, file: &'a File) -> Result<(&'a File, PathBuf, fs::File), Error> {
    let subfolder = dir.join(file.subfolder);
    let names = file.names();
    let places = [dir, subfolder.as_path()];
    for path in places.iter().flat_map(|place| names.iter().map(|name| place.join(name))) {
        match files::open(&path) {
            Ok(opened) => return Ok((file, path, opened)),
            Err(error) if files::is_missing(&error) => {}
            Err(error) => return Err(Error::File { path, fault: FileFault::Unreadable(error) }),
        }
    }
    Err(Error::Missing { path: dir.join(file.name) })
}

fn pair(shape: Shape, images: IdxFile, labels: IdxFile) -> Result<Split, Error> {
    let [image_count, label_count] = [&images, &labels].map(|file| file.contents.count());
    if image_count != label_count {
        return Err(Error::Unpaired {
            images_path: images.path,
            images: image_count,
            labels_path: labels.path,
            labels: label_count,
        });
    }
    Ok(Split::new(shape, images.contents.bytes, labels.contents.bytes))
}

/// Returns the name of a data set that is not MNIST. Those of the sources are reserved.
fn data_set_name(dir: &Path, sha256: &str) -> String {
    // A path such as `..` has a file name only once it is resolved.
    let resolved = dir.canonicalize().unwrap_or_default();
    let name = dir.file_name().or(resolved.file_name());
    let name = name.unwrap_or(dir.as_os_str()).to_string_lossy();
    if Source::VARIANTS.iter().any(|source| source.to_string() == name) {
        format!("{name}-{}", &sha256[..8])
    } else {
        name.into_owned()
    }
}
