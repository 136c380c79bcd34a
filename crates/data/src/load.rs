//! Loading the first available of several data sets.

use std::env;
use std::path::PathBuf;

use crate::cache::Cached;
use crate::download::{Downloader, Timeouts};
use crate::error::{Error, Skipped};
use crate::image_set::ImageSet;
use crate::progress::Progress;
use crate::published::{self, Published};
use crate::source::Source;
use crate::synthetic;
use crate::user_set::{UserSet, read_published};

#[cfg(test)]
mod tests;

/// The data set to load.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Sources in the order of trying them; the first available one is loaded.
    pub sources: Vec<Source>,
    /// A data set of the user's. If it is given, `sources` is ignored.
    pub user_set: Option<UserSet>,
}

/// Locations of the published data sets.
#[derive(Debug, Clone)]
pub struct Places {
    /// The user's cache folder, in which each data set has its own.
    pub cache: Option<PathBuf>,
    /// Folder of Keras's data sets.
    pub(crate) keras: Option<PathBuf>,
    /// Folders in which torchvision may have downloaded data sets.
    pub(crate) torchvision: Vec<PathBuf>,
    /// Those of MNIST, Fashion-MNIST and KMNIST.
    pub(crate) sets: [SetPlaces; 3],
    /// Timeouts of the download; tests use shorter ones.
    pub(crate) timeouts: Timeouts,
}

/// Locations of one of the published data sets, besides the cache.
#[derive(Debug, Clone)]
pub(crate) struct SetPlaces {
    /// Its files, which come before the cache.
    pub(crate) path: Option<PathBuf>,
    /// URL, ending in a slash, of the folder from which files are downloaded to the cache.
    pub(crate) base_url: String,
    /// The data set; tests replace its files by smaller ones.
    pub(crate) set: Published,
}

/// A loaded data set.
#[derive(Debug)]
pub struct Loaded {
    /// The data set.
    pub images: ImageSet,
    /// Its source; `None` if it comes from a folder of the user's.
    pub source: Option<Source>,
    /// Locations that were tried before, in order, each with the reason why it was skipped.
    pub skipped: Vec<Skipped>,
    /// Sentences on files that were left out, converted or passed by.
    pub notes: Vec<String>,
}

impl Places {
    /// Returns the paths of the environment variables that are set and not empty, the user's cache folder, Keras's and
    /// torchvision's folders, and the servers that publish the data sets.
    pub fn from_environment() -> Self {
        let sets = published::all().map(|set| SetPlaces {
            path: set.source.variable().and_then(path_of),
            base_url: set.base_url.to_owned(),
            set,
        });
        let keras = path_of("KERAS_HOME").or_else(|| Some(dirs::home_dir()?.join(".keras")));
        Self {
            cache: dirs::cache_dir(),
            keras: keras.map(|folder| folder.join("datasets")),
            torchvision: [".", "data"].map(PathBuf::from).to_vec(),
            sets,
            timeouts: Timeouts::default(),
        }
    }

    /// Returns the places of MNIST, whose checksums tell it from other data sets.
    fn mnist(&self) -> &SetPlaces {
        &self.sets[0]
    }

    /// Returns the places of a source; `None` if it is not published but drawn.
    fn of(&self, source: Source) -> Option<&SetPlaces> {
        self.sets.iter().find(|places| places.set.source == source)
    }
}

/// Returns the path that an environment variable names, if it is set and not empty.
fn path_of(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Loads a data set. Calls `progress` many times a second during a download, and while many files or a long one are read.
///
/// Blocks during a download. A server that cannot be reached is given up after 5 s. Otherwise each of
/// four attempts per file ends after 10 s without data, and after 2 min in any case.
///
/// # Errors
///
/// [`Error::NotFound`] if no source is available. Other errors concern the files of a user's set, or those that an
/// environment variable such as `$MNIST_DIR` names: they are never skipped.
pub fn load(
    request: &Request,
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
) -> Result<Loaded, Error> {
    let mut skipped = Vec::new();
    if let Some(set) = &request.user_set {
        let (images, notes) = set.read(&places.mnist().set, progress)?;
        return Ok(Loaded { images, source: None, skipped, notes });
    }
    for &source in &request.sources {
        let found = match places.of(source) {
            Some(set) => find(set, places, progress, &mut skipped)?,
            None => Some((synthetic(), Vec::new())),
        };
        if let Some((images, notes)) = found {
            return Ok(Loaded { images, source: Some(source), skipped, notes });
        }
    }
    let variables = request.sources.iter().filter_map(|source| source.variable()).collect();
    Err(Error::NotFound { variables, skipped })
}

/// A data set, with sentences on files that were left out or converted.
type Found = (ImageSet, Vec<String>);

/// Looks for a published data set in one location after another. Returns `None` if it is in none of them.
fn find(
    SetPlaces { path, base_url, set }: &SetPlaces,
    places: &Places,
    progress: &dyn Fn(Progress<'_>),
    skipped: &mut Vec<Skipped>,
) -> Result<Option<Found>, Error> {
    let variable = set.source.variable().unwrap_or_default();
    if let Some(path) = path {
        return match read_published(path, set, progress) {
            Ok(found) => Ok(Some(found)),
            Err(error) => {
                let (title, error) = (set.source.title(), Box::new(error));
                Err(Error::Variable { variable, title, error })
            }
        };
    }
    skipped.push(Skipped::Unset(variable));
    let cached = places.cache.as_ref().map(|cache| Cached::read(cache, set));
    if !cached.as_ref().is_some_and(Cached::is_complete)
        && let Some(found) = find_elsewhere(set, places, skipped)
    {
        return Ok(Some(found));
    }
    let Some(cached) = cached else {
        skipped.push(Skipped::NoCache);
        return Ok(None);
    };
    match cached.complete(&Downloader::new(base_url, places.timeouts, progress), skipped) {
        Ok(images) => Ok(Some((images, Vec::new()))),
        Err(error) => {
            skipped.push(Skipped::Fetch(error));
            Ok(None)
        }
    }
}

/// Looks for a published data set where other programs keep it. Others that are met there by chance are skipped.
fn find_elsewhere(set: &Published, places: &Places, skipped: &mut Vec<Skipped>) -> Option<Found> {
    let of_keras = places.keras.as_ref().and_then(|folder| Some(folder.join(set.keras?)));
    let of_torchvision = places.torchvision.iter().map(|folder| folder.join(set.torchvision));
    for path in of_keras.into_iter().chain(of_torchvision) {
        if !path.exists() {
            skipped.push(Skipped::Absent(path));
            continue;
        }
        match read_published(&path, set, &|_| {}) {
            Ok(found) if found.0.name == set.source.to_string() => return Some(found),
            Ok(_) => skipped.push(Skipped::Unverified(path)),
            Err(error) => skipped.push(Skipped::Other(error)),
        }
    }
    None
}
