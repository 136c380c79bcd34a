//! Pictures, PNG or JPEG, in a folder per class.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::slice;

use alphanumeric_sort::compare_str;
use image::GrayImage;
use rayon::prelude::*;

use super::{Format, Found, FoundSet};
use crate::class_names::check_class_names;
use crate::error::{ClassNamesFault, Error, FileFault};
use crate::files;
use crate::listing::{Half, Listing, half_in, set_name};
use crate::picture::{decode, flattened, resized};
use crate::progress::{Progress, Unit};
use crate::raw_set::{RawSet, RawSplit};
use crate::shape::{MAX_BYTES, MAX_CLASSES, MAX_SIDE, Size};

#[cfg(test)]
mod tests;

pub(super) const FORMAT: Format = Format {
    description: "PNG or JPEG pictures in folders train/CLASS and test/CLASS, or in a folder per class",
    find,
};

const EXTENSIONS: [&str; 3] = [".png", ".jpg", ".jpeg"];
/// Extensions of pictures that are not read.
const OTHER_EXTENSIONS: [&str; 6] = [".bmp", ".gif", ".pgm", ".tif", ".tiff", ".webp"];
/// Pictures that are read between two reports of progress.
const CHUNK: usize = 512;

/// A picture, by its path relative to the listed folder, and its class.
#[derive(Debug)]
struct Picture {
    file: PathBuf,
    class: String,
}

/// Training and test pictures in a folder.
#[derive(Debug, Default)]
struct PictureSet {
    folder: PathBuf,
    /// Whether folders name the halves.
    is_divided: bool,
    halves: [Vec<Picture>; 2],
    notes: Vec<String>,
}

/// Place of a picture, as its folders say it.
struct Place<'a> {
    file: &'a Path,
    class: String,
    /// The half that the folder above the class's names.
    half: Option<Half>,
    /// Name of the set, from the folders above.
    set: String,
}

impl<'a> Place<'a> {
    /// Returns the place of a picture that is in a folder.
    fn of(file: &'a Path) -> Option<Self> {
        let mut parts: Vec<String> =
            file.parent()?.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let class = parts.pop()?;
        let half = parts.last().and_then(|name| half_in(name));
        if let (Some(name), Some((_, at))) = (parts.last_mut(), half) {
            *name = name.get(..at).unwrap_or_default().to_owned();
        }
        Some(Self { file, class, half: half.map(|(half, _)| half), set: set_name(&parts.concat()) })
    }
}

fn find(listing: &Listing) -> Found {
    let files = listing.with_extension(&EXTENSIONS);
    let places: Vec<Place<'_>> = files.iter().filter_map(|file| Place::of(file)).collect();
    let has_halves = places.iter().any(|place| place.half.is_some());
    // Folders of halves without folders of classes.
    let are_halves = places.iter().all(|place| half_in(&place.class).is_some());
    let mut sets = BTreeMap::<String, PictureSet>::new();
    for Place { file, class, half, set } in places {
        let half = match half {
            Some(half) => half,
            None if has_halves || are_halves => continue,
            None => Half::Train,
        };
        let set = sets.entry(set).or_default();
        set.halves[half as usize].push(Picture { file: file.to_owned(), class });
    }
    sets.retain(|_, set| {
        let [train, _] = &set.halves;
        train.iter().any(|picture| has_halves || picture.class != train[0].class)
    });
    let used: usize = sets.values().flat_map(|set| &set.halves).map(Vec::len).sum();
    let outside =
        if has_halves { "not in train/CLASS or test/CLASS" } else { "not in a folder per class" };
    let mut found = Found::default();
    if used < files.len() {
        found.incomplete.push(format!("pictures that are {outside}: {}", files.len() - used));
    }
    let others = listing.with_extension(&OTHER_EXTENSIONS).len();
    let left_out = [(files.len() - used, outside), (others, "neither PNG nor JPEG")];
    let left_out = left_out.into_iter().filter(|(count, _)| *count > 0);
    let notes: Vec<String> = left_out
        .map(|(count, what)| format!("pictures that are {what} are left out: {count}"))
        .collect();
    for set in sets.into_values() {
        let (folder, notes) = (listing.folder.clone(), notes.clone());
        found.sets.push(Box::new(PictureSet { folder, is_divided: has_halves, notes, ..set }));
    }
    found
}

impl FoundSet for PictureSet {
    fn first_file(&self) -> &Path {
        &self.halves[0][0].file
    }

    fn doubt(&self) -> u8 {
        u8::from(!self.is_divided)
    }

    fn read(&self, size: Option<Size>, progress: &dyn Fn(Progress<'_>)) -> Result<RawSet, Error> {
        let mut notes = self.notes.clone();
        let [train, mut test] = self.halves.each_ref().map(|pictures| in_order(pictures));
        let classes_of = |half: Half| -> BTreeSet<&str> {
            self.halves[half as usize].iter().map(|picture| picture.class.as_str()).collect()
        };
        let (trained, mut tested) = (classes_of(Half::Train), classes_of(Half::Test));
        let mut unlabelled = None;
        if !tested.is_empty() && tested.is_disjoint(&trained) {
            unlabelled = Some("test pictures are in folders of no training class".to_owned());
            test.clear();
            tested.clear();
        }
        let mut classes: Vec<String> =
            trained.union(&tested).map(|&class| class.to_owned()).collect();
        classes.sort_unstable_by(|one, other| compare(one, other));
        check_names(&self.folder, &classes)?;
        let layout = Layout::new(self, train[0], size)?;
        let total = train.len() + test.len();
        let mut reader = Reader { layout, total, progress, done: 0, coloured: 0 };
        let mut set = RawSet::new(reader.half(&train, &classes)?);
        if !test.is_empty() {
            set.test = Some(reader.half(&test, &classes)?);
        }
        if reader.coloured > 0 {
            notes.push(format!(
                "pictures in colour are made grey by their luma: {}",
                reader.coloured
            ));
        }
        Ok(RawSet { class_names: classes, unlabelled, notes, ..set })
    }
}

/// Orders pictures by file name, then by class, both in natural order.
fn in_order(pictures: &[Picture]) -> Vec<&Picture> {
    let mut named: Vec<(Cow<'_, str>, &Picture)> = Vec::new();
    for picture in pictures {
        let name = picture.file.file_name().unwrap_or_default();
        named.push((name.to_string_lossy(), picture));
    }
    named.sort_by(|(name, picture), (other_name, other)| {
        compare(name, other_name).then_with(|| compare(&picture.class, &other.class))
    });
    named.into_iter().map(|(_, picture)| picture).collect()
}

/// Compares names in natural order: `2` is before `10`.
fn compare(one: &str, other: &str) -> Ordering {
    compare_str(one, other).then_with(|| one.cmp(other))
}

/// Returns an error unless names of classes are few enough, and can be shown.
fn check_names(folder: &Path, classes: &[String]) -> Result<(), Error> {
    if classes.len() > MAX_CLASSES {
        let fault = ClassNamesFault::TooMany(classes.len());
        return Err(Error::ClassNames { path: folder.to_owned(), fault });
    }
    for name in classes {
        if check_class_names(slice::from_ref(name)).is_err() || name.contains('\u{fffd}') {
            return Err(Error::ClassFolder { path: folder.to_owned(), name: name.clone() });
        }
    }
    Ok(())
}

/// Size of all pictures.
struct Layout<'a> {
    folder: &'a Path,
    size: Size,
    /// Whether pictures of another size are scaled.
    is_scaled: bool,
    /// Picture that the size was taken from, if they are not.
    first: &'a Picture,
}

/// Reader of pictures that reports its progress.
struct Reader<'a> {
    layout: Layout<'a>,
    /// Number of pictures of both halves.
    total: usize,
    progress: &'a dyn Fn(Progress<'_>),
    done: usize,
    /// Number of pictures in colour.
    coloured: usize,
}

impl<'a> Layout<'a> {
    fn new(set: &'a PictureSet, first: &'a Picture, size: Option<Size>) -> Result<Self, Error> {
        let (folder, is_scaled) = (set.folder.as_path(), size.is_some());
        let size = match size {
            Some(size) => size,
            None => size_of(&read(folder, first)?.0),
        };
        if size.width.max(size.height) > MAX_SIDE {
            let path = folder.join(&first.file);
            return Err(Error::PictureSize { path, size, most: MAX_SIDE });
        }
        let pictures = set.halves.iter().map(Vec::len).max().unwrap_or(0);
        if pictures * size.pixels() > MAX_BYTES {
            return Err(Error::TooManyPictures { path: folder.to_owned(), pictures, size });
        }
        Ok(Self { folder, size, is_scaled, first })
    }

    /// Returns a picture's pixels, and whether it is in colour.
    fn read(&self, picture: &Picture) -> Result<(Vec<u8>, bool), Error> {
        let (grey, is_coloured) = read(self.folder, picture)?;
        let Size { height, width } = self.size;
        let size = size_of(&grey);
        if size == self.size {
            return Ok((grey.into_raw(), is_coloured));
        }
        if self.is_scaled {
            return Ok((resized(&grey, width, height).into_raw(), is_coloured));
        }
        let paths = [self.first, picture].map(|picture| self.folder.join(&picture.file));
        Err(Error::PictureSizes { paths, sizes: [self.size, size] })
    }
}

impl Reader<'_> {
    fn half(&mut self, pictures: &[&Picture], classes: &[String]) -> Result<RawSplit, Error> {
        let layout = &self.layout;
        let mut images = Vec::with_capacity(pictures.len() * layout.size.pixels());
        for chunk in pictures.chunks(CHUNK) {
            let read: Vec<_> = chunk.par_iter().map(|picture| layout.read(picture)).collect();
            for picture in read {
                let (pixels, is_coloured) = picture?;
                images.extend(pixels);
                self.coloured += usize::from(is_coloured);
            }
            self.done += chunk.len();
            let (done, total) = (self.done, Some(self.total));
            (self.progress)(Progress { name: "pictures", unit: Unit::Files, done, total });
        }
        let mut labels = Vec::new();
        for picture in pictures {
            // Every class of a picture is there, and there are at most 256.
            let class = classes.binary_search_by(|name| compare(name, &picture.class));
            labels.push(u8::try_from(class.unwrap_or(usize::MAX)).unwrap_or(u8::MAX));
        }
        Ok(RawSplit { path: layout.folder.to_owned(), size: layout.size, images, labels })
    }
}

/// Reads a picture in grey. Returns whether it is in colour, too.
fn read(folder: &Path, picture: &Picture) -> Result<(GrayImage, bool), Error> {
    let path = folder.join(&picture.file);
    let bytes = match files::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return Err(Error::File { path, fault: FileFault::Unreadable(error) }),
    };
    match decode(&bytes, &mut Vec::new()) {
        Ok(image) => {
            let is_coloured = image.color().has_color();
            Ok((flattened(image, &mut Vec::new()), is_coloured))
        }
        Err(reason) => Err(Error::Picture { path, reason }),
    }
}

fn size_of(image: &GrayImage) -> Size {
    Size { height: image.height() as usize, width: image.width() as usize }
}
