//! The files that a path names: those in a folder, one file, or those whose names begin so.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, FileFault};
use crate::files;

/// Folders below the given one that are searched: `set/train/class` has three.
const MAX_DEPTH: usize = 4;
/// Largest number of files in all folders.
const MAX_FILES: usize = 1 << 20;
/// Words in names that say what a file of a set is, not which set it is of.
const ROLE_WORDS: [&str; 11] =
    ["train", "t10k", "test", "images", "labels", "image", "label", "ubyte", "idx1", "idx3", "idx"];

/// Files, by their paths relative to a folder.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Paths in the folder, in order. Hidden files are left out.
    pub(crate) files: Vec<PathBuf>,
}

/// One of the two parts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Half {
    Train,
    Test,
}

impl Listing {
    /// Lists the files in a folder and in the folders in it; one file; or the files and folders whose names begin as
    /// the path's last part.
    pub(crate) fn new(path: &Path) -> Result<Self, Error> {
        let mut listing = Self { folder: path.to_owned(), files: Vec::new() };
        if path.is_dir() {
            listing.add_folder(Path::new(""), 0, b"")?;
            return Ok(listing);
        }
        let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
            return Err(Error::NoPath { path: path.to_owned() });
        };
        parent.clone_into(&mut listing.folder);
        match fs::metadata(path) {
            Ok(_) => listing.files.push(name.into()),
            Err(error) if files::is_missing(&error) && listing.root().is_dir() => {
                listing.add_folder(Path::new(""), 0, name.as_encoded_bytes())?;
            }
            Err(error) if files::is_missing(&error) => {}
            Err(error) => return Err(unreadable(path, error)),
        }
        if listing.files.is_empty() {
            return Err(Error::NoPath { path: path.to_owned() });
        }
        Ok(listing)
    }

    /// Returns the folder as a path that can be opened.
    fn root(&self) -> &Path {
        if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder }
    }

    /// Adds the files in a folder whose names begin so, and all in the folders in it whose names do. Folders that cannot
    /// be read are skipped, and links to what is listed anyway.
    fn add_folder(&mut self, relative: &Path, depth: usize, start: &[u8]) -> Result<(), Error> {
        let folder = self.root().join(relative);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(_) if depth > 0 => return Ok(()),
            Err(error) => return Err(unreadable(&folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let name = entry.file_name();
            // Archives made on a Mac have a folder of hidden files.
            let is_hidden = name.as_encoded_bytes().starts_with(b".") || name == "__MACOSX";
            if name.as_encoded_bytes().starts_with(start) && !is_hidden {
                let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), error))?;
                names.push((name, kind));
            }
        }
        names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (name, kind) in names {
            let path = relative.join(name);
            if kind.is_dir() || kind.is_symlink() && self.root().join(&path).is_dir() {
                if depth < MAX_DEPTH && !(kind.is_symlink() && self.is_listed(&path)) {
                    self.add_folder(&path, depth + 1, b"")?;
                }
            } else if self.files.len() < MAX_FILES {
                self.files.push(path);
            } else {
                return Err(Error::TooManyFiles { path: self.folder.clone(), most: MAX_FILES });
            }
        }
        Ok(())
    }

    /// Returns whether a link leads to a folder that is above or in the listed one.
    fn is_listed(&self, link: &Path) -> bool {
        let canonical = [self.root().canonicalize(), self.root().join(link).canonicalize()];
        let [Ok(root), Ok(target)] = canonical else { return true };
        root.starts_with(&target) || target.starts_with(&root)
    }

    /// Returns the path of a listed file.
    pub(crate) fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// Returns the listed files whose names in lower case end so.
    pub(crate) fn with_extension(&self, ends: &[&str]) -> Vec<&Path> {
        let files = self.files.iter().map(PathBuf::as_path).filter(|file| {
            let name = file.to_string_lossy().to_lowercase();
            ends.iter().any(|end| name.ends_with(end))
        });
        files.collect()
    }
}

/// Returns the extension in lower case, without that of gzip.
pub(crate) fn extension(path: &Path) -> String {
    let name = path.to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    Path::new(plain).extension().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the half that a name says, and where it says so: by the last such word that does not begin within another.
pub(crate) fn half_in(name: &str) -> Option<(Half, usize)> {
    let lower = name.to_ascii_lowercase();
    let last = |word: &str| {
        lower.rmatch_indices(word).map(|(at, _)| at).find(|at| {
            let (before, after) = name.split_at(*at);
            let is_camel =
                after.starts_with(char::is_uppercase) && !before.ends_with(char::is_uppercase);
            is_camel || !before.ends_with(char::is_alphabetic)
        })
    };
    let (train, test) = (last("train"), last("t10k").max(last("test")));
    if train > test { Some((Half::Train, train?)) } else { Some((Half::Test, test?)) }
}

/// Returns the half that a file belongs to by its name, or else by the nearest folder's, and the name of its set: what
/// stands before, without the words that name a part of a set.
pub(crate) fn half_of(relative: &Path) -> Option<(Half, String)> {
    let parts: Vec<String> =
        relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let (index, half, at) = parts.iter().enumerate().rev().find_map(|(index, part)| {
        let (half, at) = half_in(part)?;
        Some((index, half, at))
    })?;
    // An archive's folder may have the name of the file in it.
    let file = [plain(relative), plain(&relative.with_extension(""))];
    let folders = parts[..index].iter().filter(|folder| !file.contains(&plain(Path::new(folder))));
    let before = folders.cloned().collect::<String>() + &parts[index][..at];
    Some((half, set_name(&before)))
}

/// Returns letters and digits of a name without the words that name a part of a set.
pub(crate) fn set_name(name: &str) -> String {
    let name = name.to_lowercase();
    let name = ROLE_WORDS.iter().fold(name, |name, word| name.replace(word, ""));
    name.chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Groups files by the set that they belong to, and by half.
pub(crate) fn by_set<'a>(
    files: impl IntoIterator<Item = &'a Path>,
) -> BTreeMap<String, BTreeMap<Half, Vec<&'a Path>>> {
    let mut sets: BTreeMap<String, BTreeMap<Half, Vec<&Path>>> = BTreeMap::new();
    for file in files {
        if let Some((half, set)) = half_of(file) {
            sets.entry(set).or_default().entry(half).or_default().push(file);
        }
    }
    sets
}

/// Returns the file that stands for all of these: the one in the fewest folders, of two that differ in `.gz` alone the
/// gzipped one, whose checksum shows damage. Returns `None` if they are no copies of one file, by their names.
pub(crate) fn copy_of_one<'a>(files: &[&'a Path]) -> Option<&'a Path> {
    let first = plain(files.first()?);
    let are_copies = files.iter().all(|file| plain(file) == first);
    let best = files.iter().min_by_key(|file| {
        let is_plain = file.extension().is_none_or(|extension| extension != "gz");
        (file.components().count(), is_plain)
    });
    best.copied().filter(|_| are_copies)
}

/// Returns letters and digits of a file's name in lower case, without the extension of gzip.
fn plain(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.chars().filter(|character| character.is_alphanumeric()).collect()
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), fault: FileFault::Unreadable(error) }
}
