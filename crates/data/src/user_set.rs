//! A data set in files of the user's.

use std::path::{Path, PathBuf};

use strum::VariantArray;

use crate::class_names::ClassNames;
use crate::error::Error;
use crate::formats;
use crate::image_set::ImageSet;
use crate::listing::{Listing, extension};
use crate::progress::Progress;
use crate::published::{Published, Verified};
use crate::shape::{Shape, Size};
use crate::source::Source;

#[cfg(test)]
mod tests;

/// A data set in files of the user's.
#[derive(Debug, Clone, PartialEq)]
pub struct UserSet {
    /// A folder, a file, or the beginning of files' names.
    pub path: PathBuf,
    /// Whether each image is stored as its transpose, as EMNIST's are.
    pub transposed: bool,
    /// Height and width of the images as stored, in pixels, where the files do not say it; pictures are scaled to it.
    pub size: Option<Size>,
    /// Share of each class's images that are held out as test images, of a set without any. 0 to under 1.
    pub test_split: f64,
}

impl UserSet {
    /// Creates a set with upright images and a test half.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), transposed: false, size: None, test_split: 0.0 }
    }

    /// Reads the set and what was left out of it. Its name is `mnist` if its images and labels are MNIST's, otherwise
    /// the folder's or file's.
    pub(crate) fn read(
        &self,
        mnist: &Published,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<(ImageSet, Vec<String>), Error> {
        let listing = Listing::new(&self.path)?;
        let class_names = ClassNames::find(&listing, &self.path)?;
        let (mut images, notes) = self.read_listed(&listing, class_names, progress)?;
        images.name = match mnist.verify(&images, &listing)? {
            Verified::Yes => mnist.source.to_string(),
            _ => data_set_name(&self.path, &images.sha256),
        };
        Ok((images, notes))
    }

    fn read_listed(
        &self,
        listing: &Listing,
        class_names: Option<ClassNames>,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<(ImageSet, Vec<String>), Error> {
        let set = formats::read(&self.path, listing, self.size, progress)?;
        if let Some(size) = self.size.filter(|size| *size != set.train.size) {
            let actual = set.train.size;
            return Err(Error::OtherSize { path: set.train.path, size, actual });
        }
        let mut notes = set.notes.clone();
        notes.extend(set.unlabelled.as_ref().map(|clause| format!("{clause}: left out")));
        let images =
            set.into_image_set(String::new(), self.transposed, self.test_split, class_names)?;
        Ok((images, notes))
    }
}

/// Reads a published data set from files in any format. Its name is that of the source if its checksums can be
/// verified, otherwise source and checksum.
///
/// # Errors
///
/// [`Error::NotPublished`] if the images are others.
pub(crate) fn read_published(
    path: &Path,
    set: &Published,
    progress: &dyn Fn(Progress<'_>),
) -> Result<(ImageSet, Vec<String>), Error> {
    let listing = Listing::new(path)?;
    let (mut images, notes) = UserSet::new(path).read_listed(&listing, None, progress)?;
    images.class_names = set.class_names();
    images.name = set.source.to_string();
    match set.verify(&images, &listing)? {
        Verified::Yes => return Ok((images, notes)),
        Verified::CannotBe if images.train.shape() == Shape::MNIST => {}
        _ => {
            let (path, title) = (path.to_owned(), set.source.title());
            return Err(Error::NotPublished { path, title, found: description(&images) });
        }
    }
    images.name = format!("{}-{}", images.name, &images.sha256[..8]);
    Ok((images, notes))
}

/// Describes a data set in a clause.
fn description(ImageSet { train, test, .. }: &ImageSet) -> String {
    let Shape { width, height, classes } = train.shape();
    let (train, test) = (train.len(), test.len());
    format!(
        "{train} training and {test} test images of {width} × {height} pixels in {classes} classes"
    )
}

/// Returns the name of a data set that is not MNIST. Those of the sources are reserved.
fn data_set_name(path: &Path, sha256: &str) -> String {
    // A path such as `..` has a file name only once it is resolved.
    let resolved = path.canonicalize().unwrap_or_default();
    let name = path.file_name().or(resolved.file_name()).unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    let extension = if path.is_file() { extension(path) } else { String::new() };
    let name = name.strip_suffix(".gz").filter(|_| path.is_file()).unwrap_or(&name);
    let name = name.strip_suffix(&format!(".{extension}")).unwrap_or(name);
    if Source::VARIANTS.iter().any(|source| source.to_string() == name) {
        format!("{name}-{}", &sha256[..8])
    } else {
        name.to_owned()
    }
}
